//! The command line: one file a command. `serve`, `verify`, `backup`, `restore`, `clean` and `config check` work on
//! the machine itself; all others talk to a server through its REST API.

mod admin;
mod adopt;
mod api;
mod archive;
mod audit;
mod backup;
mod cancel;
mod clean;
mod completions;
pub mod compose_env;
mod config;
mod create;
mod deploy;
mod diff;
mod failure;
mod follow;
mod git;
mod history;
mod hold;
mod installation;
mod listening;
mod openapi;
mod plan;
mod plan_text;
mod restore;
mod rollback;
mod serve;
mod table;
mod terminal;
mod verify;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wire_tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use self::failure::{Exit, Failure};

const AFTER_HELP: &str = "\
A first way through:
  backstep create analytics-prod --workspace acme --mechanism dag_deploy --airflow 3.1.0 --rollback
  backstep deploy --deployment analytics-prod --dags ./dags -m \"Daily revenue\"
  backstep history --deployment analytics-prod
  backstep rollback --deployment analytics-prod -m \"Revenue counts twice\"

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 held back by a hold, 4 refused or in conflict, 5 not permitted.";

/// Deploy history and rollback for Airflow Deployments.
///
/// The server keeps the history and carries out rollouts; every other command talks to it. Say where it is with
/// BACKSTEP_URL, and who you are with BACKSTEP_TOKEN.
#[derive(Debug, Parser)]
#[command(name = "backstep", version, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Admin(admin::Admin),
    Create(create::Create),
    Deploy(deploy::Deploy),
    Adopt(adopt::Adopt),
    History(history::History),
    Diff(diff::Diff),
    Plan(plan::Plan),
    Rollback(rollback::Rollback),
    Cancel(cancel::Cancel),
    Hold(hold::Hold),
    Audit(audit::Audit),
    Verify(verify::Verify),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Clean(clean::Clean),
    Config(config::Config),
    Completions(completions::Completions),
    Openapi(openapi::Openapi),
    ComposeEnv(compose_env::ComposeEnv),
}

impl Cli {
    /// Carries out the command that was asked for, and says how it ended.
    pub async fn run(self) -> ExitCode {
        let (json, ended) = match self.command {
            Command::Serve(command) => return command.report().await,
            Command::Admin(command) => return command.report().await,
            Command::Create(command) => (command.server.json, command.run().await),
            Command::Deploy(command) => (command.at.server.json, command.run().await),
            Command::Adopt(command) => (command.at.server.json, command.run().await),
            Command::History(command) => (command.at.server.json, command.run().await),
            Command::Diff(command) => (command.at.server.json, command.run().await),
            Command::Plan(command) => (command.at.server.json, command.run().await),
            Command::Rollback(command) => (command.at.server.json, command.run().await),
            Command::Cancel(command) => (command.at.server.json, command.run().await),
            Command::Hold(command) => (command.json(), command.run().await),
            Command::Audit(command) => (command.json(), command.run().await),
            Command::Backup(command) => (command.json, command.run().await),
            Command::Restore(command) => (false, command.run().await),
            Command::Clean(command) => (command.json, command.run().await),
            Command::Config(command) => (command.json(), command.run()),
            Command::Verify(command) => (command.json, command.run().await),
            Command::Completions(command) => (false, command.run()),
            Command::Openapi(command) => (false, command.run()),
            Command::ComposeEnv(command) => return answered(command.run(std::io::stdin(), &mut std::io::stdout())),
        };
        match ended {
            Ok(exit) => exit.into(),
            Err(failure) => failure.report(json),
        }
    }
}

/// A target's program says what went wrong on its standard output; only a broken pipe is left to tell.
fn answered(answer: std::io::Result<()>) -> ExitCode {
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("backstep compose-env: {error}");
            ExitCode::FAILURE
        }
    }
}
