//! `faketime`, with which the integration tests give a server a wrong clock.

use anyhow::Result;

use crate::{apt, process};

pub fn ensure() -> Result<()> {
    match process::which("faketime") {
        Some(_) => Ok(()),
        None => apt::install("faketime", "the servers whose clocks are wrong"),
    }
}
