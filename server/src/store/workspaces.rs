use backstep_domain::{AuditEntry, Millis, Workspace, WorkspaceId};

use super::{
    Key, NewGrant, Store, StoreError, audit, grants, idempotency,
    pool::{read, within},
};

type Row = (String, String, i64);

fn workspace((id, name, created_at): Row) -> Workspace {
    Workspace { id: WorkspaceId::new(id), name, created_at: Millis(created_at) }
}

/// What a list by name is sorted by.
pub(super) fn by_name(name: &str) -> (String, String) {
    (name.to_lowercase(), name.to_owned())
}

impl Store {
    /// `admin`: the role of whoever makes it. Without an Admin who can act it gets those of the installation.
    pub async fn create_workspace(
        &self,
        new: &Workspace,
        key: Option<&Key>,
        admin: Option<&NewGrant>,
        entry: Option<&AuditEntry>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "insert into workspaces (id, name, created_at) values ($1, $2, $3)";
        let mut tx = self.pool.begin().await?;
        grants::one_at_a_time(&mut tx).await?;
        idempotency::remember(&mut tx, key, new.created_at).await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(new.id.as_str()).bind(&new.name).bind(new.created_at.0).execute(c).await.map(|_| ()))
            .map_err(|e| StoreError::taken(e, "name"))?;
        if let Some(admin) = admin {
            grants::insert(&mut tx, admin, new.created_at, admin.subject.id()).await?;
        }
        audit::append_if(&mut tx, entry).await?;
        if let Some(entry) = entry {
            grants::hand_over(&mut tx, new.created_at, &entry.actor, &entry.origin).await?;
        }
        tx.commit().await
    }

    /// By name, whatever the case. Not sorted by the database: its order would be that of its collation.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        const SQL: &str = "select id, name, created_at from workspaces";
        let rows: Vec<Row> = read!(self, c => sqlx::query_as(SQL).fetch_all(c).await)?;
        let mut all: Vec<_> = rows.into_iter().map(workspace).collect();
        all.sort_by_cached_key(|w| by_name(&w.name));
        Ok(all)
    }

    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Workspace, StoreError> {
        const SQL: &str = "select id, name, created_at from workspaces where id = $1";
        let row: Row = read!(self, c => sqlx::query_as(SQL).bind(id.as_str()).fetch_one(c).await)?;
        Ok(workspace(row))
    }
}
