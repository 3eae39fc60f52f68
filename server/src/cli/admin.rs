//! `backstep admin`: the first administrator, on the server itself.

use std::{io::IsTerminal as _, process::ExitCode, sync::Arc};

use anyhow::{Context as _, bail};
use backstep_domain::{Origin, Roles};
use clap::{Args, Subcommand};

use super::installation::Installation;
use crate::{
    auth::{Auth, Parts, Passwords, SessionRules},
    clock::{SystemClock, TimeOrderedIds},
    metrics::Metrics,
    store::Store,
};

/// Make administrators, on the machine that holds the data.
#[derive(Debug, Args)]
pub struct Admin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a person with every right. With SQLite, stop the server first.
    Create(Create),
}

/// The password is read from standard input, or asked for twice on a terminal.
#[derive(Debug, Args)]
struct Create {
    /// What the person signs in with: an e-mail address or a name.
    #[arg(long)]
    login: String,
    /// The name that others read.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    installation: Installation,
}

impl Admin {
    pub async fn report(self) -> ExitCode {
        let Command::Create(create) = self.command;
        match create.run().await {
            Ok(name) => {
                println!("{name} can sign in now, as an administrator of the whole installation.");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("backstep admin create: {error:#}");
                ExitCode::FAILURE
            }
        }
    }
}

impl Create {
    async fn run(self) -> anyhow::Result<String> {
        let password = read_password()?;
        let config = self.installation.config()?;
        let data = self.installation.data(&config);
        std::fs::create_dir_all(&data).with_context(|| format!("the data folder {} cannot be made", data.display()))?;
        let store = Store::open(&self.installation.database(&config, &data.canonicalize()?))
            .await
            .context("the database cannot be used")?;
        let auth = Auth::new(Parts {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds),
            roles: Arc::new(Roles::built_in()),
            passwords: Passwords::default(),
            turns: Default::default(),
            rules: SessionRules::default(),
            operator: None,
            provider: None,
            demo: false,
            metrics: Metrics::default(),
        });
        let made = auth.create_administrator(&self.login, &self.name, &password, None, &Origin::default()).await;
        store.close().await;
        Ok(made?.0.name)
    }
}

fn read_password() -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password("Password (12 characters or more): ")?;
    if rpassword::prompt_password("The same again: ")? != password {
        bail!("the two are not the same; nothing was done");
    }
    Ok(password)
}
