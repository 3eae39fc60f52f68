//! `strace`, with which the store's tests see that a commit is on the disk when it is acknowledged.

use anyhow::Result;

use crate::{apt, process};

pub fn ensure() -> Result<()> {
    match process::which("strace") {
        Some(_) => Ok(()),
        None => apt::install("strace", "the test that commits are synced"),
    }
}
