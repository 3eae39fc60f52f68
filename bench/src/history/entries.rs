//! Deploys as a busy Deployment has them.

use backstep_domain::{
    AirflowVersion, Author, Cause, DagsPart, Deploy, DeployId, DeployKind, DeployNumber, DeployStatus, DeploymentId,
    Git, ImagePart, ImageRef, KeptSetting, Mechanism, Millis, Revision, RuntimeVersion, Scope,
};
use sha2::{Digest, Sha256};

/// In one description of twenty.
pub const COMMON_WORD: &str = "currency";
/// In the description of the oldest deploy alone.
pub const RARE_WORD: &str = "quokka";

/// From one deploy to the next, in milliseconds.
pub const STEP: i64 = 20 * 60 * 1000;
const FIRST_AT: i64 = 1_700_000_000_000;
/// Deploys of three months.
pub const IN_WINDOW: u32 = 90 * 24 * 3;

const WHATS: [&str; 20] = [
    "Currency conversion of refunds",
    "Late partners in the revenue report",
    "Retries of the warehouse load",
    "Loyalty points per market",
    "Stock alerts for returned goods",
    "Backfill window of customer_360",
    "Sensor timeout of the partner feed",
    "Schema of the orders mart",
    "Deduplicated clickstream sessions",
    "Dynamic mapping over regions",
    "Snowflake role of the loader",
    "Weekly cohorts with time zones",
    "Data quality checks before publish",
    "New pool for the API extracts",
    "Delete the old attribution DAG",
    "Bump of the provider packages",
    "Consent flags in the export",
    "Quarterly forecast inputs",
    "Fewer tasks in the nightly merge",
    "SLA of the finance close",
];

/// Deploy `number` of a Deployment; every field has the length that it has in earnest.
pub fn deploy(deployment: &DeploymentId, number: DeployNumber) -> anyhow::Result<Deploy> {
    let n = number.get();
    let created_at = created_at(number);
    let status = match n % 50 {
        7 | 23 | 41 => DeployStatus::Failed,
        30 => DeployStatus::Cancelled,
        _ => DeployStatus::Succeeded,
    };
    let (kind, cause) = match n % 50 {
        8 if n > 2 => {
            let back = |by| DeployNumber::new(n - by).expect("a deploy of more than two has two before it");
            (DeployKind::Dags, Cause::Rollback { of: back(1), to: back(2), scope: Scope::Dags })
        }
        k if k % 5 == 0 => (DeployKind::ImageAndDags, Cause::Deploy),
        _ => (DeployKind::Dags, Cause::Deploy),
    };
    let origin = |every: u32| DeployNumber::new(n - n % every).unwrap_or(DeployNumber::FIRST);
    let ended_at = created_at.plus(48_000);
    let what = WHATS[n as usize % WHATS.len()];
    let rare = if n == 1 { format!(" for {RARE_WORD} counts") } else { String::new() };
    let live_from = (status == DeployStatus::Succeeded).then_some(ended_at);
    Ok(Deploy {
        id: DeployId::new(format!("01890a5d-ac96-774b-bcce-{n:012x}")),
        deployment: deployment.clone(),
        number,
        kind,
        cause,
        revision: Revision {
            mechanism: Mechanism::DagDeploy,
            mechanism_origin: DeployNumber::FIRST,
            image: ImagePart {
                image: Some(image(origin(5).get())?),
                runtime: Some("3.1-12".parse::<RuntimeVersion>()?),
                airflow: Some("3.1.8".parse::<AirflowVersion>()?),
                heads: None,
                origin: origin(5),
            },
            dags: Some(DagsPart { bundle: sha256("dags", n).parse()?, origin: number }),
        },
        git: Some(Git {
            commit_sha: sha256("commit", n)[..40].to_owned(),
            branch: Some("main".to_owned()),
            remote_url: Some("https://git.acme.internal/data/pipelines".to_owned()),
            commit_url: None,
            author_name: Some("Noor".to_owned()),
        }),
        created_at,
        created_by: author(n),
        description: format!("{what}{rare} (#{})", 400 + n),
        status,
        status_reason: (status == DeployStatus::Failed).then(|| "Check what runs failed: a file differs.".to_owned()),
        started_at: Some(created_at.plus(900)),
        ended_at: Some(ended_at),
        live_from,
        live_until: live_from.map(|from| from.plus(STEP)),
        rejected: false,
        kept: kept(),
        artifact_missing: false,
    })
}

pub fn created_at(number: DeployNumber) -> Millis {
    Millis(FIRST_AT + i64::from(number.get()) * STEP)
}

fn image(n: u32) -> anyhow::Result<ImageRef> {
    let text = format!("registry.acme.internal/data/airflow:2026.{n}@sha256:{}", sha256("image", n));
    Ok(text.parse()?)
}

fn author(n: u32) -> Author {
    let (id, name) = match n % 5 {
        0 => ("ci:release", "Release pipeline"),
        1 => ("oidc:dana", "Dana Weber"),
        _ => ("ci:pipeline", "CI pipeline"),
    };
    Author { id: id.to_owned(), name: name.to_owned() }
}

/// As many settings as the `.env` of a small Compose project has.
fn kept() -> Vec<KeptSetting> {
    let names = ["AIRFLOW_UID", "AIRFLOW__CORE__EXECUTOR", "AIRFLOW_CONN_WAREHOUSE", "AIRFLOW_VAR_MARKET_LIMIT"];
    names.iter().map(|name| KeptSetting { name: (*name).to_owned(), hash: sha256(name, 0) }).collect()
}

fn sha256(what: &str, n: u32) -> String {
    hex::encode(Sha256::digest(format!("{what}-{n}")))
}

/// The digest of a bundle that was never deployed, as a person pastes it.
pub fn unknown_digest() -> String {
    sha256("dags", u32::MAX)[..12].to_owned()
}
