use std::path::PathBuf;

use clap::Args;

use super::{
    Exit, Failure,
    api::{print_json, print_text},
    installation::Installation,
};
use crate::{
    backup,
    clock::{Clock as _, SystemClock},
    http::api::dto::Time,
};

/// Copy the database, the DAG bundles and the keys into a new folder, also while the server runs.
///
/// PostgreSQL is copied with pg_dump. The folder is as secret as the data folder: keep it where only you can read it. The
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
        let list = backup::make(&data, &database, &self.to, now).await?;
        if self.json {
            print_json(&list);
        } else {
            let (count, bytes) = (list.files.len(), list.bytes());
            print_text(&format!("{}: {count} files, {bytes} bytes, schema {}.", self.to.display(), list.schema));
        }
        Ok(Exit::Done)
    }
}
