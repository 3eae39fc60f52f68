//! What people do without Backstep: `git reset --hard` in a checkout, and unpacking an archive. Neither is durable.

use std::{
    fs,
    io::{Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use super::tree::{Tree, contents_of};

/// A checkout with a commit for each version; all objects are there.
pub struct Git {
    checkout: PathBuf,
    commits: [String; 2],
}

impl Git {
    pub fn new(folder: &Path, tree: &Tree) -> anyhow::Result<Self> {
        let checkout = folder.join("git");
        fs::create_dir_all(&checkout)?;
        let git = |arguments: &[&str]| git(&checkout, arguments);
        git(&["init", "--quiet"])?;
        git(&["config", "gc.auto", "0"])?;
        let mut commits = [String::new(), String::new()];
        for (version, commit) in commits.iter_mut().enumerate() {
            unpack(tree, version, &checkout)?;
            // Both versions have the same sizes and, from the archive, the same times: git would take them for one.
            git(&["read-tree", "--empty"])?;
            git(&["add", "--all"])?;
            git(&["-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "--quiet", "--message", "version"])?;
            *commit = git(&["rev-parse", "HEAD"])?;
        }
        Ok(Self { checkout, commits })
    }

    pub fn reset(&self, version: usize) -> anyhow::Result<()> {
        git(&self.checkout, &["reset", "--quiet", "--hard", &self.commits[version]]).map(drop)
    }

    pub fn check(&self, tree: &Tree) -> anyhow::Result<()> {
        for version in [0, 1] {
            self.reset(version)?;
            ensure!(contents_of(&self.checkout)? == tree.contents(version), "git has other files");
        }
        Ok(())
    }
}

fn git(checkout: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(checkout)
        // Nobody's own settings.
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null())
        .output()
        .context("git cannot be started")?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    ensure!(output.status.success(), "git {arguments:?}: {} {}", said(&output.stdout), said(&output.stderr));
    Ok(said(&output.stdout))
}

/// An empty folder to unpack into, each time.
pub struct Tar {
    into: PathBuf,
}

impl Tar {
    pub fn new(folder: &Path) -> Self {
        Self { into: folder.join("tar") }
    }

    /// Makes room; no part of what is measured.
    pub fn empty(&self) -> anyhow::Result<()> {
        if self.into.exists() {
            fs::remove_dir_all(&self.into)?;
        }
        Ok(fs::create_dir_all(&self.into)?)
    }

    pub fn unpack(&self, tree: &Tree, version: usize) -> anyhow::Result<()> {
        unpack(tree, version, &self.into)
    }

    pub fn check(&self, tree: &Tree) -> anyhow::Result<()> {
        for version in [0, 1] {
            self.empty()?;
            self.unpack(tree, version)?;
            ensure!(contents_of(&self.into)? == tree.contents(version), "tar has other files");
        }
        Ok(())
    }
}

/// `tar xzf`
fn unpack(tree: &Tree, version: usize, into: &Path) -> anyhow::Result<()> {
    let mut archive = tree.packed[version].file.reopen()?;
    archive.seek(SeekFrom::Start(0))?;
    let status = Command::new("tar")
        .args(["--extract", "--gzip", "--file", "-", "--directory"])
        .arg(into)
        .stdin(archive)
        .status()
        .context("tar cannot be started")?;
    ensure!(status.success(), "tar ended with {status}");
    Ok(())
}
