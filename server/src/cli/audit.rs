use std::io::{self, Write};

use clap::{Args, Subcommand, ValueEnum};

use super::{
    Exit, Failure,
    api::{Api, Server, print_json},
};
use crate::{audit::Checkpoint, http::api::dto::Time};

/// Take the audit log out, or a checkpoint of it.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Write the log to standard output, newest entry first. The export is an entry of the log itself.
    Export {
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        server: Server,
    },
    /// Write a signed checkpoint to standard output. Keep it where nobody who can write to the database can reach it;
    /// `backstep verify --checkpoint` finds with it a log that was cut, or written anew.
    Checkpoint {
        #[command(flatten)]
        server: Server,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

#[derive(Debug, Args)]
struct Filter {
    /// What happened, as rollback.recorded.
    #[arg(long)]
    action: Option<backstep_domain::AuditAction>,
    /// The actor's id.
    #[arg(long)]
    actor: Option<String>,
    /// The Workspace's id.
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,
    /// The Deployment's id.
    #[arg(long, value_name = "ID")]
    deployment: Option<String>,
    /// At or after, as 2026-03-01T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Time>,
    /// Before.
    #[arg(long, value_name = "TIME")]
    until: Option<Time>,
    /// Part of the detail or of the actor's name.
    #[arg(long)]
    text: Option<String>,
}

impl Audit {
    pub(super) fn json(&self) -> bool {
        match &self.command {
            AuditCommand::Export { server, .. } | AuditCommand::Checkpoint { server } => server.json,
        }
    }

    pub async fn run(self) -> Result<Exit, Failure> {
        match self.command {
            AuditCommand::Export { format, filter, server } => {
                let out = io::stdout();
                Api::new(&server)?
                    .copy("audit/export", &filter.query(format), |bytes| out.lock().write_all(bytes))
                    .await?;
            }
            AuditCommand::Checkpoint { server } => {
                let checkpoint: Checkpoint = Api::new(&server)?.get("audit/checkpoint", &[]).await?;
                print_json(&checkpoint);
            }
        }
        Ok(Exit::Done)
    }
}

impl Filter {
    fn query(self, format: Format) -> Vec<(&'static str, String)> {
        let format = match format {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
        };
        let given = [
            ("format", Some(format.to_owned())),
            ("action", self.action.map(|action| action.to_string())),
            ("actor", self.actor),
            ("workspace", self.workspace),
            ("deployment", self.deployment),
            ("since", self.since.map(|at| at.to_string())),
            ("until", self.until.map(|at| at.to_string())),
            ("text", self.text),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
