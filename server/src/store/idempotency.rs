//! Idempotency keys, remembered in the transaction of their effect: one key is one effect.

use backstep_domain::Millis;

use super::{
    Store, StoreError,
    pool::{Tx, read, within},
};

/// What a caller's key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub author: String,
    pub key: String,
    pub body_hash: String,
    /// The id of what the request made.
    pub resource: String,
}

/// What was done under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub body_hash: String,
    pub resource: String,
}

const SELECT: &str = "select body_hash, resource from idempotency where author = $1 and key = $2";

fn remembered(row: (String, String)) -> Remembered {
    Remembered { body_hash: row.0, resource: row.1 }
}

impl Store {
    pub async fn remembered(&self, author: &str, key: &str) -> Result<Option<Remembered>, StoreError> {
        let row = read!(self, c => sqlx::query_as(SELECT).bind(author).bind(key).fetch_optional(c).await)?;
        Ok(row.map(remembered))
    }
}

pub(super) async fn remembered_within(tx: &mut Tx, author: &str, key: &str) -> Result<Option<Remembered>, StoreError> {
    let row = within!(tx, c => sqlx::query_as(SELECT).bind(author).bind(key).fetch_optional(c).await)?;
    Ok(row.map(remembered))
}

/// # Errors
/// `Taken("key")` if another request with this key was faster.
pub(super) async fn remember(tx: &mut Tx, key: Option<&Key>, at: Millis) -> Result<(), StoreError> {
    const SQL: &str = "insert into idempotency (author, key, body_hash, resource, at) values ($1, $2, $3, $4, $5)";
    let Some(key) = key else { return Ok(()) };
    within!(tx, c => sqlx::query(SQL).bind(&key.author).bind(&key.key).bind(&key.body_hash).bind(&key.resource).bind(at.0).execute(c).await.map(|_| ()))
        .map_err(|e| StoreError::taken(e, "key"))
}
