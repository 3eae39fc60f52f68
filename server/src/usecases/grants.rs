use backstep_app::api::{AccessHere, Explained};
use backstep_domain::{
    Account, AccountId, AuditAction, AuditEntry, GrantId, GrantView, Level, Permission, PermissionSet, Place,
    Principal, Problem, ProblemCode, RoleId, Subject,
};

use super::{
    UseCases,
    access::of,
    places::{AtLevel, SeenPlace},
};
use crate::{
    auth::OPERATOR,
    store::{Kept, NewGrant},
};

pub(super) const SEE_USERS: AtLevel = AtLevel {
    system: Permission::SystemUsersGet,
    workspace: Permission::WorkspaceUsersGet,
    deployment: Permission::DeploymentUsersGet,
};
pub(super) const GIVE_TO_PEOPLE: AtLevel = AtLevel {
    system: Permission::SystemIamUpdate,
    workspace: Permission::WorkspaceIamUpdate,
    deployment: Permission::DeploymentUserRolesUpdate,
};
pub(super) const GIVE_TO_TEAMS: AtLevel = AtLevel {
    system: Permission::SystemIamUpdate,
    workspace: Permission::WorkspaceIamUpdate,
    deployment: Permission::DeploymentTeamRolesUpdate,
};
pub(super) const GIVE_TO_SERVICES: AtLevel = AtLevel {
    system: Permission::SystemServiceAccountsUpdate,
    workspace: Permission::WorkspaceServiceAccountsUpdate,
    deployment: Permission::DeploymentServiceAccountsUpdate,
};

impl UseCases {
    /// Who has a role at a place, with the roles that the caller could give there.
    pub async fn access(&self, who: &Principal, place: &Place) -> Result<AccessHere, Problem> {
        let seen = self.place_with(who, place, &SEE_USERS, "see who has access").await?;
        let all = self.store.grants().await.map_err(of("role"))?;
        let above = |grant: &GrantView| match (&grant.at, place) {
            (at, place) if at == place => true,
            (Place::System, _) => true,
            (Place::Workspace(id), Place::Deployment(_)) => {
                seen.deployment.as_ref().is_some_and(|d| d.workspace == *id)
            }
            _ => false,
        };
        let grants = all.into_iter().filter(above).collect();
        let to_anybody = [&GIVE_TO_PEOPLE, &GIVE_TO_TEAMS, &GIVE_TO_SERVICES];
        let may_give = to_anybody.iter().any(|n| seen.permissions.contains(&n.at(place)));
        let givable = self
            .roles
            .iter()
            .filter(|r| r.level == place.level() && r.id.as_str() != RoleId::USER)
            .filter(|r| may_give && self.roles.permissions(&r.id).is_subset(&seen.permissions))
            .map(|r| (r.id.clone(), r.name.clone()))
            .collect();
        Ok(AccessHere { place: place.clone(), place_name: seen.name, grants, givable })
    }

    /// Gives a role at a place. Nobody gives more than they have there themselves.
    pub async fn give_role(
        &self,
        who: &Principal,
        subject: Subject,
        role: &RoleId,
        place: &Place,
    ) -> Result<GrantView, Problem> {
        let seen = self.may_change(who, &subject, place, "give roles").await?;
        let known = self.roles.get(role).filter(|r| r.id.as_str() != RoleId::USER);
        let known = known.ok_or_else(|| Problem::invalid("role", format!("There is no role {role} to be given.")))?;
        if known.level != place.level() {
            let message =
                format!("{role} is a role of the level {}; it is not given on a {}.", known.level, place.level());
            return Err(Problem::invalid("role", message));
        }
        let within = check_within(&self.roles.permissions(role), &seen.permissions, role, &seen.name);
        self.noted(who, seen.asked(), within).await?;
        let name = self.subject_name(&subject, place).await?;
        let grant = NewGrant::local(GrantId::new(self.ids.next()), subject.clone(), role.clone(), place.clone());
        let now = self.clock.now();
        let entry =
            at(&seen, AuditEntry::by(who, now, AuditAction::RoleGiven, format!("{role} on {} to {name}", seen.name)));
        self.store.give_role(&grant, now, &entry).await.map_err(of("role"))?;
        let all = self.store.grants().await.map_err(of("role"))?;
        let given = all.into_iter().find(|g| g.subject == subject && g.role == *role && g.at == *place);
        given.ok_or_else(|| Problem::not_found("role"))
    }

    /// Takes a role away again.
    pub async fn take_role(&self, who: &Principal, id: &GrantId) -> Result<(), Problem> {
        let grant = self.store.grant(id).await.map_err(of("role"))?;
        let seen = self.may_change(who, &grant.subject, &grant.at, "take roles away").await?;
        let GrantView { role, subject_name, .. } = &grant;
        let within = check_within(&self.roles.permissions(role), &seen.permissions, role, &seen.name);
        self.noted(who, seen.asked(), within).await?;
        let detail = format!("{role} on {} from {subject_name}", seen.name);
        let entry = at(&seen, AuditEntry::by(who, self.clock.now(), AuditAction::RoleTaken, detail));
        kept(self.store.take_role(id, &entry).await.map_err(of("role"))?)?;
        self.changes.tell_access();
        Ok(())
    }

    /// What an account may do on a Deployment or in a Workspace, and through which roles.
    pub async fn explain_access(
        &self,
        who: &Principal,
        account: &AccountId,
        place: &Place,
    ) -> Result<Explained, Problem> {
        if account.as_str() == OPERATOR {
            // It may everything, through no role.
            return Err(Problem::not_found("account"));
        }
        let own = who.author.id == account.as_str();
        let seen = if own {
            self.place(who, place).await?
        } else {
            self.place_with(who, place, &SEE_USERS, "see what others may do").await?
        };
        let account = self.store.account(account).await.map_err(of("account"))?;
        let grants = self.store.grants_of(&account.id).await.map_err(of("role"))?;
        let here = |at: &Place| match (at, place) {
            (Place::System, _) => true,
            (Place::Workspace(id), Place::Deployment(_)) => {
                seen.deployment.as_ref().is_some_and(|d| d.workspace == *id)
            }
            (at, place) => at == place,
        };
        let grants: Vec<_> = grants.into_iter().filter(|g| here(&g.at)).collect();
        let through = |permission: Permission| {
            let bring = grants.iter().filter(|g| self.roles.permissions(&g.role).contains(&permission));
            bring.cloned().collect::<Vec<_>>()
        };
        let wanted = Permission::ALL.iter().copied().filter(|p| {
            let level = p.as_str().split('.').next().unwrap_or_default();
            level == place.level().as_str()
                || (place.level() == Level::Deployment && *p == Permission::DeployRevisionsGet)
        });
        let permissions = wanted.map(|p| (p, through(p))).collect();
        Ok(Explained { name: account.name, disabled: account.disabled, place_name: seen.name, permissions })
    }

    async fn may_change(
        &self,
        who: &Principal,
        subject: &Subject,
        place: &Place,
        to_do: &str,
    ) -> Result<SeenPlace, Problem> {
        let needed = match subject {
            Subject::Team(_) => &GIVE_TO_TEAMS,
            Subject::Account(id) => match self.store.account(id).await.map_err(of("account"))? {
                Account { login: Some(_), .. } => &GIVE_TO_PEOPLE,
                _ => &GIVE_TO_SERVICES,
            },
        };
        self.place_with(who, place, needed, to_do).await
    }

    /// The name of whom a role is given to; a service account gets none outside of where it belongs.
    async fn subject_name(&self, subject: &Subject, place: &Place) -> Result<String, Problem> {
        let id = match subject {
            Subject::Team(id) => {
                let teams = self.store.teams().await.map_err(of("team"))?;
                let team = teams.into_iter().find(|t| t.id == *id);
                return team.map(|t| t.name).ok_or_else(|| Problem::not_found("team"));
            }
            Subject::Account(id) => id,
        };
        let account = self.store.account(id).await.map_err(of("account"))?;
        let inside = match (&account.home, place) {
            (Place::System, _) => true,
            (Place::Workspace(home), Place::Deployment(id)) => {
                self.store.deployment(id).await.map_err(of("Deployment"))?.workspace == *home
            }
            (home, place) => home == place,
        };
        if inside {
            return Ok(account.name);
        }
        Err(Problem::invalid("role", format!("{} is a service account of another place.", account.name)))
    }
}

/// Nobody gives, or takes away, what they do not have themselves.
fn check_within(role: &PermissionSet, own: &PermissionSet, name: &RoleId, place: &str) -> Result<(), Problem> {
    let missing: Vec<_> = role.difference(own).map(|p| p.as_str()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "You may not give or take {name} on {place}: it holds {}, which you do not have there yourself.",
        missing.join(", ")
    )))
}

/// What came of a change that may take rights away.
pub(super) fn kept(outcome: Kept) -> Result<(), Problem> {
    match outcome {
        Kept::Done => Ok(()),
        Kept::LastAdmin => Err(Problem::new(
            ProblemCode::Conflict,
            "This would leave the installation or a Workspace without an Admin, so nothing was done. Make somebody else \
             an Admin first.",
        )),
    }
}

/// Where it happened.
pub(super) fn at(seen: &SeenPlace, entry: AuditEntry) -> AuditEntry {
    match (&seen.deployment, &seen.place) {
        (Some(deployment), _) => entry.on(deployment),
        (None, Place::Workspace(id)) => entry.in_workspace(id),
        (None, _) => entry,
    }
}
