use backstep_domain::{
    AccountId, AccountKind, AuditAction, AuditEntry, LOCAL, Permission, Principal, Problem, Team, TeamId,
};

use super::{
    UseCases,
    access::{Where, checked_name, of},
    grants::kept,
};

impl UseCases {
    /// Every team with its members.
    pub async fn teams(&self, who: &Principal) -> Result<Vec<Team>, Problem> {
        self.demand_anywhere(who, Permission::SystemTeamsGet, "see all teams").await?;
        self.store.teams().await.map_err(of("team"))
    }

    pub async fn create_team(&self, who: &Principal, name: &str) -> Result<TeamId, Problem> {
        self.demand_anywhere(who, Permission::SystemTeamsCreate, "create teams").await?;
        let (id, name, now) = (TeamId::new(self.ids.next()), checked_name("name", name, 100)?, self.clock.now());
        let entry = AuditEntry::by(who, now, AuditAction::TeamCreated, name.clone());
        self.store.create_team(&id, &name, now, &entry).await.map_err(of("team"))?;
        Ok(id)
    }

    /// Removes a team; its members lose the roles that it brought.
    pub async fn remove_team(&self, who: &Principal, id: &TeamId) -> Result<(), Problem> {
        self.demand_anywhere(who, Permission::SystemTeamsRemove, "remove teams").await?;
        let team = self.team(id).await?;
        self.check_team_not_above(who, &team).await?;
        let entry = AuditEntry::by(who, self.clock.now(), AuditAction::TeamRemoved, team.name);
        kept(self.store.remove_team(id, &entry).await.map_err(of("team"))?)?;
        self.changes.tell_access();
        Ok(())
    }

    /// Puts a person into a team, or takes one out.
    pub async fn set_team_member(
        &self,
        who: &Principal,
        id: &TeamId,
        account: &AccountId,
        member: bool,
    ) -> Result<(), Problem> {
        self.demand_anywhere(who, Permission::SystemTeamsUpdate, "change who is in a team").await?;
        let team = self.team(id).await?;
        self.check_team_not_above(who, &team).await?;
        let account = self.store.account(account).await.map_err(of("account"))?;
        if account.kind != AccountKind::Person {
            return Err(Problem::invalid("account", "Teams are of people; give a service account its role directly."));
        }
        let detail = format!("{} in {}", account.name, team.name);
        let now = self.clock.now();
        if member {
            let entry = AuditEntry::by(who, now, AuditAction::TeamMemberAdded, detail);
            return self.store.add_member(id, &account.id, LOCAL, &entry).await.map_err(of("team"));
        }
        let entry = AuditEntry::by(who, now, AuditAction::TeamMemberRemoved, detail);
        kept(self.store.remove_member(id, &account.id, &entry).await.map_err(of("team"))?)?;
        self.changes.tell_access();
        Ok(())
    }

    async fn team(&self, id: &TeamId) -> Result<Team, Problem> {
        let teams = self.store.teams().await.map_err(of("team"))?;
        teams.into_iter().find(|t| t.id == *id).ok_or_else(|| Problem::not_found("team"))
    }

    /// Who changes a team changes what its members may do: nobody does that beyond what they may themselves.
    async fn check_team_not_above(&self, who: &Principal, team: &Team) -> Result<(), Problem> {
        let grants = self.store.grants().await.map_err(of("role"))?;
        for grant in grants.iter().filter(|g| g.subject == backstep_domain::Subject::Team(team.id.clone())) {
            let own = self.place(who, &grant.at).await.map(|seen| seen.permissions).unwrap_or_default();
            if !self.roles.permissions(&grant.role).is_subset(&own) {
                let message =
                    format!("{} has the role {}, which holds more than you have there.", team.name, grant.role);
                return Err(self.refused(who, Where::Everywhere, message).await);
            }
        }
        Ok(())
    }
}
