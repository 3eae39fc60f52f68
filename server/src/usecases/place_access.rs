//! What the access page of a place shows.

use std::collections::BTreeSet;

use backstep_app::api::{GrantHere, MayHere, PlaceAccess, SubjectKind, Subjects};
use backstep_domain::{
    AccountId, AccountKind, GrantView, LOCAL, Permission, Place, Principal, Problem, Subject, Workspace,
};

use super::{
    UseCases,
    access::of,
    accounts::{CREATE_SERVICES, DISABLE_SERVICES, SEE_SERVICES},
    grants::{GIVE_TO_PEOPLE, GIVE_TO_SERVICES, GIVE_TO_TEAMS, SEE_USERS},
    places::{AtLevel, SeenPlace},
};
use crate::auth::OPERATOR;

impl UseCases {
    /// Who has which role at a place, whom else one could be given to, and what of that the caller may do.
    pub async fn place_access(&self, who: &Principal, place: &Place) -> Result<PlaceAccess, Problem> {
        let seen = self.place(who, place).await?;
        let may = may_here(&seen);
        let (grants, givable) = if seen.permissions.contains(&SEE_USERS.at(place)) {
            let access = self.access(who, place).await?;
            (Some(self.grants_here(&seen, may, access.grants).await?), access.givable)
        } else {
            (None, Vec::new())
        };
        let workspace = match &seen.deployment {
            Some(deployment) => Some(self.store.workspace(&deployment.workspace).await.map_err(of("Workspace"))?),
            None => None,
        };
        let services = if sees_services(&seen) { Some(self.service_accounts(who, place).await?) } else { None };
        Ok(PlaceAccess {
            place: place.clone(),
            may,
            grants,
            givable,
            subjects: self.subjects(who, &seen, workspace.as_ref()).await?,
            services,
            name: seen.name,
            workspace,
            own: (who.author.id != OPERATOR).then(|| who.author.clone()),
            role_names: self.roles.iter().map(|role| (role.id.clone(), role.name.clone())).collect(),
        })
    }

    /// Whom a text names: a person by login, else a team by name. For whoever may give roles at the place: they need not
    /// see all people for that.
    pub async fn subject_named(&self, who: &Principal, place: &Place, text: &str) -> Result<Subject, Problem> {
        let seen = self.place(who, place).await?;
        let may = may_here(&seen);
        if !may.give_to_people && !may.give_to_teams {
            let refusal = Problem::forbidden(format!("You may not give roles on {}.", seen.name));
            return self.noted(who, seen.asked(), Err(refusal)).await;
        }
        let text = text.trim();
        let person = self.store.account_by_login(&text.to_lowercase()).await.map_err(of("account"))?;
        if let Some((account, _)) = person {
            return Ok(Subject::Account(account.id));
        }
        let teams = self.store.teams().await.map_err(of("team"))?;
        let team = teams.into_iter().find(|team| team.name == text);
        team.map(|team| Subject::Team(team.id))
            .ok_or_else(|| Problem::invalid("named", format!("Nobody signs in as {text}, and no team has this name.")))
    }

    async fn grants_here(
        &self,
        seen: &SeenPlace,
        may: MayHere,
        grants: Vec<GrantView>,
    ) -> Result<Vec<GrantHere>, Problem> {
        let services = self.store.accounts(AccountKind::Service).await.map_err(of("account"))?;
        let services: BTreeSet<AccountId> = services.into_iter().map(|account| account.id).collect();
        let view = |grant: GrantView| {
            let (kind, may_give) = match &grant.subject {
                Subject::Team(_) => (SubjectKind::Team, may.give_to_teams),
                Subject::Account(id) if services.contains(id) => (SubjectKind::Service, may.give_to_services),
                Subject::Account(_) => (SubjectKind::Person, may.give_to_people),
            };
            let within = self.roles.permissions(&grant.role).is_subset(&seen.permissions);
            let may_take = may_give && within && grant.at == seen.place && grant.source == LOCAL;
            GrantHere { grant, kind, may_take }
        };
        Ok(grants.into_iter().map(view).collect())
    }

    async fn subjects(
        &self,
        who: &Principal,
        seen: &SeenPlace,
        workspace: Option<&Workspace>,
    ) -> Result<Subjects, Problem> {
        let mut homes = Vec::new();
        if sees_services(seen) {
            homes.push(seen.place.clone());
        }
        if let Some(workspace) = workspace
            && who.knows_workspace(&workspace.id)
            && who.permissions_in(&workspace.id).contains(&Permission::WorkspaceServiceAccountsGet)
        {
            homes.push(Place::Workspace(workspace.id.clone()));
        }
        if seen.place != Place::System && who.may(Permission::SystemServiceAccountsGet) {
            homes.push(Place::System);
        }
        let mut services = Vec::new();
        for home in homes {
            services.extend(self.service_accounts(who, &home).await?);
        }
        services.retain(|account| !account.disabled);
        let people = if who.may(Permission::SystemUsersGet) {
            let mut people = self.people(who).await?;
            people.retain(|account| !account.disabled);
            Some(people)
        } else {
            None
        };
        let teams = if who.may(Permission::SystemTeamsGet) { Some(self.teams(who).await?) } else { None };
        Ok(Subjects { people, teams, services })
    }
}

/// What the caller may not see is left out of the page, rather than asked for and refused.
fn sees_services(seen: &SeenPlace) -> bool {
    seen.permissions.contains(&SEE_SERVICES.at(&seen.place))
}

fn may_here(seen: &SeenPlace) -> MayHere {
    let may = |needed: &AtLevel| seen.permissions.contains(&needed.at(&seen.place));
    MayHere {
        give_to_people: may(&GIVE_TO_PEOPLE),
        give_to_teams: may(&GIVE_TO_TEAMS),
        give_to_services: may(&GIVE_TO_SERVICES),
        create_services: may(&CREATE_SERVICES),
        disable_services: may(&DISABLE_SERVICES),
    }
}
