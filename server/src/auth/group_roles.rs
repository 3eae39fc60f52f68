//! The roles that somebody's groups at the provider bring: given and taken at each sign-in.

use std::collections::BTreeSet;

use backstep_domain::{
    Account, AuditAction, AuditEntry, Author, Deployment, GrantId, GrantView, Origin, Place, Principal, Problem,
    RoleId, Subject, Workspace,
};

use super::{
    Auth,
    oidc::{GroupRole, Identity, Oidc},
    sign_in::failed,
};
use crate::store::{Kept, NewGrant};

/// Why a role of the configuration holds nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum NoPlace {
    #[error("there is no such Workspace or Deployment (yet)")]
    Unknown,
    #[error("several Deployments have this name; add the Workspace, or write the id")]
    Ambiguous,
}

impl Auth {
    /// Makes the roles that come from the provider those of the groups that somebody is in now. Roles that people gave
    /// here stay as they are.
    pub(super) async fn sync_roles(
        &self,
        provider: &Oidc,
        account: &Account,
        identity: &Identity,
        origin: &Origin,
    ) -> Result<(), Problem> {
        let source = &identity.issuer;
        let before = self.parts.store.grants_from(&account.id, source).await.map_err(failed)?;
        let (mut wanted, unclear) = self.wanted(provider, &identity.groups).await?;
        let had: BTreeSet<_> = before.iter().map(|g| (g.role.clone(), g.at.clone())).collect();
        // Somebody else's Deployment of the same name, or a new name of the right one, takes no role away.
        wanted.extend(had.iter().filter(|(role, _)| unclear.contains(role)).cloned());
        if wanted.iter().any(|(role, _)| role.as_str() == RoleId::SYSTEM_ADMIN) {
            // The Workspaces without an Admin that were handed to them.
            wanted.extend(had.iter().filter(|(role, _)| role.as_str() == RoleId::WORKSPACE_ADMIN).cloned());
        }
        if had == wanted {
            return Ok(());
        }
        if let Kept::LastAdmin = self.change_roles(provider, account, &before, &wanted, source, origin).await? {
            // Without it nobody could put anything right here.
            let keep = had.into_iter().filter(|(role, _)| is_admin(role));
            wanted.extend(keep);
            tracing::warn!(account = %account.id, "the provider took an Admin's role away that nobody else has; it was kept");
            if let Kept::LastAdmin = self.change_roles(provider, account, &before, &wanted, source, origin).await? {
                tracing::error!(account = %account.id, "the roles of the provider's groups could not be put in force");
            }
        }
        Ok(())
    }

    /// The roles of these groups where they hold, and those of them whose place is not clear now.
    async fn wanted(
        &self,
        provider: &Oidc,
        groups: &BTreeSet<String>,
    ) -> Result<(BTreeSet<(RoleId, Place)>, BTreeSet<RoleId>), Problem> {
        let roles: Vec<_> = provider.roles(groups).collect();
        if roles.is_empty() {
            return Ok(<_>::default());
        }
        let workspaces = self.parts.store.workspaces().await.map_err(failed)?;
        let deployments = self.parts.store.deployments(None).await.map_err(failed)?;
        let (mut wanted, mut unclear) = (BTreeSet::new(), BTreeSet::new());
        for role in roles {
            match place(role, &workspaces, &deployments) {
                Ok(place) => {
                    wanted.insert((role.role.clone(), place));
                }
                Err(why) => {
                    tracing::warn!(%role, %why, "a role in [[oidc.roles]] holds nowhere");
                    unclear.insert(role.role.clone());
                }
            }
        }
        Ok((wanted, unclear))
    }

    async fn change_roles(
        &self,
        provider: &Oidc,
        account: &Account,
        before: &[GrantView],
        wanted: &BTreeSet<(RoleId, Place)>,
        source: &str,
        origin: &Origin,
    ) -> Result<Kept, Problem> {
        let now = self.now();
        let who = Principal::new(provider.author(), [].into()).from(origin.clone());
        let entry = |action, role: &RoleId, at: &Place, detail: String| {
            let entry = AuditEntry::by(&who, now, action, format!("{role} {detail} {}", account.name));
            AuditEntry {
                workspace: if let Place::Workspace(id) = at { Some(id.clone()) } else { None },
                deployment: if let Place::Deployment(id) = at { Some(id.clone()) } else { None },
                ..entry
            }
        };
        let mut entries = Vec::new();
        let mut grants = Vec::new();
        for (role, at) in wanted {
            let had = before.iter().find(|g| g.role == *role && g.at == *at);
            if had.is_none() {
                entries.push(entry(AuditAction::RoleGiven, role, at, "by group to".to_owned()));
            }
            grants.push(NewGrant {
                id: had.map_or_else(|| GrantId::new(self.parts.ids.next()), |grant| grant.id.clone()),
                subject: Subject::Account(account.id.clone()),
                role: role.clone(),
                at: at.clone(),
                source: source.to_owned(),
            });
        }
        for gone in before.iter().filter(|g| !wanted.contains(&(g.role.clone(), g.at.clone()))) {
            entries.push(entry(
                AuditAction::RoleTaken,
                &gone.role,
                &gone.at,
                format!("on {} by group from", gone.place_name),
            ));
        }
        self.parts.store.sync_grants(&account.id, source, &grants, now, &entries).await.map_err(failed)
    }
}

impl Oidc {
    /// Who did it, where the provider's word did.
    pub(super) fn author(&self) -> Author {
        Author { id: format!("oidc:{}", self.issuer()), name: self.name().to_owned() }
    }
}

fn is_admin(role: &RoleId) -> bool {
    matches!(role.as_str(), RoleId::SYSTEM_ADMIN | RoleId::WORKSPACE_ADMIN)
}

/// The place that the configuration names, by id or by name.
fn place(role: &GroupRole, workspaces: &[Workspace], deployments: &[Deployment]) -> Result<Place, NoPlace> {
    let workspace = match &role.workspace {
        None => None,
        Some(named) => {
            let by_id = workspaces.iter().find(|w| w.id.as_str() == named);
            let found = by_id.or_else(|| workspaces.iter().find(|w| w.name == *named));
            Some(&found.ok_or(NoPlace::Unknown)?.id)
        }
    };
    let Some(named) = &role.deployment else {
        return Ok(workspace.map_or(Place::System, |id| Place::Workspace(id.clone())));
    };
    let there: Vec<_> = deployments.iter().filter(|d| workspace.is_none_or(|id| d.workspace == *id)).collect();
    if let Some(found) = there.iter().find(|d| d.id.as_str() == named) {
        return Ok(Place::Deployment(found.id.clone()));
    }
    let mut named = there.iter().filter(|d| d.name == *named);
    match (named.next(), named.next()) {
        (Some(found), None) => Ok(Place::Deployment(found.id.clone())),
        (Some(_), Some(_)) => Err(NoPlace::Ambiguous),
        (None, _) => Err(NoPlace::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use backstep_domain::{DeploymentId, WorkspaceId};

    use super::*;
    use crate::auth::given::{deployment, workspace};

    fn found(workspace_named: Option<&str>, deployment_named: Option<&str>) -> Result<Place, NoPlace> {
        let workspaces = [workspace("w1", "Data"), workspace("w2", "Science")];
        let deployments =
            [deployment("d1", "w1", "prod"), deployment("d2", "w2", "prod"), deployment("d3", "w2", "d1")];
        let role = GroupRole {
            group: "g".to_owned(),
            role: "X".parse().unwrap(),
            workspace: workspace_named.map(str::to_owned),
            deployment: deployment_named.map(str::to_owned),
        };
        place(&role, &workspaces, &deployments)
    }

    #[test]
    fn a_place_is_named_by_id_or_name() {
        let deployment = |id: &str| Ok(Place::Deployment(DeploymentId::new(id)));
        assert_eq!(found(None, None), Ok(Place::System));
        assert_eq!(found(Some("w2"), None), Ok(Place::Workspace(WorkspaceId::new("w2"))));
        assert_eq!(found(Some("Science"), None), Ok(Place::Workspace(WorkspaceId::new("w2"))));
        assert_eq!(found(Some("Science"), Some("prod")), deployment("d2"));
        // An id goes before a name that looks like it.
        assert_eq!(found(None, Some("d1")), deployment("d1"));
        assert_eq!(found(Some("Science"), Some("d1")), deployment("d3"));
    }

    #[test]
    fn a_name_that_fits_nothing_or_several_gives_nothing() {
        assert_eq!(found(None, Some("prod")), Err(NoPlace::Ambiguous));
        assert_eq!(found(None, Some("dev")), Err(NoPlace::Unknown));
        assert_eq!(found(Some("Finance"), None), Err(NoPlace::Unknown));
        assert_eq!(found(Some("Finance"), Some("d1")), Err(NoPlace::Unknown));
    }
}
