//! Teams, and who is in them.

use std::collections::BTreeMap;

use backstep_domain::{AccountId, AuditEntry, Author, Millis, Team, TeamId};

use super::{
    Kept, Store, StoreError, audit,
    pool::{read, within},
    sign_in,
};

impl Store {
    /// # Errors
    /// `Taken("name")` if there is a team of this name.
    pub async fn create_team(&self, id: &TeamId, name: &str, at: Millis, entry: &AuditEntry) -> Result<(), StoreError> {
        const SQL: &str = "insert into teams (id, name, created_at) values ($1, $2, $3)";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(id.as_str()).bind(name).bind(at.0).execute(c).await.map(|_| ()))
            .map_err(|e| StoreError::taken(e, "name"))?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// Every team with its members, by name.
    pub async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        const TEAMS: &str = "select id, name from teams order by name";
        const MEMBERS: &str = "select distinct m.team_id, a.id, a.name from team_members m join accounts a on a.id = \
                               m.account_id order by a.name, a.id";
        let teams: Vec<(String, String)> = read!(self, c => sqlx::query_as(TEAMS).fetch_all(c).await)?;
        let rows: Vec<(String, String, String)> = read!(self, c => sqlx::query_as(MEMBERS).fetch_all(c).await)?;
        let mut members: BTreeMap<String, Vec<Author>> = BTreeMap::new();
        for (team, id, name) in rows {
            members.entry(team).or_default().push(Author { id, name });
        }
        let team = |(id, name): (String, String)| {
            let members = members.remove(&id).unwrap_or_default();
            Team { id: TeamId::new(id), name, members }
        };
        Ok(teams.into_iter().map(team).collect())
    }

    /// Removes a team; its members lose the roles that it brought.
    pub async fn remove_team(&self, id: &TeamId, entry: &AuditEntry) -> Result<Kept, StoreError> {
        const GRANTS: &str = "delete from grants where subject_kind = 'team' and subject_id = $1";
        const TEAM: &str = "delete from teams where id = $1";
        self.keeping_admins(std::slice::from_ref(entry), async |tx| {
            within!(tx, c => sqlx::query(GRANTS).bind(id.as_str()).execute(c).await.map(|_| ()))?;
            within!(tx, c => sqlx::query(TEAM).bind(id.as_str()).execute(c).await.map(|_| ()))?;
            Ok(())
        })
        .await
    }

    /// Puts somebody into a team; `source` as in `LOCAL`. Twice is once.
    pub async fn add_member(
        &self,
        team: &TeamId,
        account: &AccountId,
        source: &str,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        const SQL: &str =
            "insert into team_members (team_id, account_id, source) values ($1, $2, $3) on conflict do nothing";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(team.as_str()).bind(account.as_str()).bind(source).execute(c).await.map(|_| ()))?;
        sign_in::end_reset_links(&mut tx, account.as_str()).await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    pub async fn remove_member(
        &self,
        team: &TeamId,
        account: &AccountId,
        entry: &AuditEntry,
    ) -> Result<Kept, StoreError> {
        const SQL: &str = "delete from team_members where team_id = $1 and account_id = $2";
        self.keeping_admins(std::slice::from_ref(entry), async |tx| {
            within!(tx, c => sqlx::query(SQL).bind(team.as_str()).bind(account.as_str()).execute(c).await.map(|_| ()))?;
            Ok(())
        })
        .await
    }
}
