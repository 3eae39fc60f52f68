//! `cargo xtask torture`: the long form of what every test run does 200 times.

use anyhow::{Context, Result};
use clap::Args;

use crate::postgres::Postgres;
use crate::workspace::Workspace;
use crate::{faketime, process};

/// Kill servers at random while clients deploy and roll back, then check that nothing is lost and nothing done twice.
///
/// Half of the kills hit the one server of an SQLite database, half one of two on a PostgreSQL that is started for it:
/// `torture: N kills, N acknowledged writes checked, N violations`. Then 10,000 rollbacks race each other, connections are
/// lost, clocks are wrong, servers stand still and are replaced under load.
#[derive(Args)]
pub struct Torture {
    #[arg(long, default_value_t = 1000)]
    kills: u32,
}

impl Torture {
    /// An error if anything was violated.
    pub fn execute(&self, workspace: &Workspace) -> Result<()> {
        faketime::ensure()?;
        let postgres = Postgres::start().context("PostgreSQL could not be started")?;
        let mut cargo = workspace.cargo();
        cargo.args(["test", "--test", "it", "torture::", "--", "--nocapture", "--test-threads", "1"]);
        cargo.env("BACKSTEP_TEST_POSTGRES", postgres.url()).env("BACKSTEP_TORTURE_KILLS", self.kills.to_string());
        cargo.env("BACKSTEP_TORTURE_LONG", "1");
        process::run(&mut cargo)
    }
}
