//! API tokens, by their hash.

use backstep_domain::{Account, AccountId, ApiToken, AuditEntry, Millis, TokenId, TokenLimit};

use super::{
    Store, StoreError, audit,
    pool::{read, within},
    rows::{from_json, to_json, word},
};

/// A token to be kept.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub token: ApiToken,
    /// SHA-256 of the token, hexadecimal.
    pub hash: String,
    pub on_behalf: Option<String>,
    pub parent: Option<TokenId>,
}

/// A token that was sent, with its owner. Whether it still counts is for the caller to judge.
#[derive(Clone, Debug)]
pub struct SentToken {
    pub token: ApiToken,
    pub owner: Account,
    pub on_behalf: Option<String>,
    /// When the token that it was minted with ends, or was revoked, if one was.
    pub parent_ends: Option<Millis>,
}

type Row = (String, String, String, String, String, String, i64, i64, Option<i64>, Option<i64>);

macro_rules! columns {
    () => {
        "select id, account_id, kind, name, hint, limits, created_at, expires_at, revoked_at, last_used_at from tokens "
    };
}

fn token(row: Row) -> Result<ApiToken, StoreError> {
    let (id, account, kind, name, hint, limits, created_at, expires_at, revoked_at, last_used_at) = row;
    Ok(ApiToken {
        id: TokenId::new(id),
        account: AccountId::new(account),
        kind: word(&kind)?,
        name,
        hint,
        limit: from_json::<TokenLimit>(&limits)?,
        created_at: Millis(created_at),
        expires_at: Millis(expires_at),
        revoked_at: revoked_at.map(Millis),
        last_used_at: last_used_at.map(Millis),
    })
}

impl Store {
    pub async fn create_token(&self, new: &NewToken, entry: &AuditEntry) -> Result<(), StoreError> {
        const SQL: &str = "insert into tokens (id, account_id, kind, name, hash, hint, limits, on_behalf, parent_id, \
                           created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let t = &new.token;
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => {
            sqlx::query(SQL)
                .bind(t.id.as_str()).bind(t.account.as_str()).bind(t.kind.as_str()).bind(&t.name).bind(&new.hash)
                .bind(&t.hint).bind(to_json(&t.limit)).bind(&new.on_behalf).bind(new.parent.as_ref().map(|p| p.as_str()))
                .bind(t.created_at.0).bind(t.expires_at.0)
                .execute(c).await.map(|_| ())
        })?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// The token with this hash, if there ever was one.
    pub async fn sent_token(&self, hash: &str) -> Result<Option<SentToken>, StoreError> {
        const SQL: &str = concat!(columns!(), "where hash = $1");
        const REST: &str = "select t.on_behalf, p.expires_at, p.revoked_at from tokens t left join tokens p on p.id = \
                            t.parent_id where t.id = $1";
        let row: Option<Row> = read!(self, c => sqlx::query_as(SQL).bind(hash).fetch_optional(c).await)?;
        let Some(token) = row.map(token).transpose()? else { return Ok(None) };
        let (on_behalf, expires, revoked): (Option<String>, Option<i64>, Option<i64>) =
            read!(self, c => sqlx::query_as(REST).bind(token.id.as_str()).fetch_one(c).await)?;
        let owner = self.account(&token.account).await?;
        Ok(Some(SentToken { token, owner, on_behalf, parent_ends: revoked.or(expires).map(Millis) }))
    }

    pub async fn token(&self, id: &TokenId) -> Result<ApiToken, StoreError> {
        const SQL: &str = concat!(columns!(), "where id = $1");
        let row: Row = read!(self, c => sqlx::query_as(SQL).bind(id.as_str()).fetch_one(c).await)?;
        token(row)
    }

    /// An account's tokens but those of panels, newest first.
    pub async fn tokens_of(&self, account: &AccountId) -> Result<Vec<ApiToken>, StoreError> {
        const SQL: &str = concat!(
            columns!(),
            "where account_id = $1 and kind <> 'panel' order by created_at desc, id desc limit 200"
        );
        let rows: Vec<Row> = read!(self, c => sqlx::query_as(SQL).bind(account.as_str()).fetch_all(c).await)?;
        rows.into_iter().map(token).collect()
    }

    /// Ends a token at `at`: now, or when a rotation's overlap is over. One that ends earlier stays as it is.
    pub async fn revoke_token(&self, id: &TokenId, at: Millis, entry: &AuditEntry) -> Result<(), StoreError> {
        const SQL: &str = "update tokens set revoked_at = $2 where id = $1 and coalesce(revoked_at, expires_at) > $2";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(id.as_str()).bind(at.0).execute(c).await.map(|_| ()))?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    pub async fn token_used(&self, id: &TokenId, at: Millis) -> Result<(), StoreError> {
        const SQL: &str = "update tokens set last_used_at = $2 where id = $1 and coalesce(last_used_at, 0) < $2";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(id.as_str()).bind(at.0).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }
}
