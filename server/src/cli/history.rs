use backstep_domain::{DeployKind, Millis};
use clap::Args;

use super::{
    Exit, Failure,
    api::{At, print_json, print_text},
    table::{columns, plain, short, span, when},
};
use crate::{
    clock::{Clock, SystemClock},
    http::api::dto::{Deploy, DeployType, Deploys, Time},
};

/// Show the Deploy History, newest first.
#[derive(Debug, Args)]
pub struct History {
    /// How many deploys, 1 to 100.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Go on where the page before ended.
    #[arg(long)]
    cursor: Option<String>,
    /// image, dags, image_and_dags or mechanism.
    #[arg(long)]
    kind: Option<DeployKind>,
    /// QUEUED, HELD, DEPLOYING, DEPLOYED, FAILED or CANCELLED.
    #[arg(long)]
    status: Option<String>,
    /// The author's id.
    #[arg(long)]
    author: Option<String>,
    /// Part of the description, image, tag, DAG bundle, commit or branch.
    #[arg(long)]
    text: Option<String>,
    /// Created at or after, as 2026-03-01T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Time>,
    /// Created before.
    #[arg(long, value_name = "TIME")]
    until: Option<Time>,
    /// Only deploys that can be rolled back to.
    #[arg(long)]
    eligible: bool,
    /// Only rollbacks.
    #[arg(long)]
    rollbacks: bool,
    #[command(flatten)]
    pub(super) at: At,
}

impl History {
    pub async fn run(self) -> Result<Exit, Failure> {
        let (api, deployment) = self.at.connect().await?;
        let page: Deploys = api.get(&format!("deployments/{}/deploys", deployment.id), &self.query()).await?;
        if self.at.server.json {
            print_json(&page);
            return Ok(Exit::Done);
        }
        print_text(&table(&page.deploys, SystemClock.now()));
        if let Some(cursor) = page.next_cursor {
            eprintln!("There is more: --cursor {cursor}");
        }
        Ok(Exit::Done)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let given = [
            ("limit", Some(self.limit.to_string())),
            ("cursor", self.cursor.clone()),
            ("kind", self.kind.map(|kind| kind.to_string())),
            ("status", self.status.as_ref().map(|status| status.to_uppercase())),
            ("author", self.author.clone()),
            ("text", self.text.clone()),
            ("since", self.since.map(|at| at.to_string())),
            ("until", self.until.map(|at| at.to_string())),
            ("eligibleOnly", self.eligible.then(|| "true".to_owned())),
            ("rollbacksOnly", self.rollbacks.then(|| "true".to_owned())),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

pub fn table(deploys: &[Deploy], now: Millis) -> String {
    if deploys.is_empty() {
        return "No deploy matches.".to_owned();
    }
    let head = ["#", "Created (UTC)", "Parts", "Image", "Runtime", "DAG bundle", "Status", "Live for", "By", "What"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(deploys.iter().map(|deploy| row(deploy, now)));
    columns(&rows)
}

fn row(deploy: &Deploy, now: Millis) -> Vec<String> {
    let dash = || "-".to_owned();
    let live_for = deploy.live_from.map(|from| span(deploy.live_until.map_or(now, |until| until.0).since(from.0)));
    let image = match (deploy.image_tag.as_str(), &deploy.image_digest) {
        ("", digest) => digest.as_deref().map(short).map_or_else(dash, str::to_owned),
        (tag, _) => plain(tag),
    };
    vec![
        deploy.number.map_or_else(dash, |number| format!("#{number}")),
        when(deploy.created_at),
        parts(deploy.kind).to_owned(),
        image,
        deploy.astro_runtime_version.clone().unwrap_or_else(dash),
        deploy.dag_tarball_version.as_deref().map(short).map_or_else(dash, str::to_owned),
        status(deploy),
        live_for.unwrap_or_else(dash),
        plain(&deploy.created_by_subject.full_name),
        what(deploy),
    ]
}

pub fn parts(kind: DeployType) -> &'static str {
    match kind {
        DeployType::ImageAndDag => "image, DAGs",
        DeployType::ImageOnly => "image",
        DeployType::DagOnly => "DAGs",
        DeployType::Mechanism => "mechanism",
    }
}

/// The status as people read it, and the flags.
fn status(deploy: &Deploy) -> String {
    let status = deploy.shown_status.map_or("Upload", |shown| shown.as_str());
    let flags = [
        (deploy.rejected, "Rejected"),
        (deploy.artifact_missing, "Artifact missing"),
        (deploy.runtime_restricted.is_some(), "Runtime restricted"),
    ];
    let flags = flags.into_iter().filter_map(|(set, name)| set.then_some(name));
    std::iter::once(status).chain(flags).collect::<Vec<_>>().join(", ")
}

fn what(deploy: &Deploy) -> String {
    let description = plain(&deploy.description);
    match (deploy.rollback_of, deploy.rollback_to, deploy.scope) {
        (Some(of), Some(to), Some(scope)) => format!("Rollback of #{of} to #{to} ({}): {description}", scope.words()),
        _ if deploy.is_adoption => format!("Adopted: {description}").trim_end_matches(": ").to_owned(),
        _ => description,
    }
}
