use std::path::PathBuf;

use clap::Args;

use super::{Exit, Failure, api::print_text, installation::Installation, terminal::progress_bar, verify};
use crate::backup;

/// Put a backup back, where nothing is yet.
///
/// Every file is compared with the backup's list first. Nothing that is there is written over: name an empty data folder, and
/// with PostgreSQL an empty database. See docs/backup.md for what a server does that starts on it.
#[derive(Debug, Args)]
pub struct Restore {
    /// The folder of the backup.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    #[command(flatten)]
    installation: Installation,
    /// Check afterwards that audit log and Deploy Histories are what was written, as `backstep verify` does.
    #[arg(long)]
    verify: bool,
}

impl Restore {
    pub async fn run(self) -> Result<Exit, Failure> {
        let config = self.installation.config().map_err(anyhow::Error::from)?;
        let data = self.installation.data(&config);
        let database = self.installation.database(&config, &data);
        let bar = progress_bar();
        let put = backup::restore(&self.from, &data, &database, &bar).await;
        bar.finish_and_clear();
        let list = put?;
        let (count, made_at) = (list.files.len(), &list.made_at);
        print_text(&format!("{count} files of {made_at} are in {}.", data.display()));
        match self.verify {
            true => verify::Verify::of(self.installation).run().await,
            false => Ok(Exit::Done),
        }
    }
}
