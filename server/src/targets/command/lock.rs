//! The lock of a Deployment: while the operator's program runs, no other run of it starts.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{FlockOperation, flock};
use tokio::time::{Instant, sleep};

use super::super::{StepLog, TargetError};

const POLL: Duration = Duration::from_millis(50);

/// A `flock` that belongs to the open file, not to the process: it is free when the server *and* the program have closed it.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Waits at most `patience` for a program that an earlier server left running.
    pub async fn take(
        folder: &Path,
        deployment: &str,
        patience: Duration,
        log: Option<&StepLog>,
    ) -> Result<Self, TargetError> {
        let path = path_of(folder, deployment);
        let failed = |error: std::io::Error| {
            TargetError::new(format!("The lock file {} could not be used: {error}.", path.display()))
        };
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let until = Instant::now() + patience;
        let mut told = false;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(std::io::Error::from) {
                Ok(()) => return Ok(Self(file)),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(failed(e)),
            }
            if Instant::now() >= until {
                let mut who = String::new();
                let _ = file.read_to_string(&mut who);
                return Err(TargetError::new(format!(
                    "A program that was started for this Deployment earlier ({}) still runs after {} s, so nothing was \
                     started beside it. See what it waits for, end it, then deploy again.",
                    if who.trim().is_empty() { "its process is unknown" } else { who.trim() },
                    patience.as_secs()
                )));
            }
            if let (false, Some(log)) = (told, log) {
                log.line("Waiting for a program that an earlier server started for this Deployment");
                told = true;
            }
            sleep(POLL).await;
        }
    }

    /// A second handle of the open file, for the program to inherit.
    pub fn for_child(&self) -> std::io::Result<OwnedFd> {
        self.0.try_clone().map(OwnedFd::from)
    }

    /// Writes down which process runs, for the message of whoever waits too long.
    pub fn note(&mut self, process: u32) {
        // Only a message depends on it.
        let _ = self.0.set_len(0).and_then(|()| self.0.rewind()).and_then(|()| write!(self.0, "process {process}"));
    }
}

/// The id is text from the store; a file name takes only its harmless characters.
fn path_of(folder: &Path, deployment: &str) -> PathBuf {
    let name: String = deployment.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    folder.join(format!("{name}.lock"))
}
