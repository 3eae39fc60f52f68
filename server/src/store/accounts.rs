//! Accounts of people and programs.

use backstep_domain::{Account, AccountId, AccountKind, AuditEntry, Level, Millis, Place};

use super::{
    Kept, NewGrant, Store, StoreError, audit, grants,
    pool::{Tx, read, within},
    rows::word,
    sign_in,
};

type Row = (String, String, String, Option<String>, i64, String, String, i64);

macro_rules! columns {
    () => {
        "select id, kind, name, login, disabled, home_level, home_id, created_at from accounts "
    };
}

pub(super) fn account((id, kind, name, login, disabled, level, home, created_at): Row) -> Result<Account, StoreError> {
    let level: Level = word(&level)?;
    Ok(Account {
        id: AccountId::new(id),
        kind: word(&kind)?,
        name,
        login,
        disabled: disabled == 1,
        home: Place::new(level, &home),
        created_at: Millis(created_at),
    })
}

impl Store {
    /// # Errors
    /// `Taken("login")` if another person signs in with it, `Taken("name")` if the place has such a service account.
    pub async fn create_account(
        &self,
        new: &Account,
        password_hash: Option<&str>,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        insert(&mut tx, new, password_hash, &entry.actor.id).await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// Makes sure that an account of the server's own is there: the demo's people, the operator.
    pub async fn ensure_account(&self, account: &Account) -> Result<(), StoreError> {
        if self.account(&account.id).await.is_ok() {
            return Ok(());
        }
        let mut tx = self.pool.begin().await?;
        match insert(&mut tx, account, None, "backstep").await {
            Ok(()) => tx.commit().await,
            Err(taken @ StoreError::Taken(_)) => {
                drop(tx);
                // A server that started at the same moment was quicker; else somebody has the name.
                self.account(&account.id).await.map(drop).map_err(|_| taken)
            }
            Err(error) => Err(error),
        }
    }

    /// Puts an account with a role into an empty store: the demo's.
    pub async fn seed_account(&self, account: &Account, grant: &NewGrant) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        insert(&mut tx, account, None, "demo").await?;
        grants::insert(&mut tx, grant, account.created_at, "demo").await?;
        tx.commit().await
    }

    pub async fn account(&self, id: &AccountId) -> Result<Account, StoreError> {
        const SQL: &str = concat!(columns!(), "where id = $1");
        let row: Row = read!(self, c => sqlx::query_as(SQL).bind(id.as_str()).fetch_one(c).await)?;
        account(row)
    }

    /// Everybody of a kind, by name.
    pub async fn accounts(&self, kind: AccountKind) -> Result<Vec<Account>, StoreError> {
        const SQL: &str = concat!(columns!(), "where kind = $1 order by name, id");
        let rows: Vec<Row> = read!(self, c => sqlx::query_as(SQL).bind(kind.as_str()).fetch_all(c).await)?;
        rows.into_iter().map(account).collect()
    }

    /// The person with a login, and the hash of the password if one was set.
    pub async fn account_by_login(&self, login: &str) -> Result<Option<(Account, Option<String>)>, StoreError> {
        const SQL: &str = concat!(columns!(), "where login = $1");
        const HASH: &str = "select password_hash from accounts where login = $1";
        let row: Option<Row> = read!(self, c => sqlx::query_as(SQL).bind(login).fetch_optional(c).await)?;
        let Some(row) = row else { return Ok(None) };
        let hash: Option<String> = read!(self, c => sqlx::query_scalar(HASH).bind(login).fetch_one(c).await)?;
        Ok(Some((account(row)?, hash)))
    }

    /// Follows the provider, where somebody is called otherwise now.
    pub async fn rename_account(&self, id: &AccountId, name: &str) -> Result<(), StoreError> {
        const SQL: &str = "update accounts set name = $2 where id = $1";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(id.as_str()).bind(name).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// Sets the password; every session of the person but `keep` ends.
    pub async fn set_password(
        &self,
        id: &AccountId,
        password_hash: &str,
        keep: Option<&str>,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        const SQL: &str = "update accounts set password_hash = $2 where id = $1 and kind = 'person'";
        const END: &str = "delete from sessions where account_id = $1 and token_hash <> $2";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(id.as_str()).bind(password_hash).execute(c).await.map(|_| ()))?;
        within!(&mut tx, c => sqlx::query(END).bind(id.as_str()).bind(keep.unwrap_or_default()).execute(c).await.map(|_| ()))?;
        sign_in::end_links(&mut tx, id.as_str()).await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// Disables an account: its sessions end and its tokens are refused.
    pub async fn disable(&self, id: &AccountId, entry: &AuditEntry) -> Result<Kept, StoreError> {
        const SQL: &str = "update accounts set disabled = 1 where id = $1";
        const END: &str = "delete from sessions where account_id = $1";
        self.keeping_admins(std::slice::from_ref(entry), async |tx| {
            within!(tx, c => sqlx::query(SQL).bind(id.as_str()).execute(c).await.map(|_| ()))?;
            within!(tx, c => sqlx::query(END).bind(id.as_str()).execute(c).await.map(|_| ()))?;
            sign_in::end_links(tx, id.as_str()).await
        })
        .await
    }

    pub async fn enable(&self, id: &AccountId, entry: &AuditEntry) -> Result<(), StoreError> {
        const SQL: &str = "update accounts set disabled = 0 where id = $1";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(id.as_str()).execute(c).await.map(|_| ()))?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// The account that a provider's subject was linked with.
    pub async fn account_of_identity(&self, issuer: &str, subject: &str) -> Result<Option<AccountId>, StoreError> {
        const SQL: &str = "select account_id from identities where issuer = $1 and subject = $2";
        let id: Option<String> =
            read!(self, c => sqlx::query_scalar(SQL).bind(issuer).bind(subject).fetch_optional(c).await)?;
        Ok(id.map(AccountId::new))
    }

    /// Creates the account of somebody whom a provider brings for the first time.
    pub async fn create_account_with_identity(
        &self,
        new: &Account,
        issuer: &str,
        subject: &str,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        const SQL: &str = "insert into identities (issuer, subject, account_id) values ($1, $2, $3)";
        let mut tx = self.pool.begin().await?;
        insert(&mut tx, new, None, &entry.actor.id).await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(issuer).bind(subject).bind(new.id.as_str()).execute(c).await.map(|_| ()))
            .map_err(|e| StoreError::taken(e, "identity"))?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    new: &Account,
    password_hash: Option<&str>,
    by: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "insert into accounts (id, kind, name, login, password_hash, home_level, home_id, created_at, \
                       created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let what = if new.kind == AccountKind::Person { "login" } else { "name" };
    within!(tx, c => {
        sqlx::query(SQL)
            .bind(new.id.as_str()).bind(new.kind.as_str()).bind(&new.name).bind(&new.login).bind(password_hash)
            .bind(new.home.level().as_str()).bind(new.home.id()).bind(new.created_at.0).bind(by)
            .execute(c).await.map(|_| ())
    })
    .map_err(|e| StoreError::taken(e, what))
}
