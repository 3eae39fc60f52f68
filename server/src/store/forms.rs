//! Forms that were refused, kept for minutes.

use backstep_domain::Millis;

use super::{
    Store, StoreError,
    pool::{read, within},
};

impl Store {
    pub async fn keep_form(&self, id: &str, json: &str, until: Millis) -> Result<(), StoreError> {
        const SQL: &str = "insert into forms (id, body, until) values ($1, $2, $3)";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(id).bind(json).bind(until.0).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    pub async fn kept_form(&self, id: &str, now: Millis) -> Result<Option<String>, StoreError> {
        const SQL: &str = "select body from forms where id = $1 and until > $2";
        let row: Option<(String,)> =
            read!(self, c => sqlx::query_as(SQL).bind(id).bind(now.0).fetch_optional(c).await)?;
        Ok(row.map(|r| r.0))
    }
}
