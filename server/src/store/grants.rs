//! Who has which role where.

use std::collections::BTreeSet;

use backstep_domain::{
    AccountId, AuditAction, AuditEntry, Author, Grant, GrantId, GrantView, LOCAL, Level, Millis, Origin, Place, RoleId,
    Subject, TeamId, WorkspaceId,
};

use super::{
    Store, StoreError, audit,
    pool::{Tx, read, within},
    rows::word,
    sign_in,
};

/// A role to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    pub id: GrantId,
    pub subject: Subject,
    pub role: RoleId,
    pub at: Place,
    pub source: String,
}

/// What a change that takes rights away came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Kept {
    Done,
    /// The installation or a Workspace would have lost its last Admin, so nothing was done.
    LastAdmin,
}

type ViewRow = (String, String, String, String, String, String, String, String, String);

macro_rules! views {
    ($condition:literal) => {
        concat!(
            "select g.id, g.subject_kind, g.subject_id, coalesce(a.name, t.name, g.subject_id), g.role, g.level, \
             g.place_id, coalesce(w.name, d.name, ''), g.source from grants g \
             left join accounts a on g.subject_kind = 'account' and a.id = g.subject_id \
             left join teams t on g.subject_kind = 'team' and t.id = g.subject_id \
             left join workspaces w on g.level = 'workspace' and w.id = g.place_id \
             left join deployments d on g.level = 'deployment' and d.id = g.place_id ",
            $condition,
            " order by 4, g.level, 8, g.role, g.source"
        )
    };
}

fn role(text: String) -> Result<RoleId, StoreError> {
    text.try_into().map_err(|e| StoreError::Damaged(format!("{e}")))
}

fn view(row: ViewRow) -> Result<GrantView, StoreError> {
    let (id, kind, subject, subject_name, role_id, level, place, place_name, source) = row;
    let level: Level = word(&level)?;
    let subject = subject_of(&kind, subject);
    Ok(GrantView {
        id: GrantId::new(id),
        subject,
        subject_name,
        role: role(role_id)?,
        at: Place::new(level, &place),
        place_name,
        source,
    })
}

impl Store {
    /// What an account was given, directly and through its teams.
    pub async fn grants_of(&self, account: &AccountId) -> Result<Vec<Grant>, StoreError> {
        const SQL: &str = "select g.role, g.level, g.place_id, null from grants g where g.subject_kind = 'account' and \
                           g.subject_id = $1 union select g.role, g.level, g.place_id, t.name from team_members m join \
                           teams t on t.id = m.team_id join grants g on g.subject_kind = 'team' and g.subject_id = t.id \
                           where m.account_id = $1";
        let rows: Vec<(String, String, String, Option<String>)> =
            read!(self, c => sqlx::query_as(SQL).bind(account.as_str()).fetch_all(c).await)?;
        let grant = |(role_id, level, place, team): (String, String, String, Option<String>)| {
            let level: Level = word(&level)?;
            Ok(Grant { role: role(role_id)?, at: Place::new(level, &place), team })
        };
        rows.into_iter().map(grant).collect()
    }

    /// Everything that was given, by whom it was given to.
    pub async fn grants(&self) -> Result<Vec<GrantView>, StoreError> {
        const SQL: &str = views!("");
        let rows: Vec<ViewRow> = read!(self, c => sqlx::query_as(SQL).fetch_all(c).await)?;
        rows.into_iter().map(view).collect()
    }

    pub async fn grant(&self, id: &GrantId) -> Result<GrantView, StoreError> {
        const SQL: &str = views!("where g.id = $1");
        let row: ViewRow = read!(self, c => sqlx::query_as(SQL).bind(id.as_str()).fetch_one(c).await)?;
        view(row)
    }

    /// What an issuer's groups gave an account.
    pub async fn grants_from(&self, account: &AccountId, source: &str) -> Result<Vec<GrantView>, StoreError> {
        const SQL: &str = views!("where g.subject_kind = 'account' and g.subject_id = $1 and g.source = $2");
        let rows: Vec<ViewRow> =
            read!(self, c => sqlx::query_as(SQL).bind(account.as_str()).bind(source).fetch_all(c).await)?;
        rows.into_iter().map(view).collect()
    }

    /// Gives a role. Twice is once.
    pub async fn give_role(&self, new: &NewGrant, at: Millis, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        one_at_a_time(&mut tx).await?;
        insert(&mut tx, new, at, &entry.actor.id).await?;
        audit::append(&mut tx, entry).await?;
        hand_over(&mut tx, at, &entry.actor, &entry.origin).await?;
        tx.commit().await
    }

    /// Takes a role away.
    pub async fn take_role(&self, grant: &GrantId, entry: &AuditEntry) -> Result<Kept, StoreError> {
        const REMOVE: &str = "delete from grants where id = $1";
        self.keeping_admins(std::slice::from_ref(entry), async |tx| {
            within!(tx, c => sqlx::query(REMOVE).bind(grant.as_str()).execute(c).await.map(|_| ()))?;
            Ok(())
        })
        .await
    }

    /// Whether the installation has an Admin who can act.
    pub async fn has_administrator(&self) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await?;
        has_administrator(&mut tx).await
    }

    /// Makes the grants that an issuer's groups gave an account exactly these.
    pub async fn sync_grants(
        &self,
        account: &AccountId,
        source: &str,
        wanted: &[NewGrant],
        at: Millis,
        entries: &[AuditEntry],
    ) -> Result<Kept, StoreError> {
        const REMOVE: &str = "delete from grants where subject_kind = 'account' and subject_id = $1 and source = $2";
        self.keeping_admins(entries, async |tx| {
            within!(tx, c => sqlx::query(REMOVE).bind(account.as_str()).bind(source).execute(c).await.map(|_| ()))?;
            for grant in wanted {
                insert(tx, grant, at, source).await?;
            }
            match entries.first() {
                Some(entry) => hand_over(tx, at, &entry.actor, &entry.origin).await,
                None => Ok(()),
            }
        })
        .await
    }

    /// A change that may take rights away: it is undone if the installation or a Workspace would lose its last Admin.
    pub(super) async fn keeping_admins(
        &self,
        entries: &[AuditEntry],
        change: impl AsyncFnOnce(&mut Tx) -> Result<(), StoreError>,
    ) -> Result<Kept, StoreError> {
        let mut tx = self.pool.begin().await?;
        one_at_a_time(&mut tx).await?;
        let before = administered(&mut tx).await?;
        change(&mut tx).await?;
        if !before.is_subset(&administered(&mut tx).await?) {
            return Ok(Kept::LastAdmin);
        }
        for entry in entries {
            audit::append(&mut tx, entry).await?;
        }
        tx.commit().await?;
        Ok(Kept::Done)
    }
}

/// Two changes at once must not each rely on the other's Admin. SQLite has one writer anyway.
pub(super) async fn one_at_a_time(tx: &mut Tx) -> Result<(), StoreError> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query("lock table grants in share row exclusive mode").execute(&mut **tx).await?;
    }
    Ok(())
}

/// The installation's Admins become those of every Workspace that has none of its own. One that a program or the
/// operator's token makes starts like that, and one that is older than the first System Admin.
///
/// The transaction has to be [`one_at_a_time`].
pub(super) async fn hand_over(tx: &mut Tx, at: Millis, by: &Author, origin: &Origin) -> Result<(), StoreError> {
    const SQL: &str = "select w.id, w.name, g.id, g.source, g.subject_kind, g.subject_id, coalesce(a.name, t.name, '') \
                       from workspaces w join grants g on g.level = 'system' and g.role = 'SYSTEM_ADMIN' left join accounts a \
                       on g.subject_kind = 'account' and a.id = g.subject_id left join teams t on g.subject_kind = 'team' \
                       and t.id = g.subject_id order by w.name, g.id";
    let administered = administered(tx).await?;
    let rows: Vec<(String, String, String, String, String, String, String)> =
        within!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?;
    for (id, name, system, source, kind, subject, subject_name) in rows {
        if administered.contains(&(Level::Workspace.as_str().to_owned(), id.clone())) {
            continue;
        }
        let admin = NewGrant {
            id: GrantId::new(format!("{system}:{id}")),
            subject: subject_of(&kind, subject),
            role: RoleId::WORKSPACE_ADMIN.parse().expect("a built-in role's name"),
            at: Place::Workspace(WorkspaceId::new(id.clone())),
            // What came from a provider's groups goes with them.
            source,
        };
        insert(tx, &admin, at, &by.id).await?;
        let detail = format!("{} on {name} to {subject_name}: it had no Admin", admin.role);
        let entry = AuditEntry::from(by.clone(), origin.clone(), at, AuditAction::RoleGiven, detail);
        audit::append(tx, &entry.in_workspace(&WorkspaceId::new(id))).await?;
    }
    Ok(())
}

fn subject_of(kind: &str, id: String) -> Subject {
    match kind {
        "team" => Subject::Team(TeamId::new(id)),
        _ => Subject::Account(AccountId::new(id)),
    }
}

pub(super) async fn has_administrator(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(administered(tx).await?.iter().any(|(level, _)| level == Level::System.as_str()))
}

/// The installation and the Workspaces that have an Admin who can act: level and id. A Deployment's Admins are its
/// Workspace's too, so it always has one.
async fn administered(tx: &mut Tx) -> Result<BTreeSet<(String, String)>, StoreError> {
    const SQL: &str = "select distinct g.level, g.place_id from grants g left join team_members m on g.subject_kind = \
                       'team' and m.team_id = g.subject_id join accounts a on a.id = coalesce(m.account_id, \
                       g.subject_id) where a.disabled = 0 and a.kind = 'person' and ((g.level = 'system' and g.role = 'SYSTEM_ADMIN') or \
                       (g.level = 'workspace' and g.role = 'WORKSPACE_ADMIN'))";
    let rows: Vec<(String, String)> = within!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn insert(tx: &mut Tx, new: &NewGrant, at: Millis, by: &str) -> Result<(), StoreError> {
    const SQL: &str = "insert into grants (id, subject_kind, subject_id, role, level, place_id, source, created_at, \
                       created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing";
    within!(tx, c => {
        sqlx::query(SQL)
            .bind(new.id.as_str()).bind(new.subject.kind()).bind(new.subject.id()).bind(new.role.as_str())
            .bind(new.at.level().as_str()).bind(new.at.id()).bind(&new.source).bind(at.0).bind(by)
            .execute(c).await.map(|_| ())
    })?;
    match &new.subject {
        Subject::Account(account) => sign_in::end_reset_links(tx, account.as_str()).await,
        // Whoever is in the team has more from now on.
        Subject::Team(team) => {
            const SQL: &str = "delete from links where account_id in (select m.account_id from team_members m join accounts \
                               a on a.id = m.account_id where m.team_id = $1 and a.password_hash is not null)";
            within!(tx, c => sqlx::query(SQL).bind(team.as_str()).execute(c).await.map(|_| ()))?;
            Ok(())
        }
    }
}

impl NewGrant {
    /// Given by a person.
    pub fn local(id: GrantId, subject: Subject, role: RoleId, at: Place) -> Self {
        Self { id, subject, role, at, source: LOCAL.to_owned() }
    }
}
