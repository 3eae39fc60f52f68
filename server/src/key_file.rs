//! Secret keys of the server: made once, kept in the data folder, readable by their owner only.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use rand::RngCore;

/// A key file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{0} is damaged: it holds 64 hexadecimal digits")]
    Damaged(PathBuf),
    #[error("{path} cannot be used: {error}")]
    Unusable { path: PathBuf, error: io::Error },
}

/// 32 random bytes: those that the file holds, or new ones that it holds from now on.
pub fn key_file(path: &Path) -> Result<[u8; 32], KeyFileError> {
    let unusable = |error| KeyFileError::Unusable { path: path.to_owned(), error };
    loop {
        match fs::read_to_string(path) {
            Ok(text) => {
                let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
                return bytes.ok_or_else(|| KeyFileError::Damaged(path.to_owned()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(error)),
        }
        // Another server may make it in the same moment; the one that is first counts for both.
        match make(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map_err(unusable),
        }
    }
}

/// Written beside and then given its name, so that nobody ever reads half a key.
fn make(path: &Path) -> io::Result<[u8; 32]> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut key = [0u8; 32];
    rand::rng().fill_bytes(&mut key);
    // A temporary file is readable by its owner only.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(hex::encode(key).as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let key = key_file(&path).unwrap();
        assert_eq!(key_file(&path).unwrap(), key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(key_file(&folder.path().join("b.key")).unwrap(), key);
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        for bad in ["", "00", "not a key at all"] {
            fs::write(&path, bad).unwrap();
            assert!(matches!(key_file(&path), Err(KeyFileError::Damaged(_))), "{bad}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
    }

    #[test]
    fn two_servers_that_start_at_once_have_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| key_file(&path).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
}
