use backstep_domain::{Cause, DeployId, HistoryRow, Mechanism, SchemaHeads, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeployType, Git, Hold, Reason, Status, Subject, Time, words};

/// A deploy, or the upload that it was before it had a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deploy {
    pub id: String,
    pub deployment_id: String,
    /// Its place in the history: 1, 2, 3 ... without gaps. Missing while it is an upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    #[serde(rename = "type")]
    pub kind: DeployType,
    pub status: Status,
    /// As people read it: what `DEPLOYED` leaves open is Live or Superseded.
    #[schema(schema_with = words::shown_status)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown_status: Option<backstep_domain::ShownStatus>,
    /// Why it failed, is held or was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// Who holds it back, why and since when: in the answer that says `HELD` first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    pub description: String,
    pub created_at: Time,
    /// When its status last changed.
    pub updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_until: Option<Time>,
    pub created_by_subject: Subject,
    /// Empty where the Deployment has no image yet.
    pub image_repository: String,
    pub image_tag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// The deploy that first brought the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_origin: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub astro_runtime_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub airflow_version: Option<String>,
    /// Migration heads of the metadata database, by version table.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_heads: Option<SchemaHeads>,
    /// The digest of the DAG bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dag_tarball_version: Option<String>,
    /// The deploy that first brought the DAG bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dags_origin: Option<u32>,
    #[schema(schema_with = words::mechanism)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mechanism: Option<Mechanism>,
    pub is_dag_deploy_enabled: bool,
    /// Where `dags.tar.gz` is to be put, relative to the server; only while it is an upload with DAGs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dags_upload_url: Option<String>,
    /// It is what the Deployment already ran when Backstep came.
    pub is_adoption: bool,
    /// The id of the deploy that the rollback took its parts from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_from_id: Option<String>,
    /// The number of the deploy that was live, and that the rollback replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_of: Option<u32>,
    /// The number of the deploy that the rollback took its parts from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<u32>,
    #[schema(schema_with = words::scope)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
    pub rejected: bool,
    pub artifact_missing: bool,
    /// Why it cannot be rolled back to; missing: it can, or it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ineligible: Option<Reason>,
    /// Why its Runtime is restricted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_restricted: Option<String>,
}

impl From<backstep_domain::Deploy> for Deploy {
    fn from(deploy: backstep_domain::Deploy) -> Self {
        let shown = deploy.shown();
        let updated = [deploy.started_at, deploy.ended_at, deploy.live_from, deploy.live_until];
        let updated = updated.into_iter().flatten().max().unwrap_or(deploy.created_at);
        let revision = deploy.revision;
        let (image, part) = (revision.image.image.as_ref(), &revision.image);
        let (rollback_of, rollback_to, scope) = match deploy.cause {
            Cause::Rollback { of, to, scope } => (Some(of.get()), Some(to.get()), Some(scope)),
            Cause::Deploy | Cause::Adoption => (None, None, None),
        };
        Self {
            id: deploy.id.to_string(),
            deployment_id: deploy.deployment.to_string(),
            number: Some(deploy.number.get()),
            kind: deploy.kind.into(),
            status: deploy.status.into(),
            shown_status: Some(shown),
            status_reason: deploy.status_reason,
            hold: None,
            description: deploy.description,
            created_at: deploy.created_at.into(),
            updated_at: updated.into(),
            started_at: deploy.started_at.map(Time),
            ended_at: deploy.ended_at.map(Time),
            live_from: deploy.live_from.map(Time),
            live_until: deploy.live_until.map(Time),
            created_by_subject: deploy.created_by.into(),
            image_repository: image.map(|i| i.repository.clone()).unwrap_or_default(),
            image_tag: image.and_then(|i| i.tag.clone()).unwrap_or_default(),
            image_digest: image.map(|i| i.digest.to_string()),
            image_origin: image.map(|_| part.origin.get()),
            astro_runtime_version: part.runtime.as_ref().map(ToString::to_string),
            airflow_version: part.airflow.as_ref().map(ToString::to_string),
            schema_heads: part.heads.clone(),
            dag_tarball_version: revision.dags.as_ref().map(|d| d.bundle.to_string()),
            dags_origin: revision.dags.as_ref().map(|d| d.origin.get()),
            mechanism: Some(revision.mechanism),
            is_dag_deploy_enabled: revision.mechanism.takes_dags(),
            dags_upload_url: None,
            is_adoption: deploy.cause == Cause::Adoption,
            rollback_from_id: None,
            rollback_of,
            rollback_to,
            scope,
            git: deploy.git.map(Git::from),
            rejected: deploy.rejected,
            artifact_missing: deploy.artifact_missing,
            ineligible: None,
            runtime_restricted: None,
        }
    }
}

impl From<HistoryRow> for Deploy {
    fn from(row: HistoryRow) -> Self {
        Self {
            ineligible: row.ineligible.map(Reason::from),
            runtime_restricted: row.runtime_restricted,
            ..row.deploy.into()
        }
    }
}

impl From<backstep_domain::Upload> for Deploy {
    fn from(upload: backstep_domain::Upload) -> Self {
        let image = upload.image.as_ref();
        let open = upload.closed.is_none();
        let brings_dags = upload.kind.has(backstep_domain::Part::Dags);
        Self {
            dags_upload_url: (open && brings_dags).then(|| dags_path(&upload.deployment, &upload.id)),
            id: upload.id.to_string(),
            deployment_id: upload.deployment.to_string(),
            number: None,
            kind: upload.kind.into(),
            status: if open { Status::Initialized } else { Status::Cancelled },
            shown_status: None,
            status_reason: upload.closed,
            hold: None,
            description: upload.description,
            created_at: upload.created_at.into(),
            updated_at: upload.created_at.into(),
            started_at: None,
            ended_at: None,
            live_from: None,
            live_until: None,
            created_by_subject: upload.created_by.into(),
            image_repository: image.map(|i| i.repository.clone()).unwrap_or_default(),
            image_tag: image.and_then(|i| i.tag.clone()).unwrap_or_default(),
            image_digest: image.map(|i| i.digest.to_string()),
            image_origin: None,
            astro_runtime_version: upload.runtime.as_ref().map(ToString::to_string),
            airflow_version: upload.airflow.as_ref().map(ToString::to_string),
            schema_heads: upload.heads,
            dag_tarball_version: upload.bundle.as_ref().map(ToString::to_string),
            dags_origin: None,
            mechanism: upload.mechanism,
            is_dag_deploy_enabled: upload.mechanism.map_or(brings_dags, Mechanism::takes_dags),
            is_adoption: upload.adoption,
            rollback_from_id: None,
            rollback_of: None,
            rollback_to: None,
            scope: None,
            git: upload.git.map(Git::from),
            rejected: false,
            artifact_missing: false,
            ineligible: None,
            runtime_restricted: None,
        }
    }
}

fn dags_path(deployment: &backstep_domain::DeploymentId, upload: &DeployId) -> String {
    format!("/api/v1/deployments/{deployment}/deploys/{upload}/dags")
}

/// A page of the history, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deploys {
    pub deploys: Vec<Deploy>,
    /// Send it as `cursor` for the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An edit of a deploy's description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDeploy {
    pub description: String,
}
