use clap::Args;

use super::{
    Exit, Failure,
    api::{print_json, print_text},
    installation::Installation,
    table::plain,
};
use crate::{
    bundles::Objects,
    clean::{Cleaned, Removed, Why, clean},
    clock::{Clock as _, SystemClock},
    store::Store,
};

/// Remove the DAG bundles that nothing needs any more, also while the server runs.
///
/// What stays: bundles of every deploy of the rollback window, of what runs, waits or is held, and of the deploy before the
/// live one. What goes: bundles of older deploys, of uploads that nobody finalized, and what nothing names, if it is older than
/// a day. The history stays as it is. Targets are tidied by rollouts. See docs/operations.md.
#[derive(Debug, Args)]
pub struct Clean {
    /// Only say what would be removed.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    installation: Installation,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Clean {
    pub async fn run(self) -> Result<Exit, Failure> {
        let config = self.installation.config().map_err(anyhow::Error::from)?;
        let data = self.installation.data(&config);
        let failed = |error| Failure::failed(format!("The database cannot be used: {error}"));
        let store = Store::open_reading(&self.installation.database(&config, &data)).await.map_err(failed)?;
        let now = store.time().await.map_err(failed)?.unwrap_or_else(|| SystemClock.now());
        let cleaned = clean(&store, &Objects::of(&data), &config.policy(), now, self.dry_run).await;
        store.close().await;
        let cleaned = cleaned?;
        if self.json {
            print_json(&cleaned);
        } else {
            print_text(&in_words(&cleaned));
        }
        Ok(Exit::Done)
    }
}

fn in_words(cleaned: &Cleaned) -> String {
    let mut lines: Vec<_> = cleaned.bundles.iter().map(in_a_line).collect();
    if cleaned.spare_files > 0 {
        lines.push(format!("{} files of no DAG bundle  {} bytes", cleaned.spare_files, cleaned.spare_bytes));
    }
    let (done, count) = (if cleaned.dry_run { "would be removed" } else { "were removed" }, cleaned.bundles.len());
    lines.push(format!("{count} DAG bundles {done} ({} bytes), {} stay.", cleaned.bytes, cleaned.kept));
    lines.join("\n")
}

fn in_a_line(removed: &Removed) -> String {
    let deploys = removed.deploys.iter().map(|by| {
        let name = plain(&by.deployment);
        match by.count {
            1 => format!("{name} #{}", by.first),
            count => format!("{name} #{} to #{} ({count} deploys)", by.first, by.last),
        }
    });
    let why = match removed.why {
        Why::OutsideWindow => deploys.collect::<Vec<_>>().join(", "),
        Why::NeverFinalized => "an upload that nobody finalized".to_owned(),
        Why::Orphaned => "nothing names it".to_owned(),
    };
    format!("{}  {} bytes  {why}", removed.bundle.short(), removed.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NamedBy;

    #[test]
    fn each_bundle_is_a_line_with_whose_it_was() {
        let by = |first, last, count| NamedBy { deployment: "prod".to_owned(), first, last, count };
        let removed = |why, deploys| Removed { bundle: "a".repeat(64).parse().unwrap(), why, deploys, bytes: 10 };
        let cleaned = Cleaned {
            dry_run: true,
            bundles: vec![
                removed(Why::OutsideWindow, vec![by(3, 3, 1), by(4, 9, 2)]),
                removed(Why::NeverFinalized, vec![]),
            ],
            spare_files: 2,
            spare_bytes: 5,
            bytes: 25,
            kept: 4,
        };
        assert_eq!(
            in_words(&cleaned),
            "aaaaaaaaaaaa  10 bytes  prod #3, prod #4 to #9 (2 deploys)\n\
             aaaaaaaaaaaa  10 bytes  an upload that nobody finalized\n2 files of no DAG bundle  5 bytes\n\
             2 DAG bundles would be removed (25 bytes), 4 stay."
        );
    }
}
