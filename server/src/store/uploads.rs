use backstep_domain::{BundleDigest, DeployId, Millis, Upload};

use super::{
    Key, Store, StoreError, idempotency,
    pool::{Tx, read, within},
    rows::{UploadRow, to_json},
};

const SELECT: &str = "select body, bundle, closed, finalized from uploads where id = $1";

impl Store {
    pub async fn create_upload(&self, new: &Upload, key: Option<&Key>) -> Result<(), StoreError> {
        const SQL: &str = "insert into uploads (id, deployment_id, created_at, body) values ($1, $2, $3, $4)";
        let mut tx = self.pool.begin().await?;
        idempotency::remember(&mut tx, key, new.created_at).await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(new.id.as_str()).bind(new.deployment.as_str()).bind(new.created_at.0).bind(to_json(new)).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    pub async fn upload(&self, id: &DeployId) -> Result<Upload, StoreError> {
        let row: UploadRow = read!(self, c => sqlx::query_as(SELECT).bind(id.as_str()).fetch_one(c).await)?;
        row.try_into()
    }

    /// # Errors
    /// `WrongState` if the upload is closed or finalized.
    pub async fn set_upload_bundle(&self, id: &DeployId, bundle: &BundleDigest) -> Result<(), StoreError> {
        const SQL: &str = "update uploads set bundle = $2 where id = $1 and closed is null and finalized = 0";
        let mut tx = self.pool.begin().await?;
        let rows = within!(&mut tx, c => sqlx::query(SQL).bind(id.as_str()).bind(bundle.to_string()).execute(c).await.map(|r| r.rows_affected()))?;
        if rows == 0 {
            return Err(StoreError::WrongState("This upload is closed; open a new deploy.".to_owned()));
        }
        tx.commit().await
    }

    /// Closes the open uploads that were created before; answers how many.
    pub async fn close_uploads_before(&self, before: Millis) -> Result<u64, StoreError> {
        const SQL: &str = "update uploads set closed = $2 where created_at < $1 and closed is null and finalized = 0";
        let mut tx = self.pool.begin().await?;
        let why = "it was not finalized within an hour";
        let rows = within!(&mut tx, c => sqlx::query(SQL).bind(before.0).bind(why).execute(c).await.map(|r| r.rows_affected()))?;
        tx.commit().await?;
        Ok(rows)
    }
}

pub(super) async fn upload_within(tx: &mut Tx, id: &DeployId) -> Result<Upload, StoreError> {
    let row: UploadRow = within!(tx, c => sqlx::query_as(SELECT).bind(id.as_str()).fetch_one(c).await)?;
    row.try_into()
}

pub(super) async fn finalize_within(tx: &mut Tx, id: &DeployId) -> Result<(), StoreError> {
    const SQL: &str = "update uploads set finalized = 1 where id = $1 and closed is null and finalized = 0";
    let rows = within!(tx, c => sqlx::query(SQL).bind(id.as_str()).execute(c).await.map(|r| r.rows_affected()))?;
    if rows == 0 {
        return Err(StoreError::WrongState("This upload is closed, or was finalized already.".to_owned()));
    }
    Ok(())
}
