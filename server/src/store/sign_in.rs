//! What signing in needs beside accounts and sessions: failures for the lock-out, and one-time links.

use backstep_domain::{Account, AccountId, AuditEntry, Millis};

use super::{
    NewGrant, Store, StoreError, accounts, audit, grants,
    pool::{Tx, read, within},
};

/// Ends the one-time links of an account.
pub(super) async fn end_links(tx: &mut Tx, account: &str) -> Result<(), StoreError> {
    const SQL: &str = "delete from links where account_id = $1";
    within!(tx, c => sqlx::query(SQL).bind(account).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Ends those with which somebody's account could be taken over; an invitation that was not accepted yet goes on, for
/// people are given their roles while it is under way.
pub(super) async fn end_reset_links(tx: &mut Tx, account: &str) -> Result<(), StoreError> {
    const SQL: &str = "delete from links where account_id = $1 and exists (select 1 from accounts a where a.id = $1 and \
                       a.password_hash is not null)";
    within!(tx, c => sqlx::query(SQL).bind(account).execute(c).await.map(|_| ()))?;
    Ok(())
}

impl Store {
    pub async fn sign_in_failed(
        &self,
        login: &str,
        address: &str,
        at: Millis,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        const SQL: &str = "insert into sign_in_failures (login, address, at) values ($1, $2, $3)";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(login).bind(address).bind(at.0).execute(c).await.map(|_| ()))?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// Failures since a time: of this login, and from this address; and when the newest of them was.
    pub async fn sign_in_failures(
        &self,
        login: &str,
        address: &str,
        since: Millis,
    ) -> Result<(i64, i64, Option<Millis>), StoreError> {
        const SQL: &str = "select coalesce(sum(case when login = $1 then 1 else 0 end), 0), \
                           coalesce(sum(case when address = $2 then 1 else 0 end), 0), max(at) \
                           from sign_in_failures where (login = $1 or address = $2) and at > $3";
        let row: (i64, i64, Option<i64>) =
            read!(self, c => sqlx::query_as(SQL).bind(login).bind(address).bind(since.0).fetch_one(c).await)?;
        Ok((row.0, row.1, row.2.map(Millis)))
    }

    /// Forgets the failures of a login, after it succeeded.
    pub async fn forget_failures(&self, login: &str) -> Result<(), StoreError> {
        const SQL: &str = "delete from sign_in_failures where login = $1";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(login).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// Keeps a one-time link, by the hash of its token. Without an account it makes the first administrator; an older
    /// one for the same ends.
    pub async fn keep_link(
        &self,
        token_hash: &str,
        account: Option<&AccountId>,
        until: Millis,
    ) -> Result<(), StoreError> {
        const OLD: &str = "delete from links where coalesce(account_id, '') = $1";
        const SQL: &str = "insert into links (token_hash, account_id, until) values ($1, $2, $3)";
        let account = account.map(AccountId::as_str);
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(OLD).bind(account.unwrap_or_default()).execute(c).await.map(|_| ()))?;
        within!(&mut tx, c => sqlx::query(SQL).bind(token_hash).bind(account).bind(until.0).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// Whom a link is for, while it lasts: `Some(None)` for the first administrator.
    pub async fn link(&self, token_hash: &str, now: Millis) -> Result<Option<Option<AccountId>>, StoreError> {
        const SQL: &str = "select account_id from links where token_hash = $1 and until > $2";
        let row: Option<(Option<String>,)> =
            read!(self, c => sqlx::query_as(SQL).bind(token_hash).bind(now.0).fetch_optional(c).await)?;
        Ok(row.map(|(account,)| account.map(AccountId::new)))
    }

    /// Uses a link up: sets the password of its account. Whether it was still there.
    pub async fn use_link(
        &self,
        token_hash: &str,
        account: &AccountId,
        password_hash: &str,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        const USE: &str = "delete from links where token_hash = $1 and account_id = $2";
        const SET: &str = "update accounts set password_hash = $2 where id = $1";
        const END: &str = "delete from sessions where account_id = $1";
        let mut tx = self.pool.begin().await?;
        let used = within!(&mut tx, c => {
            sqlx::query(USE).bind(token_hash).bind(account.as_str()).execute(c).await.map(|r| r.rows_affected())
        })?;
        if used == 0 {
            return Ok(false);
        }
        within!(&mut tx, c => sqlx::query(SET).bind(account.as_str()).bind(password_hash).execute(c).await.map(|_| ()))?;
        within!(&mut tx, c => sqlx::query(END).bind(account.as_str()).execute(c).await.map(|_| ()))?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes an administrator: the account, its password and its role, and ends the set-up link. With a link, whether it
    /// was still there.
    pub async fn create_administrator(
        &self,
        account: &Account,
        password_hash: &str,
        grant: &NewGrant,
        link: Option<&str>,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        const USE: &str = "delete from links where token_hash = $1 and account_id is null";
        const END: &str = "delete from links where account_id is null";
        let mut tx = self.pool.begin().await?;
        grants::one_at_a_time(&mut tx).await?;
        if let Some(link) = link {
            if grants::has_administrator(&mut tx).await? {
                return Ok(false);
            }
            let used = within!(&mut tx, c => sqlx::query(USE).bind(link).execute(c).await.map(|r| r.rows_affected()))?;
            if used == 0 {
                return Ok(false);
            }
        }
        within!(&mut tx, c => sqlx::query(END).execute(c).await.map(|_| ()))?;
        accounts::insert(&mut tx, account, Some(password_hash), &entry.actor.id).await?;
        grants::insert(&mut tx, grant, account.created_at, &entry.actor.id).await?;
        audit::append(&mut tx, entry).await?;
        grants::hand_over(&mut tx, account.created_at, &entry.actor, &entry.origin).await?;
        tx.commit().await?;
        Ok(true)
    }
}
