//! The compressed siblings, made once here so that the server compresses nothing.

use std::io::Write;

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Brotli at a quality of 0 to 11.
pub fn brotli(bytes: &[u8], quality: i32) -> Result<Vec<u8>> {
    let parameters = BrotliEncoderParams { quality, size_hint: bytes.len(), ..BrotliEncoderParams::default() };
    let mut result = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut result, &parameters).context("brotli failed")?;
    Ok(result)
}

/// Gzip at a level of 0 to 9, without a time in its header: the same input gives the same bytes.
pub fn gzip(bytes: &[u8], level: u32) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).context("gzip failed")?;
    encoder.finish().context("gzip failed")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn both_give_back_what_went_in() {
        let text = "the same words again and again. ".repeat(100).into_bytes();
        let (br, gz) = (brotli(&text, 11).unwrap(), gzip(&text, 9).unwrap());
        assert!(br.len() < text.len() / 10 && gz.len() < text.len() / 10);
        let mut back = Vec::new();
        brotli::Decompressor::new(&*br, 4096).read_to_end(&mut back).unwrap();
        assert_eq!(back, text);
        back.clear();
        flate2::read::GzDecoder::new(&*gz).read_to_end(&mut back).unwrap();
        assert_eq!(back, text);
    }
}
