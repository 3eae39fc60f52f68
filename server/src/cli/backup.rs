use std::path::PathBuf;

use clap::Args;

use super::{
    Exit, Failure,
    api::{print_json, print_text},
    installation::Installation,
    terminal::progress_bar,
};
use crate::{
    backup,
    clock::{Clock as _, SystemClock},
    http::api::dto::Time,
};

/// Copy the database, the DAG bundles and the keys into a new folder, also while the server runs.
///
/// The database is copied as it is at one moment (PostgreSQL with pg_dump), with the DAG bundles that it names. The folder is as secret as the data folder: keep it where only you can read it. The
/// configuration file and the secrets that it names are not in it. See docs/backup.md.
#[derive(Debug, Args)]
pub struct Backup {
    /// The folder to make.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    #[command(flatten)]
    installation: Installation,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Backup {
    pub async fn run(self) -> Result<Exit, Failure> {
        let config = self.installation.config().map_err(anyhow::Error::from)?;
        let data = self.installation.data(&config);
        let database = self.installation.database(&config, &data);
        let now = Time(SystemClock.now()).to_string();
        let bar = progress_bar();
        let made = backup::make(&data, &database, &self.to, now, &bar).await;
        bar.finish_and_clear();
        let list = made?;
        if !list.missing.is_empty() {
            let count = list.missing.len();
            eprintln!("backstep: {count} DAG bundles that the history names are not there any more, or not whole.");
        }
        if self.json {
            print_json(&list);
        } else {
            let (count, bytes) = (list.files.len(), list.bytes());
            print_text(&format!("{}: {count} files, {bytes} bytes, schema {}.", self.to.display(), list.schema));
        }
        Ok(Exit::Done)
    }
}
