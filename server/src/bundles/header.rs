//! Tar headers, read strictly: what two programs could read in two ways is refused.
//!
//! The differences between tar readers that attacks are made of: which of two sizes counts (PAX or header), which name
//! (prefix, PAX, GNU long name), numbers in another notation, data behind a folder's header. Advisories of this kind:
//! RUSTSEC-2026-0067 and -0068 (tar), CVE-2025-62518 (tokio-tar).

use tar::Header;

use super::{error::BundleError, shown::Shown};

/// What a header introduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    File,
    Folder,
    /// GNU `L`: the name of the entry after it.
    LongName,
    /// PAX `x`: attributes of the entry after it.
    Pax,
    /// PAX `g`: attributes of all entries after it.
    PaxGlobal,
}

/// The header's name, for the messages and, if no extension names the entry, as its path.
pub(super) fn header_name(header: &Header) -> Vec<u8> {
    header.path_bytes().into_owned()
}

pub(super) fn role(header: &Header) -> Result<Role, BundleError> {
    let kind = |kind, advice| Err(BundleError::Kind { path: Shown::new(header_name(header)), kind, advice });
    const LINK: &str = "Put the file itself in its place (`tar --dereference --hard-dereference`).";
    const REMOVE: &str = "Leave it out.";
    match header.as_old().linkflag[0] {
        b'0' | 0 => Ok(Role::File),
        b'5' => Ok(Role::Folder),
        b'L' => Ok(Role::LongName),
        b'x' => Ok(Role::Pax),
        b'g' => Ok(Role::PaxGlobal),
        b'1' => kind("a hard link", LINK),
        b'2' => kind("a symbolic link", LINK),
        b'K' => kind("a link with a long name", LINK),
        b'3' => kind("a character device", REMOVE),
        b'4' => kind("a block device", REMOVE),
        b'6' => kind("a named pipe (fifo)", REMOVE),
        b'7' => kind("a contiguous file", "Pack it again as a regular file."),
        b'S' => kind("a sparse file", "Pack it again without `--sparse`."),
        b'D' | b'M' | b'V' | b'N' => kind("an entry of a GNU incremental or multi-volume archive", "Pack it plainly."),
        _ => kind("of an unknown kind", "Pack it again with GNU tar, bsdtar or `backstep deploy`."),
    }
}

/// The entry's size, and that the header can be read in one way only.
pub(super) fn size(header: &Header, role: Role) -> Result<u64, BundleError> {
    let fault = |fault| Err(BundleError::Header { path: Shown::new(header_name(header)), fault });
    let old = header.as_old();
    if !old.size.iter().all(|b| matches!(b, b'0'..=b'7' | b' ' | 0)) {
        return fault("does not state its size in octal digits");
    }
    let digits: Vec<u8> = old.size.iter().copied().skip_while(|b| *b == b' ').collect();
    let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 || digits[end..].iter().any(u8::is_ascii_digit) {
        return fault("states its size unclearly");
    }
    let size = digits[..end].iter().fold(0_u64, |size, digit| size * 8 + u64::from(digit - b'0'));
    if role == Role::Folder && size != 0 {
        return fault("belongs to a folder, but says that data follows");
    }
    // Some readers prepend the prefix whatever the magic says.
    if header.as_ustar().is_none() && header.as_bytes()[345..500].iter().any(|b| *b != 0) {
        return fault("has a name prefix without being of the ustar format");
    }
    Ok(size)
}

/// The records of a PAX header that matter here.
#[derive(Debug, Default)]
pub(super) struct Pax {
    pub path: Option<Vec<u8>>,
    pub size: Option<u64>,
}

/// Reads the `LENGTH KEY=VALUE\n` records (POSIX pax); `name` is for the messages.
pub(super) fn pax(mut data: &[u8], name: &Shown) -> Result<Pax, BundleError> {
    let fault = |fault| BundleError::Header { path: name.clone(), fault };
    let mut pax = Pax::default();
    while !data.is_empty() {
        let (key, value, rest) = pax_record(data).ok_or_else(|| fault("has a PAX record that does not parse"))?;
        data = rest;
        match key {
            b"path" if pax.path.is_some() => return Err(fault("gives its PAX path twice")),
            b"path" => pax.path = Some(value.to_vec()),
            b"size" => {
                let digits = value.iter().all(u8::is_ascii_digit);
                let size = std::str::from_utf8(value).ok().filter(|_| digits).and_then(|v| v.parse().ok());
                if pax.size.is_some() {
                    return Err(fault("gives its PAX size twice"));
                }
                pax.size = Some(size.ok_or_else(|| fault("has a PAX size that is no number"))?);
            }
            b"hdrcharset" if value != b"ISO-IR 10646 2000 UTF-8" => {
                return Err(fault("is in another character set than UTF-8"));
            }
            b"linkpath" => return Err(fault("names the target of a link")),
            key if key.starts_with(b"GNU.sparse.") || key == b"SCHILY.realsize" => {
                return Err(fault("describes a sparse file; pack without `--sparse`"));
            }
            _ => {}
        }
    }
    Ok(pax)
}

fn pax_record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = data.iter().take(8).position(|b| *b == b' ')?;
    let digits = &data[..space];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let body = data.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|b| *b == b'=')?;
    (equals > 0).then(|| (&body[..equals], &body[equals + 1..], &data[length..]))
}
