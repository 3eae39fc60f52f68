//! What `cargo xtask test` runs, and how each suite is counted.

mod checks;
mod contract;
mod end2end;
mod libtest;
mod native;
mod playwright;

use std::ops::AddAssign;

use anyhow::Result;
use clap::ValueEnum;

use crate::postgres::Postgres;
use crate::size;
use crate::workspace::Workspace;

/// One suite; the order is the order they run in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Suite {
    /// rustfmt finds nothing to change.
    Fmt,
    /// clippy finds nothing, natively and for WASM.
    Clippy,
    /// The tests of domain, app and xtask.
    Unit,
    /// The server's own tests but the store's.
    Server,
    /// The server's store tests, on SQLite and PostgreSQL.
    Store,
    /// Random lives of a Deployment on both databases, against a model; by itself, because it leaves no time to others.
    Model,
    /// The server from outside: server/tests/it.
    Integration,
    /// Servers that are killed, cut off and stopped under load; by itself, because it looks at the time.
    Torture,
    /// The API against its document, by Schemathesis.
    Contract,
    /// What a person does, in Chromium.
    End2end,
    /// The WASM is within its budget.
    Size,
}

impl Suite {
    /// All, in order.
    pub const ALL: [Self; 11] = [
        Self::Fmt,
        Self::Clippy,
        Self::Unit,
        Self::Server,
        Self::Store,
        Self::Model,
        Self::Integration,
        Self::Torture,
        Self::Contract,
        Self::End2end,
        Self::Size,
    ];

    /// The name on the command line and in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Unit => "unit",
            Self::Server => "server",
            Self::Store => "store",
            Self::Model => "model",
            Self::Integration => "integration",
            Self::Torture => "torture",
            Self::Contract => "contract",
            Self::End2end => "end2end",
            Self::Size => "size",
        }
    }

    /// Runs it. An error means that it could not run at all.
    pub fn run(self, setting: &mut Setting<'_>) -> Result<Counts> {
        match self {
            Self::Fmt => checks::fmt(setting.workspace),
            Self::Clippy => checks::clippy(setting.workspace),
            Self::Unit | Self::Server | Self::Store | Self::Model | Self::Integration | Self::Torture => {
                native::run(self, setting)
            }
            Self::Contract => contract::run(setting),
            Self::End2end => end2end::run(setting),
            Self::Size => size::execute(setting.workspace).map(|()| Counts { passed: 1, ..Counts::default() }),
        }
    }
}

/// How many tests came to which end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// What suites share: built once, by the first that needs it.
pub struct Setting<'a> {
    workspace: &'a Workspace,
    playwright: &'a [String],
    binaries: Option<Vec<native::Binary>>,
    postgres: Option<Postgres>,
    /// What the last lines of a run are to say beside the counts: which tests failed, and how.
    pub remarks: Vec<String>,
}

impl<'a> Setting<'a> {
    /// Nothing built, nothing started.
    pub fn new(workspace: &'a Workspace, playwright: &'a [String]) -> Self {
        Self { workspace, playwright, binaries: None, postgres: None, remarks: Vec::new() }
    }

    /// The URL of a PostgreSQL that lives until this is dropped.
    fn postgres(&mut self) -> Result<&str> {
        let postgres = match self.postgres.take() {
            Some(postgres) => postgres,
            None => Postgres::start()?,
        };
        Ok(self.postgres.insert(postgres).url())
    }
}
