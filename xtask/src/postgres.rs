//! A PostgreSQL of our own for the tests: a new cluster in a temporary folder, on a free port, gone at the end.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::{apt, process};

/// A folder that holds `initdb` and `postgres`, before the PATH and Debian's places.
const BIN_VARIABLE: &str = "BACKSTEP_POSTGRES_BIN";
const PROGRAMS: [&str; 2] = ["initdb", "postgres"];
const START_LIMIT: Duration = Duration::from_secs(60);

/// Starts the server and stops it when its own standard input ends: also when we are killed, no server is left behind.
/// SIGINT is PostgreSQL's fast shutdown, which does not wait for clients.
const KEEPER: &str = r#""$@" & server=$!; cat >/dev/null; kill -INT $server; wait $server"#;

/// A running PostgreSQL server, stopped and removed when dropped.
pub struct Postgres {
    keeper: Child,
    url: String,
    folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it, with fsync on as in production.
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let user = User::find()?;
        let folder = tempfile::Builder::new().prefix("backstep-postgres-").tempdir().context("no temporary folder")?;
        user.give(folder.path())?;
        let data = folder.path().join("data");
        let mut initdb = user.command(&programs.join("initdb"), folder.path());
        initdb.arg("--pgdata").arg(&data);
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"]);
        process::output(&mut initdb)?;

        let port = free_port()?;
        let log = fs::File::create(folder.path().join("log")).context("could not create PostgreSQL's log")?;
        let mut keeper = user.command(Path::new("/bin/sh"), folder.path());
        keeper.args(["-c", KEEPER, "keeper"]).arg(programs.join("postgres"));
        keeper.arg("-D").arg(&data).args(["-p", &port.to_string()]).arg("-k").arg(folder.path());
        for setting in ["listen_addresses=127.0.0.1", "fsync=on", "max_connections=200"] {
            keeper.args(["-c", setting]);
        }
        let keeper = keeper
            .stdin(Stdio::piped())
            .stdout(log.try_clone().context("could not share PostgreSQL's log")?)
            .stderr(log)
            .spawn()
            .context("could not start PostgreSQL")?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let postgres = Self { keeper, url, folder };
        postgres.wait(&data)?;
        Ok(postgres)
    }

    /// A database URL of the superuser; tests make databases of their own in it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the line in which the server itself says that it takes connections.
    fn wait(&self, data: &Path) -> Result<()> {
        let begin = Instant::now();
        loop {
            let state = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            if state.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            if log.contains("FATAL") || begin.elapsed() > START_LIMIT {
                bail!("PostgreSQL did not start:\n{}", log.trim());
            }
            sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("xtask: could not wait for PostgreSQL to stop: {error}");
        }
    }
}

/// Whom PostgreSQL runs as: us, or somebody else if we are root, which it refuses.
struct User(Option<(u32, u32)>);

impl User {
    fn find() -> Result<Self> {
        if !process::is_root() {
            return Ok(Self(None));
        }
        for name in ["postgres", "nobody"] {
            let id = |flag| process::output(Command::new("id").args([flag, name])).ok()?.trim().parse().ok();
            if let (Some(user), Some(group)) = (id("-u"), id("-g")) {
                return Ok(Self(Some((user, group))));
            }
        }
        bail!(
            "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`: run the tests as another user"
        )
    }

    fn give(&self, folder: &Path) -> Result<()> {
        let Some((user, group)) = self.0 else { return Ok(()) };
        chown(folder, Some(user), Some(group)).with_context(|| format!("could not hand over {}", folder.display()))
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }
}

/// The folder of PostgreSQL's programs; installs them where we may.
fn programs() -> Result<PathBuf> {
    if let Some(folder) = env::var_os(BIN_VARIABLE).map(PathBuf::from) {
        ensure!(
            holds_programs(&folder),
            "{BIN_VARIABLE}={} does not hold {}",
            folder.display(),
            PROGRAMS.join(" and ")
        );
        return Ok(folder);
    }
    if let Some(folder) = installed() {
        return Ok(folder);
    }
    apt::install("postgresql", "the store's tests").with_context(|| {
        format!("PostgreSQL's initdb and postgres were not found (also not through {BIN_VARIABLE}=FOLDER)")
    })?;
    installed().context("the package `postgresql` was installed, but initdb is in none of the usual places")
}

fn installed() -> Option<PathBuf> {
    // A link on the PATH is followed: initdb looks for its siblings where it really lies.
    let on_path = process::which("initdb").and_then(|file| Some(file.canonicalize().ok()?.parent()?.to_owned()));
    if let Some(folder) = on_path.filter(|folder| holds_programs(folder)) {
        return Some(folder);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let versions = versions.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    newest(versions)
        .map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")))
        .filter(|f| holds_programs(f))
}

/// Versions are numbers: 9 is older than 15.
fn newest(versions: impl Iterator<Item = u32>) -> Option<u32> {
    versions.max()
}

fn holds_programs(folder: &Path) -> bool {
    PROGRAMS.iter().all(|program| process::is_executable(&folder.join(program)))
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr().context("a listener has an address")?.port())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    /// May have to install PostgreSQL, which `cargo test` should not do; suite `unit` of `cargo xtask test` runs it.
    #[test]
    #[ignore = "needs PostgreSQL; `cargo xtask test unit` runs it"]
    fn it_serves_until_dropped_and_leaves_nothing() {
        let postgres = Postgres::start().unwrap();
        let folder = postgres.folder.path().to_owned();
        let address = postgres.url().split(['@', '/']).nth(3).unwrap().to_owned();
        TcpStream::connect(&address).unwrap();
        drop(postgres);
        assert!(TcpStream::connect(&address).is_err());
        assert!(!folder.exists());
    }
}
