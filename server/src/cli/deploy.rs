use std::path::PathBuf;

use backstep_domain::{ImageRef, Mechanism, ProblemCode};
use clap::Args;

use super::{
    Exit, Failure,
    api::{At, print_json},
    archive, follow, git,
    terminal::{at_a_terminal, question},
};
use crate::http::api::dto;

/// Deploy DAGs, an image, or both, and follow the rollout.
///
/// The folder is packed and checked before anything is sent. Metadata of git comes along where the folder is a clean
/// checkout.
#[derive(Debug, Args)]
pub struct Deploy {
    #[command(flatten)]
    pub(super) parts: Parts,
    /// Roll it out although it has parts that were rejected.
    #[arg(long)]
    allow_rejected: bool,
    /// Do not wait for the rollout.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    pub(super) at: At,
}

/// What a deploy brings.
#[derive(Debug, Args)]
pub struct Parts {
    /// The folder of the DAG files.
    #[arg(long, value_name = "FOLDER")]
    pub dags: Option<PathBuf>,
    /// The image, pinned: REPOSITORY[:TAG]@sha256:DIGEST.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<ImageRef>,
    /// The Runtime in the image, as 11.8.0 or 3.1-2.
    #[arg(long, value_name = "VERSION", requires = "image")]
    pub runtime: Option<String>,
    /// The Airflow in the image, as 3.1.0.
    #[arg(long, value_name = "VERSION", requires = "image")]
    pub airflow: Option<String>,
    /// A migration head that the image expects, as alembic_version=29ce7909c52b; once for each table.
    #[arg(long = "schema-head", value_name = "TABLE=HEAD", requires = "image", value_parser = table_and_head)]
    pub schema_heads: Vec<(String, String)>,
    /// Change how DAGs reach the Deployment: image, dag_deploy, git_sync or volume.
    #[arg(long)]
    pub mechanism: Option<Mechanism>,
    /// What the deploy is about; the subject of the newest commit if left out.
    #[arg(short = 'm', long = "message", value_name = "TEXT")]
    pub description: Option<String>,
}

fn table_and_head(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((table, head)) if !table.is_empty() && !head.is_empty() => Ok((table.to_owned(), head.to_owned())),
        _ => Err("write it as TABLE=HEAD".to_owned()),
    }
}

impl Deploy {
    pub async fn run(self) -> Result<Exit, Failure> {
        record(&self.at, self.parts, How { allow_rejected: self.allow_rejected, ..How::waiting(!self.no_wait) }).await
    }
}

impl Parts {
    fn kind(&self) -> Result<dto::DeployType, Failure> {
        match (&self.image, &self.dags, self.mechanism) {
            (Some(_), Some(_), _) => Ok(dto::DeployType::ImageAndDag),
            (Some(_), None, _) => Ok(dto::DeployType::ImageOnly),
            (None, Some(_), _) => Ok(dto::DeployType::DagOnly),
            (None, None, Some(_)) => Ok(dto::DeployType::Mechanism),
            (None, None, None) => {
                Err(Failure::usage("There is nothing to deploy. Give --dags FOLDER, --image IMAGE, or both."))
            }
        }
    }

    async fn create(&self, adoption: bool) -> Result<dto::CreateDeploy, Failure> {
        let kind = self.kind()?;
        let folder = self.dags.clone().unwrap_or_else(|| PathBuf::from("."));
        let description = match &self.description {
            Some(text) => Some(text.clone()),
            None => git::subject(&folder).await.map(|subject| subject.chars().take(500).collect()),
        };
        let heads = (!self.schema_heads.is_empty()).then(|| self.schema_heads.iter().cloned().collect());
        Ok(dto::CreateDeploy {
            kind,
            description,
            image: self.image.as_ref().map(ToString::to_string),
            runtime_version: self.runtime.clone(),
            airflow_version: self.airflow.clone(),
            schema_heads: heads,
            mechanism: self.mechanism,
            adoption,
            git: git::metadata(&folder).await,
        })
    }
}

/// How a deploy is recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    pub adoption: bool,
    pub allow_rejected: bool,
    pub wait: bool,
}

impl How {
    pub fn waiting(wait: bool) -> Self {
        Self { wait, ..Self::default() }
    }
}

/// Packs, uploads, finalizes and follows: the way of a deploy and of an adoption.
pub async fn record(at: &At, parts: Parts, how: How) -> Result<Exit, Failure> {
    let How { adoption, allow_rejected, wait } = how;
    // All that can be wrong here is looked at before the server hears of it.
    let create = parts.create(adoption).await?;
    let packed = match &parts.dags {
        Some(folder) => Some(archive::pack(folder).await?),
        None => None,
    };
    let (api, deployment) = at.connect().await?;
    let base = format!("deployments/{}/deploys", deployment.id);
    let upload: dto::Deploy = api.post(&base, &create).await?;
    let mut finalize = dto::FinalizeDeploy { allow_rejected, ..dto::FinalizeDeploy::default() };
    if let Some(packed) = &packed {
        let address = upload.dags_upload_url.as_deref();
        let address = address.ok_or_else(|| Failure::failed("The server does not say where to put the DAG files."))?;
        let uploaded = archive::upload(&api, address, packed).await?;
        eprintln!(
            "Uploaded {} files as DAG bundle {}.",
            uploaded.files,
            super::table::short(&uploaded.dag_tarball_version)
        );
        finalize.dag_tarball_version = Some(uploaded.dag_tarball_version);
    }
    let path = format!("{base}/{}/finalize", upload.id);
    let deploy: dto::Deploy = match api.post(&path, &finalize).await {
        Err(asks) if asks.code() == Some(ProblemCode::ConfirmRejected) && at_a_terminal() => {
            eprintln!("{asks}");
            if !question("Roll it out all the same? [y/N] ")?.eq_ignore_ascii_case("y") {
                return Err(asks);
            }
            finalize.allow_rejected = true;
            api.post(&path, &finalize).await?
        }
        answer => answer?,
    };
    let deploy = match wait {
        true => follow::follow(&api, deploy).await?,
        false => deploy,
    };
    if at.server.json {
        print_json(&deploy);
    }
    Ok(follow::ending(&deployment.name, &deploy, wait))
}
