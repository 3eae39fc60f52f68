//! PostgreSQL's own programs: a dump is of one moment, and can be put back by a newer PostgreSQL.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use reqwest::Url;
use tokio::process::Command;

use crate::store;

/// Of a moment that another connection exported.
pub async fn dump(database: &str, moment: &str, to: &Path) -> Result<()> {
    let mut command = command("pg_dump", database)?;
    command.args(["--snapshot", moment]);
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(to);
    run("pg_dump", command).await
}

/// All of it or nothing.
pub async fn restore(database: &str, from: &Path) -> Result<()> {
    let mut command = command("pg_restore", database)?;
    command.args(["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]).arg(from);
    run("pg_restore", command).await
}

/// Whether the program is there, and not older than the server.
pub async fn check_program(program: &str, server: i32) -> Result<()> {
    let output = Command::new(program).arg("--version").output().await.with_context(|| missing(program))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let Some(version) = major(&said) else { bail!("{program} does not say its version: {}", said.trim()) };
    if version < server {
        bail!("{program} is of PostgreSQL {version}, the server of {server}; install the client programs of {server}");
    }
    Ok(())
}

/// `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `... 17beta1`: the first number behind the bracket.
fn major(said: &str) -> Option<i32> {
    let (_, version) = said.split_once(") ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn missing(program: &str) -> String {
    format!("{program} cannot be run; install PostgreSQL's client programs, not older than the server")
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
    let output = command.kill_on_drop(true).output().await.with_context(|| missing(program))?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_program_says() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("pg_dump (PostgreSQL) 17beta1\n"), Some(17));
        assert_eq!(major("pg_dump\n"), None);
    }

    #[test]
    fn the_password_is_no_argument() {
        let command = command("pg_dump", "postgres://ada:p%40ss@db/backstep").unwrap();
        let command = command.as_std();
        let said: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        assert_eq!(said, ["--dbname", "postgres://ada@db/backstep"]);
        assert!(command.get_envs().any(|(name, value)| name == "PGPASSWORD" && value == Some("p@ss".as_ref())));
    }

    #[tokio::test]
    async fn a_program_that_is_missing_or_too_old_is_named() {
        let missing = check_program("pg_dump_that_is_nowhere", 15).await.unwrap_err();
        assert!(format!("{missing:#}").contains("install PostgreSQL's client programs"), "{missing:#}");
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("pg_dump");
        std::fs::write(&program, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.2'\n").unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let program = program.to_str().unwrap();
        assert!(check_program(program, 14).await.is_ok());
        let old = check_program(program, 15).await.unwrap_err().to_string();
        assert!(old.contains("of PostgreSQL 14, the server of 15"), "{old}");
    }
}
