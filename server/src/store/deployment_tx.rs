//! Writing to one Deployment, which is locked meanwhile: what is decided on is what is true.

use backstep_domain::{
    Author, Deploy, DeployId, DeployNumber, DeployStatus, Deployment, DeploymentId, Hold, Millis, Part, RejectedPart,
    SettingChange, Upload, past_return,
};
use serde_json::json;

use super::{
    Key, Present, Remembered, Store, StoreError, idempotency,
    pool::{Tx, within},
    present::present_within,
    rollouts::steps_within,
    rows::{DeployRow, deploy_columns, deployment, deploys, to_json, without_nul},
    uploads,
};

/// A Deployment under lock. Dropped without `commit`, nothing was written.
pub struct DeploymentTx {
    tx: Tx,
    deployment: Deployment,
}

impl Store {
    /// Waits for whoever writes to the Deployment now.
    pub async fn lock_deployment(&self, id: &DeploymentId) -> Result<DeploymentTx, StoreError> {
        let mut tx = self.pool.begin().await?;
        let deployment = lock_within(&mut tx, id).await?;
        Ok(DeploymentTx { tx, deployment })
    }
}

/// The lock that everybody takes who changes what runs on a Deployment, or decides on it.
pub(super) async fn lock_within(tx: &mut Tx, id: &DeploymentId) -> Result<Deployment, StoreError> {
    // SQLite has one writer, and this is it.
    const SQLITE: &str = "select body from deployments where id = $1";
    // Not `for update`: an upload, whose row refers to the Deployment, would wait for it.
    const POSTGRES: &str = "select body from deployments where id = $1 for no key update";
    let (body,): (String,) = match tx {
        Tx::Sqlite(tx) => sqlx::query_as(SQLITE).bind(id.as_str()).fetch_one(&mut **tx).await?,
        Tx::Postgres(tx) => sqlx::query_as(POSTGRES).bind(id.as_str()).fetch_one(&mut **tx).await?,
    };
    deployment(&body)
}

const ONE: &str = concat!(deploy_columns!(), "where d.deployment_id = $1 and d.number = $2");
const ABOVE: &str = concat!(deploy_columns!(), "where s.deployment_id = $1 and s.number > $2 order by s.number");
pub(super) const HELD: &str =
    concat!(deploy_columns!(), "where s.deployment_id = $1 and s.status = 'held' order by s.number");

impl DeploymentTx {
    pub(super) fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    pub async fn present(&mut self) -> Result<Present, StoreError> {
        present_within(&mut self.tx, &self.deployment.id).await
    }

    pub async fn deploy(&mut self, number: DeployNumber) -> Result<Deploy, StoreError> {
        let (id, number) = (self.deployment.id.as_str(), i64::from(number.get()));
        let row: DeployRow = within!(&mut self.tx, c => sqlx::query_as(ONE).bind(id).bind(number).fetch_one(c).await)?;
        row.try_into()
    }

    /// Every deploy with a higher number, oldest first.
    pub async fn deploys_above(&mut self, number: DeployNumber) -> Result<Vec<Deploy>, StoreError> {
        let (id, number) = (self.deployment.id.as_str(), i64::from(number.get()));
        let rows: Vec<DeployRow> =
            within!(&mut self.tx, c => sqlx::query_as(ABOVE).bind(id).bind(number).fetch_all(c).await)?;
        deploys(rows)
    }

    /// The deploys that the hold keeps back, oldest first.
    pub async fn held(&mut self) -> Result<Vec<Deploy>, StoreError> {
        let id = self.deployment.id.as_str();
        let rows: Vec<DeployRow> = within!(&mut self.tx, c => sqlx::query_as(HELD).bind(id).fetch_all(c).await)?;
        deploys(rows)
    }

    pub async fn upload(&mut self, id: &DeployId) -> Result<Upload, StoreError> {
        uploads::upload_within(&mut self.tx, id).await
    }

    pub async fn finalize_upload(&mut self, id: &DeployId) -> Result<(), StoreError> {
        uploads::finalize_within(&mut self.tx, id).await
    }

    /// Appends a deploy; its number must be the next, or the schema refuses it.
    pub async fn insert_deploy(&mut self, d: &Deploy) -> Result<(), StoreError> {
        const ROW: &str = "insert into deploys (id, deployment_id, number, kind, cause, revision, git, created_at, \
                           author_id, author_name, description) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        const STATE: &str = "insert into deploy_states (deployment_id, number, kind, rollback, author_id, created_at, \
                             status, reason, description, revision, search_text, started_at, ended_at, live_from, \
                             live_until, rejected, artifact_missing, kept) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
                             $10, $11, $12, $13, $14, $15, $16, $17, $18)";
        const AUTHOR: &str = "insert into deploy_authors (deployment_id, author_id, author_name) values ($1, $2, $3) on \
                              conflict (deployment_id, author_id) do update set author_name = excluded.author_name";
        const END_LIVE: &str = "update deploy_states set live_until = $2 where deployment_id = $1 and live_from is not null \
                                and live_until is null";
        let (id, number, revision) = (d.deployment.as_str(), i64::from(d.number.get()), to_json(&d.revision));
        let git = d.git.as_ref().map(to_json);
        if let (Some(from), None) = (d.live_from, d.live_until) {
            within!(&mut self.tx, c => sqlx::query(END_LIVE).bind(id).bind(from.0).execute(c).await.map(|_| ()))?;
        }
        within!(&mut self.tx, c => {
            sqlx::query(ROW)
                .bind(d.id.as_str()).bind(id).bind(number).bind(d.kind.as_str()).bind(to_json(&d.cause)).bind(&revision)
                .bind(git).bind(d.created_at.0).bind(&d.created_by.id).bind(&d.created_by.name).bind(&d.description)
                .execute(c).await.map(|_| ())
        })?;
        within!(&mut self.tx, c => {
            sqlx::query(STATE)
                .bind(id).bind(number).bind(d.kind.as_str()).bind(i64::from(d.is_rollback())).bind(&d.created_by.id)
                .bind(d.created_at.0).bind(d.status.as_str()).bind(&d.status_reason).bind(&d.description).bind(&revision)
                .bind(search_text(d, &d.description)).bind(d.started_at.map(|t| t.0)).bind(d.ended_at.map(|t| t.0))
                .bind(d.live_from.map(|t| t.0)).bind(d.live_until.map(|t| t.0)).bind(i64::from(d.rejected))
                .bind(i64::from(d.artifact_missing)).bind(to_json(&d.kept))
                .execute(c).await.map(|_| ())
        })?;
        within!(&mut self.tx, c => {
            sqlx::query(AUTHOR).bind(id).bind(&d.created_by.id).bind(&d.created_by.name).execute(c).await.map(|_| ())
        })?;
        event(&mut self.tx, &d.id, d.created_at, "status", &json!({ "status": d.status, "reason": d.status_reason }))
            .await
    }

    /// Moves a deploy that waits: queued to held or cancelled, held to queued or cancelled. Rollouts move the others.
    pub async fn set_status(
        &mut self,
        id: &DeployId,
        to: DeployStatus,
        reason: Option<&str>,
        at: Millis,
    ) -> Result<(), StoreError> {
        const SQL: &str = "update deploy_states set status = $2, reason = $3, ended_at = $4 where (deployment_id, number) = \
                           (select deployment_id, number from deploys where id = $1) and status in ('queued', 'held') and \
                           status <> $2";
        use DeployStatus::{Cancelled, Held, Queued};
        let refused =
            || StoreError::WrongState("This deploy does not wait any more; look at the history again.".to_owned());
        if !matches!(to, Held | Queued | Cancelled) {
            return Err(refused());
        }
        let ended = (to == Cancelled).then_some(at.0);
        let rows = within!(&mut self.tx, c => {
            sqlx::query(SQL).bind(id.as_str()).bind(to.as_str()).bind(reason).bind(ended).execute(c).await.map(|r| r.rows_affected())
        })?;
        if rows != 1 {
            return Err(refused());
        }
        event(&mut self.tx, id, at, "status", &json!({ "status": to, "reason": reason })).await
    }

    /// Asks the running rollout to stop. `false`: it is past its point of no return, and goes on.
    pub async fn request_cancel(&mut self, id: &DeployId, reason: &str) -> Result<bool, StoreError> {
        const LOCK: &str = "update rollouts set epoch = epoch where deploy_id = $1 and done = 0";
        const SQL: &str = "update rollouts set cancel_reason = coalesce(cancel_reason, $2) where deploy_id = $1";
        // The row's lock first: a step that begins holds it too, so that what is read of the steps stays true.
        let rows = within!(&mut self.tx, c => sqlx::query(LOCK).bind(id.as_str()).execute(c).await.map(|r| r.rows_affected()))?;
        if rows != 1 || past_return(&steps_within(&mut self.tx, id).await?) {
            return Ok(false);
        }
        within!(&mut self.tx, c => sqlx::query(SQL).bind(id.as_str()).bind(reason).execute(c).await.map(|_| ()))?;
        Ok(true)
    }

    /// Appends an edit of the description.
    pub async fn describe(&mut self, id: &DeployId, text: &str, by: &Author, at: Millis) -> Result<(), StoreError> {
        const BY_ID: &str = concat!(deploy_columns!(), "where d.id = $1");
        const SQL: &str =
            "update deploy_states set description = $3, search_text = $4 where deployment_id = $1 and number = $2";
        let row: DeployRow = within!(&mut self.tx, c => sqlx::query_as(BY_ID).bind(id.as_str()).fetch_one(c).await)?;
        let deploy = Deploy::try_from(row)?;
        let (of, number) = (deploy.deployment.as_str(), i64::from(deploy.number.get()));
        let search = search_text(&deploy, text);
        within!(&mut self.tx, c => sqlx::query(SQL).bind(of).bind(number).bind(text).bind(search).execute(c).await.map(|_| ()))?;
        event(&mut self.tx, id, at, "description", &json!({ "description": text, "by": by })).await
    }

    /// Marks a deploy as not to be rolled out again, or clears the mark.
    pub async fn set_rejected(
        &mut self,
        id: &DeployId,
        rejected: bool,
        by: &Author,
        at: Millis,
    ) -> Result<(), StoreError> {
        const SQL: &str = "update deploy_states set rejected = $2 where (deployment_id, number) = (select deployment_id, \
                           number from deploys where id = $1)";
        within!(&mut self.tx, c => sqlx::query(SQL).bind(id.as_str()).bind(i64::from(rejected)).execute(c).await.map(|_| ()))?;
        event(&mut self.tx, id, at, "rejected", &json!({ "rejected": rejected, "by": by })).await
    }

    /// Remembers a part as rejected, in place of an older mark of it.
    pub async fn reject_part(&mut self, part: &RejectedPart) -> Result<(), StoreError> {
        const SQL: &str = "insert into rejected_parts (deployment_id, part, digest, body) values ($1, $2, $3, $4) on \
                           conflict (deployment_id, part, digest) do update set body = excluded.body";
        let (id, name) = (self.deployment.id.as_str(), part_name(part.part));
        within!(&mut self.tx, c => sqlx::query(SQL).bind(id).bind(name).bind(&part.digest).bind(to_json(part)).execute(c).await.map(|_| ()))?;
        Ok(())
    }

    pub async fn clear_rejected_part(&mut self, part: &RejectedPart) -> Result<(), StoreError> {
        const SQL: &str = "delete from rejected_parts where deployment_id = $1 and part = $2 and digest = $3";
        let (id, name) = (self.deployment.id.as_str(), part_name(part.part));
        within!(&mut self.tx, c => sqlx::query(SQL).bind(id).bind(name).bind(&part.digest).execute(c).await.map(|_| ()))?;
        Ok(())
    }

    /// Sets the hold, in place of one that is on.
    pub async fn set_hold(&mut self, hold: &Hold) -> Result<(), StoreError> {
        const SQL: &str = "insert into holds (deployment_id, body, until) values ($1, $2, $3) on conflict (deployment_id) do \
                           update set body = excluded.body, until = excluded.until";
        let (id, until) = (self.deployment.id.as_str(), hold.until.map(|t| t.0));
        within!(&mut self.tx, c => sqlx::query(SQL).bind(id).bind(to_json(hold)).bind(until).execute(c).await.map(|_| ()))?;
        self.hold_event(hold.since, "set", &to_json(hold)).await
    }

    pub async fn release_hold(&mut self, by: &Author, at: Millis) -> Result<(), StoreError> {
        const SQL: &str = "delete from holds where deployment_id = $1";
        let id = self.deployment.id.as_str();
        within!(&mut self.tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(|_| ()))?;
        self.hold_event(at, "released", &to_json(&json!({ "by": by }))).await
    }

    async fn hold_event(&mut self, at: Millis, kind: &str, body: &str) -> Result<(), StoreError> {
        const SQL: &str = "insert into hold_events (deployment_id, at, kind, body) values ($1, $2, $3, $4)";
        let id = self.deployment.id.as_str();
        within!(&mut self.tx, c => sqlx::query(SQL).bind(id).bind(at.0).bind(kind).bind(body).execute(c).await.map(|_| ()))?;
        Ok(())
    }

    /// # Errors
    /// `Taken("name")` if the Workspace has another Deployment of the new name.
    pub async fn update_deployment(&mut self, new: &Deployment, changes: &[SettingChange]) -> Result<(), StoreError> {
        const SQL: &str = "update deployments set name = $2, body = $3 where id = $1";
        const CHANGE: &str = "insert into setting_changes (deployment_id, at, body) values ($1, $2, $3)";
        let id = self.deployment.id.as_str();
        within!(&mut self.tx, c => sqlx::query(SQL).bind(id).bind(&new.name).bind(to_json(new)).execute(c).await.map(|_| ()))
            .map_err(|e| StoreError::taken(e, "name"))?;
        for change in changes {
            within!(&mut self.tx, c => sqlx::query(CHANGE).bind(id).bind(change.at.0).bind(to_json(change)).execute(c).await.map(|_| ()))?;
        }
        Ok(())
    }

    pub async fn remember(&mut self, key: &Key, at: Millis) -> Result<(), StoreError> {
        idempotency::remember(&mut self.tx, Some(key), at).await
    }

    pub async fn remembered(&mut self, author: &str, key: &str) -> Result<Option<Remembered>, StoreError> {
        idempotency::remembered_within(&mut self.tx, author, key).await
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await
    }
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Image => "image",
        Part::Dags => "dags",
    }
}

/// Appends an event of a deploy.
pub(super) async fn event(
    tx: &mut Tx,
    id: &DeployId,
    at: Millis,
    kind: &str,
    body: &serde_json::Value,
) -> Result<(), StoreError> {
    const SQL: &str = "insert into deploy_events (deploy_id, at, kind, body) values ($1, $2, $3, $4)";
    within!(tx, c => sqlx::query(SQL).bind(id.as_str()).bind(at.0).bind(kind).bind(body.to_string()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// What a search looks at, in lower case: description, image, tag, digests, commit and branch.
pub(super) fn search_text(deploy: &Deploy, description: &str) -> String {
    let image = deploy.revision.image.image.as_ref().map(ToString::to_string);
    let dags = deploy.revision.dags.as_ref().map(|d| d.bundle.to_string());
    let git = deploy.git.as_ref();
    let parts = [
        Some(description.to_owned()),
        image,
        dags,
        git.map(|g| g.commit_sha.clone()),
        git.and_then(|g| g.branch.clone()),
    ];
    without_nul(&parts.into_iter().flatten().collect::<Vec<_>>().join("\n")).to_lowercase()
}
