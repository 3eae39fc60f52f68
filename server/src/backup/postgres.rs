//! PostgreSQL's own programs: a dump is of one moment, and can be put back by a newer PostgreSQL.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use reqwest::Url;
use tokio::process::Command;

use crate::store;

pub async fn dump(database: &str, to: &Path) -> Result<()> {
    let mut command = command("pg_dump", database)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(to);
    run("pg_dump", command).await
}

/// All of it or nothing.
pub async fn restore(database: &str, from: &Path) -> Result<()> {
    let mut command = command("pg_restore", database)?;
    command.args(["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]).arg(from);
    run("pg_restore", command).await
}

/// The address without its password, which everybody on the machine could read among the arguments.
fn command(program: &str, database: &str) -> Result<Command> {
    let mut address =
        Url::parse(database).with_context(|| format!("{} is no address of a database", store::masked(database)))?;
    let mut command = Command::new(program);
    if let Some(password) = address.password() {
        let password = percent_encoding::percent_decode_str(password).decode_utf8().context("the password")?;
        command.env("PGPASSWORD", &*password);
    }
    // It fails only for addresses that have no host, and those have no password.
    let _ = address.set_password(None);
    command.arg("--dbname").arg(address.as_str());
    Ok(command)
}

async fn run(program: &str, mut command: Command) -> Result<()> {
    let output = command.output().await.with_context(|| {
        format!("{program} cannot be run; install PostgreSQL's client programs, not older than the server")
    })?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
