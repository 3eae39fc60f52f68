//! What an upload is, by its first bytes.

/// Enough to see the mark of a plain tar (at 257).
pub(super) const SNIFFED_BYTES: usize = 264;

/// `Ok` for gzip; otherwise what it is, for the message.
pub(super) fn check_is_gzip(start: &[u8]) -> Result<(), &'static str> {
    let marks: [(&[u8], &'static str); 8] = [
        (b"PK\x03\x04", "a zip archive"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"\xfd7zXZ\x00", "xz-compressed"),
        (b"BZh", "bzip2-compressed"),
        (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"\x1f\x9d", "compressed with compress (.Z)"),
        (b"\x04\x22\x4d\x18", "lz4-compressed"),
    ];
    if start.starts_with(b"\x1f\x8b\x08") {
        return Ok(());
    }
    if let Some((_, found)) = marks.iter().find(|(mark, _)| start.starts_with(mark)) {
        return Err(found);
    }
    Err(match start {
        [] => "empty",
        _ if start.get(257..262) == Some(b"ustar") => "a tar archive that is not compressed",
        _ if start.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) => "plain text",
        _ => "of an unknown type",
    })
}
