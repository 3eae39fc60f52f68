//! Sign-ins with a provider that are under way, by the hash of their state.

use backstep_domain::Millis;

use super::{Store, StoreError, pool::within};

impl Store {
    pub async fn keep_oidc_flow(&self, state_hash: &str, body: &str, until: Millis) -> Result<(), StoreError> {
        const SQL: &str = "insert into oidc_flows (state_hash, body, until) values ($1, $2, $3)";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(state_hash).bind(body).bind(until.0).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// Takes a flow out, so that nobody else gets it; `None` if there is none, or it is over.
    pub async fn take_oidc_flow(&self, state_hash: &str, now: Millis) -> Result<Option<String>, StoreError> {
        const SQL: &str = "delete from oidc_flows where state_hash = $1 returning body, until";
        let mut tx = self.pool.begin().await?;
        let row: Option<(String, i64)> =
            within!(&mut tx, c => sqlx::query_as(SQL).bind(state_hash).fetch_optional(c).await)?;
        tx.commit().await?;
        Ok(row.filter(|(_, until)| *until > now.0).map(|(body, _)| body))
    }
}
