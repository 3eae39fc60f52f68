//! The audit log: appended in the transaction of what it tells, read newest first.

use backstep_domain::{AuditEntry, AuditFilter, AuditRecord, search_text};

use super::{
    DeploymentTx, Store, StoreError,
    pool::{Tx, read, within},
    rows::{from_json, to_json, unsigned},
    search::like,
};

impl Store {
    /// Appends what has no transaction of its own: a refusal, a sign-in that failed.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.audit_all(std::slice::from_ref(entry)).await
    }

    /// Appends entries in their order, all or none.
    pub async fn audit_all(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        for entry in entries {
            append(&mut tx, entry).await?;
        }
        tx.commit().await
    }

    /// At most `limit` entries with an id below `before`, newest first.
    pub async fn audit_page(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let texts = [filter.actor.as_deref(), filter.text.as_deref()];
        let ids = [filter.workspace.as_ref().map(|w| w.as_str()), filter.deployment.as_ref().map(|d| d.as_str())];
        if texts.into_iter().chain(ids).flatten().any(|text| text.contains('\0')) {
            // PostgreSQL has no such text, and no entry contains it.
            return Ok(Vec::new());
        }
        let before = before.and_then(|id| i64::try_from(id).ok()).unwrap_or(i64::MAX);
        let text = filter.text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(like);
        let rows: Vec<(i64, String, Option<i64>)> = read!(self, c => {
            sqlx::query_as(narrowest(filter))
                .bind(before)
                .bind(filter.action.map(|a| a.as_str()))
                .bind(&filter.actor)
                .bind(filter.workspace.as_ref().map(|w| w.as_str()))
                .bind(filter.deployment.as_ref().map(|d| d.as_str()))
                .bind(filter.since.map(|t| t.0))
                .bind(filter.until.map(|t| t.0))
                .bind(text)
                .bind(i64::from(limit))
                .fetch_all(c)
                .await
        })?;
        let record = |(id, body, seq): (i64, String, Option<i64>)| {
            Ok(AuditRecord { id: unsigned(id)?, seal: seq.map(unsigned).transpose()?, entry: from_json(&body)? })
        };
        rows.into_iter().map(record).collect()
    }
}

/// A page of the log. What is bound to null does not restrict; the equation in front of it, on a column that is
/// restricted, lets the database go along that column's index.
macro_rules! page {
    ($narrow:literal) => {
        concat!(
            "select a.id, a.body, s.seq from audit a left join audit_seals s on s.audit_id = a.id where ",
            $narrow,
            "a.id < $1 and ($2 is null or a.action = $2) and ($3 is null or a.actor_id = $3) \
             and ($4 is null or a.workspace_id = $4) and ($5 is null or a.deployment_id = $5) \
             and ($6 is null or a.at >= $6) and ($7 is null or a.at < $7) \
             and ($8 is null or a.search_text like $8 escape '\\') order by a.id desc limit $9"
        )
    };
}

fn narrowest(filter: &AuditFilter) -> &'static str {
    match filter {
        AuditFilter { deployment: Some(_), .. } => page!("a.deployment_id = $5 and "),
        AuditFilter { actor: Some(_), .. } => page!("a.actor_id = $3 and "),
        AuditFilter { workspace: Some(_), .. } => page!("a.workspace_id = $4 and "),
        AuditFilter { action: Some(_), .. } => page!("a.action = $2 and "),
        _ => page!(""),
    }
}

impl DeploymentTx {
    /// Appends what this transaction does.
    pub async fn audit(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        append(self.tx(), entry).await
    }
}

/// The same where there may be nothing to tell: what fills an empty store was done by nobody.
pub(super) async fn append_if(tx: &mut Tx, entry: Option<&AuditEntry>) -> Result<(), StoreError> {
    match entry {
        Some(entry) => append(tx, entry).await,
        None => Ok(()),
    }
}

pub(super) async fn append(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    const SQL: &str = "insert into audit (at, action, actor_id, workspace_id, deployment_id, search_text, body) values \
                       ($1, $2, $3, $4, $5, $6, $7)";
    within!(tx, c => {
        sqlx::query(SQL)
            .bind(entry.at.0).bind(entry.action.as_str()).bind(&entry.actor.id)
            .bind(entry.workspace.as_ref().map(|w| w.as_str())).bind(entry.deployment.as_ref().map(|d| d.as_str()))
            .bind(search_text(&entry.actor.name, &entry.detail)).bind(to_json(entry)).execute(c).await.map(|_| ())
    })?;
    Ok(())
}
