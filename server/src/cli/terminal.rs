//! Asking somebody at a terminal, and showing how far something long is.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

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

/// On a terminal: what is being done, how far it is, and how long it takes yet.
pub fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {bytes} of {total_bytes}, {eta} left");
    ProgressBar::new(0).with_style(style.expect("the template is right"))
}
