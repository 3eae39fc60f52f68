//! Schemathesis: what the API's document promises, held against a server by generated requests.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Counts, Setting, native};
use crate::web::{self, Profile};
use crate::{process, python};

/// Demo people with little, some and all rights.
const ROLES: [&str; 3] = ["viewer", "editor", "admin"];
/// No 5xx, and no status, content type or body that the document does not name.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Requests generated for an operation, beyond those that cover its parameters one by one.
const EXAMPLES: &str = "20";

/// One run a role, each against a demo server of its own.
pub fn run(setting: &Setting<'_>) -> Result<Counts> {
    let workspace = setting.workspace;
    let folder = workspace.root.join("server/tests/contract");
    let needed_for = "the suite contract";
    let programs = python::environment(workspace, "contract", &folder.join("requirements.txt"), needed_for)?;
    web::publish(workspace, Profile::Dev)?;
    let binary = native::server_binary(setting)?;
    let mut counts = Counts::default();
    let mut cases = 0;
    for role in ROLES {
        let place = tempfile::tempdir().context("could not create a temporary folder")?;
        let server = Server::start(&binary, place.path(), &workspace.site())?;
        let config = place.path().join("schemathesis.toml");
        let header = format!("Bearer demo-{role}");
        fs::write(
            &config,
            format!("hooks = \"hooks\"\nwarnings = false\nheaders = {{ Authorization = {header:?} }}\n"),
        )?;
        let mut command = Command::new(programs.join("schemathesis"));
        command.arg("--config-file").arg(&config).arg("run").arg(workspace.root.join("openapi.json"));
        command.args(["--url", &server.url, "--checks", CHECKS, "--phases", "coverage,fuzzing"]);
        command.args(["--max-examples", EXAMPLES, "--seed", "1", "--no-color", "--continue-on-failure"]);
        command.env("PYTHONPATH", &folder).env("BACKSTEP_URL", &server.url).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut generated = 0;
        let status = process::lines(command.current_dir(place.path()), |line| {
            println!("{line}");
            generated = generated_cases(line).unwrap_or(generated);
        })?;
        ensure!(generated > 0 || !status.success(), "schemathesis tried nothing as {role}");
        println!("schemathesis as {role}: {generated} cases");
        cases += generated;
        if status.success() {
            counts.passed += 1;
        } else {
            counts.failed += 1;
        }
    }
    println!("schemathesis: {cases} cases as {}, {} of {} runs failed", ROLES.join(", "), counts.failed, ROLES.len());
    Ok(counts)
}

/// The number in a line such as `  2113 generated, 2113 passed`.
fn generated_cases(line: &str) -> Option<usize> {
    let (number, rest) = line.trim().split_once(' ')?;
    rest.starts_with("generated").then(|| number.parse().ok()).flatten()
}

/// A demo server on a free port; ended when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(binary: &Path, place: &Path, site: &Path) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(place.join("data"))
            .env("BACKSTEP_SITE", site)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start the server")?;
        let mut lines = BufReader::new(child.stdout.take().expect("standard output was piped")).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        // Whatever it prints later must not fill the pipe.
        std::thread::spawn(move || for _ in lines {});
        let url = first.rsplit(' ').next().unwrap_or_default().to_owned();
        let server = Self { child, url };
        ensure!(server.url.starts_with("http://"), "the server did not start: {first}");
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It fails only if it ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cases_are_counted() {
        assert_eq!(generated_cases("  2113 generated, 2113 passed"), Some(2113));
        assert_eq!(generated_cases("  2073 generated, 2 found 2 unique failures"), Some(2073));
        assert_eq!(generated_cases("Test cases:"), None);
    }
}
