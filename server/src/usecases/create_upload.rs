use axum::body::Bytes;
use backstep_domain::{
    AirflowVersion, BundleDigest, DeployId, DeployKind, Deployment, DeploymentId, Git, ImageRef, Mechanism, Part,
    Permission, Principal, Problem, ProblemCode, RuntimeVersion, SchemaHeads, Upload, check_deploy_description,
    check_kind,
};
use futures::Stream;

use super::{
    IdempotencyKey, UseCases,
    access::{Where, check, of},
};
use crate::bundles::BundleError;

/// A deploy that CI wants to make. It becomes one when it is finalized.
#[derive(Clone, Debug)]
pub struct NewUpload {
    pub kind: DeployKind,
    pub description: String,
    pub image: Option<ImageRef>,
    pub runtime: Option<RuntimeVersion>,
    pub airflow: Option<AirflowVersion>,
    pub heads: Option<SchemaHeads>,
    pub mechanism: Option<Mechanism>,
    pub git: Option<Git>,
    /// What the Deployment runs already, before Backstep: it becomes #1 and is not rolled out.
    pub adoption: bool,
}

/// What was received as the DAG bundle of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    pub bundle: BundleDigest,
    pub files: usize,
    /// Unpacked.
    pub bytes: u64,
}

impl UseCases {
    /// Opens an upload. It has an id, no number, and is closed after an hour if nobody finalizes it.
    pub async fn create_upload(
        &self,
        who: &Principal,
        id: &DeploymentId,
        new: NewUpload,
        key: Option<IdempotencyKey>,
    ) -> Result<Upload, Problem> {
        let deployment = self.visible(who, id).await?;
        self.noted(who, Where::Deployment(&deployment), check_parts(who, &deployment, new.kind)).await?;
        if let Some(upload) = self.done_before(who, key.as_ref()).await? {
            return self.upload(who, id, &DeployId::new(upload)).await;
        }
        let present = self.store.present(id).await.map_err(of("Deployment"))?;
        let today = present.live.as_ref().map_or(deployment.mechanism, |live| live.revision.mechanism);
        if new.mechanism.is_some_and(|mechanism| mechanism != today) {
            let changes = check_parts(who, &deployment, DeployKind::Mechanism);
            self.noted(who, Where::Deployment(&deployment), changes).await?;
        }
        check_image(&new)?;
        check_kind(new.mechanism.unwrap_or(today), new.kind)?;
        if new.adoption && present.newest.is_some() {
            return Err(Problem::new(
                ProblemCode::Conflict,
                format!("{} has a history already; only a Deployment without one is adopted.", deployment.name),
            ));
        }
        let upload = Upload {
            id: DeployId::new(self.ids.next()),
            deployment: id.clone(),
            kind: new.kind,
            description: check_deploy_description(&new.description)?,
            airflow: new.airflow.or_else(|| new.runtime.as_ref().and_then(|r| self.catalogue.airflow_of(r))),
            image: new.image,
            runtime: new.runtime,
            heads: new.heads,
            mechanism: new.mechanism,
            git: new.git,
            adoption: new.adoption,
            created_at: self.clock.now(),
            created_by: who.author.clone(),
            bundle: None,
            closed: None,
        };
        let key = key.map(|k| k.of(&who.author.id, upload.id.as_str()));
        self.store.create_upload(&upload, key.as_ref()).await.map_err(of("upload"))?;
        Ok(upload)
    }

    pub async fn upload(&self, who: &Principal, id: &DeploymentId, upload: &DeployId) -> Result<Upload, Problem> {
        self.visible(who, id).await?;
        let upload = self.store.upload(upload).await.map_err(of("upload"))?;
        if upload.deployment == *id { Ok(upload) } else { Err(Problem::not_found("upload")) }
    }

    /// Receives `dags.tar.gz`. Nothing of a refused archive stays; the upload can be tried again.
    ///
    /// `expected`: the sha256 of the archive, hexadecimal, as the sender computed it.
    pub async fn upload_dags<S, E>(
        &self,
        who: &Principal,
        id: &DeploymentId,
        upload: &DeployId,
        archive: S,
        expected: Option<String>,
    ) -> Result<Uploaded, Problem>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + Unpin,
        E: std::fmt::Display + Send,
    {
        let deployment = self.visible(who, id).await?;
        self.demand(who, &deployment, Permission::DagsPush, "deploy DAGs").await?;
        let upload = self.upload(who, id, upload).await?;
        if !upload.kind.has(Part::Dags) {
            return Err(Problem::new(ProblemCode::Conflict, "This deploy was opened for an image only."));
        }
        if let Some(why) = upload.closed {
            return Err(Problem::new(ProblemCode::Conflict, format!("This upload is closed: {why}")));
        }
        let expected = expected.map(|hex| hex.parse()).transpose().map_err(|e: BundleError| e.problem())?;
        let staged = self.bundles.receive(archive, expected.as_ref()).await.map_err(|e| e.problem())?;
        let (bundle, manifest) = self.bundles.admit(staged).await.map_err(|e| e.problem())?;
        self.store.set_upload_bundle(&upload.id, &bundle).await.map_err(of("upload"))?;
        Ok(Uploaded { bundle, files: manifest.files.len(), bytes: manifest.bytes() })
    }

    /// Closes the uploads that nobody finalized within an hour; they never had a number.
    pub async fn close_old_uploads(&self) -> Result<u64, Problem> {
        let before = self.clock.now().minus(backstep_domain::HOUR);
        self.store.close_uploads_before(before).await.map_err(of("upload"))
    }
}

/// Recording an image needs one right, DAGs the other.
pub(super) fn check_parts(who: &Principal, deployment: &Deployment, kind: DeployKind) -> Result<(), Problem> {
    if kind.has(Part::Image) {
        check(who, deployment, Permission::ImagesPush, "deploy an image")?;
    }
    if kind.has(Part::Dags) {
        check(who, deployment, Permission::DagsPush, "deploy DAGs")?;
    }
    if kind == DeployKind::Mechanism {
        check(who, deployment, Permission::ImagesPush, "change the mechanism")?;
        check(who, deployment, Permission::DagsPush, "change the mechanism")?;
    }
    Ok(())
}

fn check_image(new: &NewUpload) -> Result<(), Problem> {
    if new.kind.has(Part::Image) == new.image.is_some() {
        return Ok(());
    }
    Err(Problem::invalid(
        "image",
        "A deploy of an image names it as REPOSITORY[:TAG]@sha256:DIGEST; a deploy of DAGs alone names none.",
    ))
}
