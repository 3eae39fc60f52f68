//! The check of a whole installation: whether everything is as it must be.

mod bundles;

use backstep_domain::{Flaw, FlawKind, Millis, Policy};

pub use self::bundles::{Depth, is_old};
use crate::{
    audit::{self, Checkpoint, Report, Trusted},
    bundles::Objects,
    retained::Retained,
    store::{self, Snapshot, Store, StoreError},
};

/// What there is to check.
pub struct Installation<'a> {
    /// `sqlite:///PATH` or `postgres://...`.
    pub database: &'a str,
    pub objects: &'a Objects,
    pub policy: &'a Policy,
}

/// Checks everything, and writes nothing. `given`: checkpoints that were kept elsewhere.
pub async fn verify(
    of: &Installation<'_>,
    given: &[Checkpoint],
    trusted: &Trusted,
    depth: Depth,
    now: Millis,
) -> Result<Report, StoreError> {
    let mut snapshot = Snapshot::open(of.database).await?;
    let mut report = audit::verify(&mut snapshot, given, trusted, now).await?;
    let contents = snapshot.contents().await?;
    report.flaws.extend(snapshot.schema().await?);
    report.ok = report.flaws.is_empty();
    if contents.schema < store::known_schema() {
        let message = format!(
            "The schema has version {}; what needs {} was not looked at. Start this version of the server on it once.",
            contents.schema,
            store::known_schema()
        );
        report.warnings.push(Flaw::new(FlawKind::SchemaDiffers, message));
        return Ok(report);
    }
    report.flaws.extend(snapshot.invariants().await?);
    report.ok = report.flaws.is_empty();
    if !of.objects.has_folder() {
        let message = "There is no data folder here, so DAG bundles were not looked at; name it with --data.";
        report.warnings.push(Flaw::new(FlawKind::BundleMissing, message));
        return Ok(report);
    }
    drop(snapshot);
    let store = Store::open_reading(of.database).await?;
    let retained = Retained::of(&store, of.policy, now).await?;
    store.close().await;
    let found = bundles::check(of.objects, &retained, &contents.bundles, depth, now);
    report.bundles = retained.bundles.len();
    report.flaws.extend(found.flaws);
    report.warnings = found.warnings;
    report.ok = report.flaws.is_empty();
    Ok(report)
}
