//! Asking somebody at a terminal.

use std::io::{self, IsTerminal, Write};

use super::Failure;

/// Whether there is somebody to ask.
pub fn at_a_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

pub fn question(text: &str) -> Result<String, Failure> {
    let failed = |_| Failure::failed("The terminal cannot be read.");
    eprint!("{text}");
    io::stderr().flush().map_err(failed)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(answer.trim().to_owned())
}
