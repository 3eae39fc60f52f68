//! The suites of Rust tests. All test binaries are compiled in one go, so that cargo chooses the features of the
//! dependencies once; then each suite runs its share of them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::{Counts, Setting, Suite, libtest};
use crate::workspace::Workspace;
use crate::{faketime, process, strace};

/// Tells the tests which PostgreSQL to use; those of the store and the export fail without it.
const POSTGRES_VARIABLE: &str = "BACKSTEP_TEST_POSTGRES";
const SERVER: &str = "backstep";
const STORE: &str = "store::";
const MODEL: &str = "usecases::tests::model::";
const TORTURE: &str = "torture::";
/// The store tests wait for disks more than they compute: on two cores they take half as long as with one each.
const STORE_THREADS: &str = "8";

/// A compiled test binary.
pub struct Binary {
    executable: PathBuf,
    /// The folder of its package, where cargo would run it.
    folder: PathBuf,
    package: String,
    /// `lib`, `bin`, `test`, ...
    kind: String,
}

/// Runs the share of this suite.
pub fn run(suite: Suite, setting: &mut Setting<'_>) -> Result<Counts> {
    let postgres = match suite {
        Suite::Server | Suite::Store | Suite::Model | Suite::Integration | Suite::Torture => {
            Some(setting.postgres()?.to_owned())
        }
        _ => None,
    };
    match suite {
        Suite::Store => strace::ensure()?,
        Suite::Torture => faketime::ensure()?,
        _ => {}
    }
    let workspace = setting.workspace;
    if setting.binaries.is_none() {
        setting.binaries = Some(compile(workspace)?);
    }
    let binaries = setting.binaries.iter().flatten().filter(|binary| belongs(binary, suite));
    let mut counts = Counts::default();
    let mut remarks = Vec::new();
    for binary in binaries {
        let mut command = binary.command(workspace);
        if let Some(url) = &postgres {
            command.env(POSTGRES_VARIABLE, url);
        }
        if let Some(is_of_suite) = share_of(suite).filter(|_| binary.package == SERVER) {
            let names = binary.list(workspace)?;
            let share: Vec<_> = names.iter().filter(|name| is_of_suite(name)).collect();
            if share.is_empty() {
                continue;
            }
            command.arg("--exact").args(share);
        }
        match suite {
            // What they count beyond tests: sequences, commits, cells, secrets, kills.
            Suite::Store => command.args(["--show-output", "--test-threads", STORE_THREADS]),
            Suite::Server | Suite::Model | Suite::Integration => command.arg("--show-output"),
            Suite::Torture => command.args(["--show-output", "--test-threads", "1"]),
            _ => &mut command,
        };
        if binary.package == "xtask" {
            // Its ignored tests need what only we fetch.
            command.arg("--include-ignored");
        }
        counts += execute(&mut command, binary, &mut remarks)?;
    }
    setting.remarks.extend(remarks);
    Ok(counts)
}

/// Whether a test of the server's binaries, by its path, is the suite's; `None` for suites of other packages.
fn share_of(suite: Suite) -> Option<fn(&str) -> bool> {
    match suite {
        Suite::Server => Some(|name| !name.starts_with(STORE) && !name.starts_with(MODEL)),
        Suite::Store => Some(|name| name.starts_with(STORE)),
        Suite::Model => Some(|name| name.starts_with(MODEL)),
        Suite::Integration => Some(|name| !name.starts_with(TORTURE)),
        Suite::Torture => Some(|name| name.starts_with(TORTURE)),
        _ => None,
    }
}

fn belongs(binary: &Binary, suite: Suite) -> bool {
    let server = binary.package == SERVER;
    match suite {
        Suite::Unit => !server,
        Suite::Server | Suite::Store | Suite::Model => server && binary.kind != "test",
        Suite::Integration | Suite::Torture => server && binary.kind == "test",
        _ => false,
    }
}

/// Runs one binary, shows what it prints, counts and names what failed.
fn execute(command: &mut Command, binary: &Binary, remarks: &mut Vec<String>) -> Result<Counts> {
    println!("{} ({})", binary.package, binary.kind);
    let mut counts = None;
    let status = process::lines(command, |line| {
        println!("{line}");
        counts = libtest::result(line).or(counts);
        remarks.extend(libtest::failed(line).map(|test| format!("failed: {} {test}", binary.package)));
    })?;
    match counts {
        Some(counts) if status.success() || counts.failed > 0 => Ok(counts),
        // An abort, or a kill, between the tests: there is no result line, or it does not tell.
        counts => {
            println!("the tests of {} ({}) ended early ({status})", binary.package, binary.kind);
            Ok(Counts { failed: 1, ..counts.unwrap_or_default() })
        }
    }
}

impl Binary {
    /// The binary as cargo would run it.
    fn command(&self, workspace: &Workspace) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("CARGO", workspace.cargo().get_program());
        command
    }

    /// The paths of its tests.
    fn list(&self, workspace: &Workspace) -> Result<Vec<String>> {
        let text = process::output(self.command(workspace).args(["--list", "--format", "terse"]))?;
        Ok(text.lines().filter_map(libtest::listed).map(str::to_owned).collect())
    }
}

/// Compiles every test of the native crates, and with them the server's binary.
fn compile(workspace: &Workspace) -> Result<Vec<Binary>> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--no-run", "--message-format", "json-render-diagnostics"]);
    let mut binaries = Vec::new();
    let status = process::lines(&mut cargo, |line| binaries.extend(artifact(line)))?;
    if !status.success() {
        bail!("the tests do not compile");
    }
    Ok(binaries)
}

#[derive(Deserialize)]
struct Message {
    manifest_path: PathBuf,
    target: Target,
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// The test binary that a line of cargo's JSON announces, if it does.
fn artifact(line: &str) -> Option<Binary> {
    let message: Message = serde_json::from_str(line).ok().filter(|message: &Message| message.profile.test)?;
    let folder = message.manifest_path.parent()?.to_owned();
    let package = match folder.file_name()?.to_str()? {
        "server" => SERVER.to_owned(),
        name => name.to_owned(),
    };
    Some(Binary { executable: message.executable?, folder, package, kind: message.target.kind.first()?.clone() })
}

/// The server's binary: the one that was compiled with the tests, if they were, because another build would choose the
/// features of the dependencies anew and compile most of them again.
pub fn server_binary(setting: &Setting<'_>) -> Result<PathBuf> {
    let workspace = setting.workspace;
    if setting.binaries.is_none() {
        process::run(workspace.cargo().args(["build", "--package", SERVER, "--bin", SERVER]))?;
    }
    let binary = workspace.server_binary("debug");
    binary.is_file().then_some(binary).context("cargo left no server binary")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(folder: &str, kind: &str, test: bool, executable: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"x","manifest_path":"/w/{folder}/Cargo.toml","target":{{"kind":["{kind}"],"name":"n"}},"profile":{{"opt_level":"0","test":{test}}},"features":[],"executable":{executable},"fresh":true}}"#
        )
    }

    #[test]
    fn test_binaries_are_found_in_cargos_messages() {
        let binary = artifact(&line("server", "lib", true, r#""/t/backstep-1""#)).unwrap();
        assert_eq!((binary.package.as_str(), binary.kind.as_str()), ("backstep", "lib"));
        assert_eq!(binary.folder, PathBuf::from("/w/server"));
        assert_eq!(binary.executable, PathBuf::from("/t/backstep-1"));
        assert!(artifact(&line("server", "bin", false, r#""/t/backstep""#)).is_none());
        assert!(artifact(&line("domain", "lib", true, "null")).is_none());
        assert!(artifact(r#"{"reason":"build-finished","success":true}"#).is_none());
    }

    #[test]
    fn every_binary_has_its_suite() {
        let suites = |folder, kind| {
            let binary = artifact(&line(folder, kind, true, r#""/t/x""#)).unwrap();
            Suite::ALL.into_iter().filter(|suite| belongs(&binary, *suite)).collect::<Vec<_>>()
        };
        assert_eq!(suites("domain", "lib"), [Suite::Unit]);
        assert_eq!(suites("xtask", "bin"), [Suite::Unit]);
        assert_eq!(suites("domain", "test"), [Suite::Unit]);
        assert_eq!(suites("server", "lib"), [Suite::Server, Suite::Store, Suite::Model]);
        assert_eq!(suites("server", "bin"), [Suite::Server, Suite::Store, Suite::Model]);
        assert_eq!(suites("server", "test"), [Suite::Integration, Suite::Torture]);
    }
}
