//! Tar archives made by hand, so that they can be wrong in ways no tar program writes.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

/// A header of the ustar format with everything in its place but the checksum.
pub fn header(kind: u8, name: &[u8], size: u64) -> [u8; 512] {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name);
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header
}

pub fn with_checksum(mut header: [u8; 512]) -> [u8; 512] {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// A header and its data, padded.
pub fn entry(kind: u8, name: impl AsRef<[u8]>, data: &[u8]) -> Vec<u8> {
    changed(kind, name, data, |_| {})
}

/// [`entry`] with a change to the header before its checksum is made.
pub fn changed(kind: u8, name: impl AsRef<[u8]>, data: &[u8], change: impl FnOnce(&mut [u8; 512])) -> Vec<u8> {
    let mut header = header(kind, name.as_ref(), data.len() as u64);
    change(&mut header);
    let mut bytes = with_checksum(header).to_vec();
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

pub fn file(name: impl AsRef<[u8]>) -> Vec<u8> {
    entry(b'0', name, b"print()\n")
}

pub fn folder(name: impl AsRef<[u8]>) -> Vec<u8> {
    entry(b'5', name, b"")
}

/// A PAX header with these records.
pub fn pax(kind: u8, records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut data = Vec::new();
    for (key, value) in records {
        let body = key.len() + value.len() + 3;
        let length = (body + 1..).find(|n| n.to_string().len() + body == *n).unwrap();
        data.extend(format!("{length} {key}=").into_bytes());
        data.extend(*value);
        data.push(b'\n');
    }
    entry(kind, "PaxHeaders/x", &data)
}

pub fn long_name(name: &str) -> Vec<u8> {
    entry(b'L', "././@LongLink", format!("{name}\0").as_bytes())
}

/// The entries and the end mark, not compressed.
pub fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = entries.concat();
    bytes.extend([0; 1024]);
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    gzip_at(bytes, 6)
}

pub fn gzip_at(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::new(level));
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

pub fn targz(entries: &[Vec<u8>]) -> Vec<u8> {
    gzip(&tar(entries))
}

pub fn of_files(files: &[(&str, &[u8])]) -> Vec<u8> {
    targz(&files.iter().map(|(path, data)| entry(b'0', path, data)).collect::<Vec<_>>())
}
