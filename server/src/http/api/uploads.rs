use axum::{Json, body::Body, extract::State};
use backstep_domain::{BundleDigest, Problem};
use http::{HeaderMap, StatusCode};

use super::{
    ApiProblem, ApiState, Caller, content_digest, deploys, dto,
    input::Input,
    params::{At, DeployAt, DeploymentAt, read},
};
use crate::usecases::NewUpload;

/// Open an upload. It has an id and no number, and is closed after an hour if nobody finalizes it.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/deploys", tag = "Deploys", operation_id = "createDeploy",
    params(DeploymentAt), request_body = dto::CreateDeploy,
    responses((status = 201, body = dto::Deploy,
        description = "The upload: `INITIALIZED`, and `dagsUploadUrl` where DAGs are to come.")))]
pub async fn create(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
    Input { body, key }: Input<dto::CreateDeploy>,
) -> Result<(StatusCode, Json<dto::Deploy>), ApiProblem> {
    let new = NewUpload {
        kind: body.kind.into(),
        description: body.description.unwrap_or_default(),
        image: read("image", &body.image)?,
        runtime: read("runtimeVersion", &body.runtime_version)?,
        airflow: read("airflowVersion", &body.airflow_version)?,
        heads: body.schema_heads,
        mechanism: body.mechanism,
        git: body.git.map(Into::into),
        adoption: body.adoption,
    };
    let upload = state.usecases.create_upload(&who, &at.deployment, new, key).await?;
    Ok((StatusCode::CREATED, Json(upload.into())))
}

/// Upload `dags.tar.gz`. Nothing of a refused archive stays, and it can be tried again.
#[utoipa::path(put, path = "/api/v1/deployments/{deployment}/deploys/{deploy}/dags", tag = "Deploys",
    operation_id = "uploadDags",
    params(DeployAt, ("Content-Digest" = Option<String>, Header,
        description = "`sha-256=:BASE64:` of the archive (RFC 9530). It is checked.")),
    request_body(content = Vec<u8>, content_type = "application/gzip", description = "A gzip-compressed tar archive."),
    responses((status = 200, description = "The DAG bundle that is kept now.", body = dto::UploadedDags)))]
pub async fn put_dags(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<dto::UploadedDags>, ApiProblem> {
    let expected = content_digest::expected_sha256(&headers)?;
    let upload = at.deploy.upload()?;
    let archive = body.into_data_stream();
    let uploaded = state.usecases.upload_dags(&who, &at.deployment, &upload, archive, expected).await?;
    Ok(Json(dto::UploadedDags {
        dag_tarball_version: uploaded.bundle.to_string(),
        files: uploaded.files as u64,
        bytes: uploaded.bytes,
    }))
}

/// Finalize an upload: it becomes a deploy with a number, and is rolled out, queued or held.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/deploys/{deploy}/finalize", tag = "Deploys",
    operation_id = "finalizeDeploy", params(DeployAt), request_body = dto::FinalizeDeploy,
    responses((status = 200, description = "The deploy.", body = dto::Deploy)))]
pub async fn finalize(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
    Input { body, key }: Input<dto::FinalizeDeploy>,
) -> Result<Json<dto::Deploy>, ApiProblem> {
    let id = at.deploy.upload()?;
    // Astro's clients send "" where nothing was uploaded: keep what runs.
    if let Some(version) = read::<BundleDigest>("dagTarballVersion", &body.dag_tarball_version)? {
        let upload = state.usecases.upload(&who, &at.deployment, &id).await?;
        if upload.bundle.as_ref() != Some(&version) {
            let message = "This is not the DAG bundle that was uploaded. Send the version that the upload answered.";
            return Err(Problem::invalid("dagTarballVersion", message).into());
        }
    }
    let deploy = state.usecases.finalize(&who, &at.deployment, &id, body.allow_rejected, key).await?;
    let mut answer = deploys::answer(&state.usecases, &who, deploy).await?;
    if answer.status == dto::Status::Held {
        answer.hold = state.usecases.hold(&who, &at.deployment).await?.map(dto::Hold::from);
    }
    Ok(Json(answer))
}
