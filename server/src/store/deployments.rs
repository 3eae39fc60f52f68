use backstep_domain::{AuditEntry, Author, Deployment, DeploymentId, Millis, SettingChange};

use super::{
    Key, Store, StoreError, audit, idempotency,
    pool::{read, within},
    rows::{deployment, from_json, to_json},
    workspaces::by_name,
};

impl Store {
    /// # Errors
    /// `Taken("name")` if the Workspace has a Deployment of that name.
    pub async fn create_deployment(
        &self,
        new: &Deployment,
        key: Option<&Key>,
        entry: Option<&AuditEntry>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "insert into deployments (id, workspace_id, name, body) values ($1, $2, $3, $4)";
        let mut tx = self.pool.begin().await?;
        idempotency::remember(&mut tx, key, new.created_at).await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(new.id.as_str()).bind(new.workspace.as_str()).bind(&new.name).bind(to_json(new)).execute(c).await.map(|_| ()))
            .map_err(|e| StoreError::taken(e, "name"))?;
        audit::append_if(&mut tx, entry).await?;
        tx.commit().await
    }

    /// By Workspace and name; `text` restricts to names that contain it, whatever the case.
    pub async fn deployments(&self, text: Option<&str>) -> Result<Vec<Deployment>, StoreError> {
        const SQL: &str = "select w.name, d.name, d.body from deployments d join workspaces w on w.id = d.workspace_id";
        let mut rows: Vec<(String, String, String)> = read!(self, c => sqlx::query_as(SQL).fetch_all(c).await)?;
        // Not by the databases: SQLite knows the case of ASCII only, and PostgreSQL's order is that of its collation.
        if let Some(text) = text.map(str::to_lowercase) {
            rows.retain(|(_, name, _)| name.to_lowercase().contains(&text));
        }
        rows.sort_by_cached_key(|(workspace, name, _)| (by_name(workspace), by_name(name)));
        rows.iter().map(|(.., body)| deployment(body)).collect()
    }

    pub async fn deployment(&self, id: &DeploymentId) -> Result<Deployment, StoreError> {
        const SQL: &str = "select body from deployments where id = $1";
        let (body,): (String,) = read!(self, c => sqlx::query_as(SQL).bind(id.as_str()).fetch_one(c).await)?;
        deployment(&body)
    }

    /// The last hundred, newest first.
    pub async fn setting_changes(&self, id: &DeploymentId) -> Result<Vec<SettingChange>, StoreError> {
        const SQL: &str = "select body from setting_changes where deployment_id = $1 order by id desc limit 100";
        let rows: Vec<(String,)> = read!(self, c => sqlx::query_as(SQL).bind(id.as_str()).fetch_all(c).await)?;
        rows.iter().map(|(body,)| from_json(body)).collect()
    }

    /// Everybody who ever deployed here, by name.
    pub async fn authors(&self, id: &DeploymentId) -> Result<Vec<Author>, StoreError> {
        const SQL: &str = "select author_id, author_name from deploy_authors where deployment_id = $1";
        let rows: Vec<(String, String)> = read!(self, c => sqlx::query_as(SQL).bind(id.as_str()).fetch_all(c).await)?;
        let mut authors: Vec<_> = rows.into_iter().map(|(id, name)| Author { id, name }).collect();
        authors.sort_by_cached_key(|author| (by_name(&author.name), author.id.clone()));
        Ok(authors)
    }

    /// Ends sessions, kept forms, links, failed sign-ins and idempotency keys that are over. Keys are kept for two days,
    /// failed sign-ins and the tokens of panels for one.
    pub async fn sweep(&self, now: Millis) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        let old_keys = now.minus(2 * backstep_domain::DAY).0;
        within!(&mut tx, c => sqlx::query("delete from sessions where until <= $1").bind(now.0).execute(c).await.map(|_| ()))?;
        within!(&mut tx, c => sqlx::query("delete from forms where until <= $1").bind(now.0).execute(c).await.map(|_| ()))?;
        let yesterday = now.minus(backstep_domain::DAY).0;
        for over in ["delete from links where until <= $1", "delete from oidc_flows where until <= $1"] {
            within!(&mut tx, c => sqlx::query(over).bind(now.0).execute(c).await.map(|_| ()))?;
        }
        for old in [
            "delete from sign_in_failures where at <= $1",
            "delete from tokens where kind = 'panel' and expires_at <= $1",
        ] {
            within!(&mut tx, c => sqlx::query(old).bind(yesterday).execute(c).await.map(|_| ()))?;
        }
        within!(&mut tx, c => sqlx::query("delete from idempotency where at <= $1").bind(old_keys).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }
}
