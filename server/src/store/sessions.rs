//! Sessions of pages, by the hash of their cookie.

use backstep_domain::{Account, AccountId, AuditEntry, Millis, SessionId, SessionView};

use super::{
    Store, StoreError, audit,
    pool::{read, within},
};

/// A session to be kept.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    /// SHA-256 of the cookie's value, hexadecimal.
    pub token_hash: String,
    pub account: AccountId,
    pub at: Millis,
    pub until: Millis,
    pub address: String,
    pub agent: String,
    /// The provider's ID token, to sign out there too.
    pub id_token: Option<String>,
}

/// A session that is under way.
#[derive(Clone, Debug)]
pub struct OpenSession {
    pub id: SessionId,
    pub account: Account,
    pub seen_at: Millis,
    pub id_token: Option<String>,
}

impl Store {
    pub async fn start_session(&self, new: &NewSession, entry: Option<&AuditEntry>) -> Result<(), StoreError> {
        const SQL: &str = "insert into sessions (id, token_hash, account_id, created_at, seen_at, until, address, agent, \
                           id_token) values ($1, $2, $3, $4, $4, $5, $6, $7, $8)";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => {
            sqlx::query(SQL)
                .bind(new.id.as_str()).bind(&new.token_hash).bind(new.account.as_str()).bind(new.at.0).bind(new.until.0)
                .bind(&new.address).bind(&new.agent).bind(&new.id_token)
                .execute(c).await.map(|_| ())
        })?;
        if let Some(entry) = entry {
            audit::append(&mut tx, entry).await?;
        }
        tx.commit().await
    }

    /// The session of a cookie, if it lasts: not past its end, and seen since `idle_since`.
    pub async fn session(
        &self,
        token_hash: &str,
        now: Millis,
        idle_since: Millis,
    ) -> Result<Option<OpenSession>, StoreError> {
        const SQL: &str = "select id, account_id, seen_at, id_token from sessions where token_hash = $1 and until > $2 and \
                           seen_at > $3";
        let row: Option<(String, String, i64, Option<String>)> = read!(self, c => {
            sqlx::query_as(SQL).bind(token_hash).bind(now.0).bind(idle_since.0).fetch_optional(c).await
        })?;
        let Some((id, account, seen_at, id_token)) = row else { return Ok(None) };
        let account = self.account(&AccountId::new(account)).await?;
        Ok(Some(OpenSession { id: SessionId::new(id), account, seen_at: Millis(seen_at), id_token }))
    }

    /// Keeps the hash of the operator's token; if it was another one before, the sessions that it opened end.
    pub async fn set_operator_token(&self, operator: &AccountId, hash: &str) -> Result<(), StoreError> {
        const SET: &str = "update accounts set password_hash = $2 where id = $1 and password_hash is distinct from $2";
        const END: &str = "delete from sessions where account_id = $1";
        let mut tx = self.pool.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(SET).bind(operator.as_str()).bind(hash).execute(c).await.map(|r| r.rows_affected()))?;
        if changed > 0 {
            within!(&mut tx, c => sqlx::query(END).bind(operator.as_str()).execute(c).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    pub async fn session_seen(&self, id: &SessionId, at: Millis) -> Result<(), StoreError> {
        const SQL: &str = "update sessions set seen_at = $2 where id = $1 and seen_at < $2";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(id.as_str()).bind(at.0).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// An account's sessions that last, the latest seen first. `current`: the hash of the cookie that asks.
    pub async fn sessions_of(
        &self,
        account: &AccountId,
        current: Option<&str>,
        now: Millis,
        idle_since: Millis,
    ) -> Result<Vec<SessionView>, StoreError> {
        const SQL: &str = "select id, token_hash, created_at, seen_at, until, address, agent from sessions where \
                           account_id = $1 and until > $2 and seen_at > $3 order by seen_at desc, id desc";
        let rows: Vec<(String, String, i64, i64, i64, String, String)> = read!(self, c => {
            sqlx::query_as(SQL).bind(account.as_str()).bind(now.0).bind(idle_since.0).fetch_all(c).await
        })?;
        let view =
            |(id, hash, created_at, seen_at, until, address, agent): (String, String, _, _, _, _, _)| SessionView {
                id: SessionId::new(id),
                created_at: Millis(created_at),
                seen_at: Millis(seen_at),
                until: Millis(until),
                address,
                agent,
                current: Some(hash.as_str()) == current,
            };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Ends a session of the account; whether there was one.
    pub async fn end_session(
        &self,
        id: &SessionId,
        account: &AccountId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "delete from sessions where id = $1 and account_id = $2";
        let mut tx = self.pool.begin().await?;
        let ended = within!(&mut tx, c => {
            sqlx::query(SQL).bind(id.as_str()).bind(account.as_str()).execute(c).await.map(|r| r.rows_affected())
        })?;
        if ended == 0 {
            return Ok(false);
        }
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }
}
