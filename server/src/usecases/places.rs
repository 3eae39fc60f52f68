//! A place where roles are given, as a caller sees it.

use backstep_domain::{Deployment, Permission, PermissionSet, Place, Principal, Problem};

use super::{
    UseCases,
    access::{Where, of},
};

/// A place that the caller may see, with what the caller may do there.
pub(super) struct SeenPlace {
    pub place: Place,
    /// As people read it.
    pub name: String,
    pub permissions: PermissionSet,
    /// The Deployment, where the place is one.
    pub deployment: Option<Deployment>,
}

/// The permission for the same thing at each level.
pub(super) struct AtLevel {
    pub system: Permission,
    pub workspace: Permission,
    pub deployment: Permission,
}

impl AtLevel {
    pub(super) fn at(&self, place: &Place) -> Permission {
        match place {
            Place::System => self.system,
            Place::Workspace(_) => self.workspace,
            Place::Deployment(_) => self.deployment,
        }
    }
}

impl SeenPlace {
    /// For the audit log.
    pub(super) fn asked(&self) -> Where<'_> {
        match (&self.deployment, &self.place) {
            (Some(deployment), _) => Where::Deployment(deployment),
            (None, Place::Workspace(id)) => Where::Workspace(id),
            (None, _) => Where::Everywhere,
        }
    }
}

impl UseCases {
    /// The place, if the caller may see it: what may not be seen is not there.
    pub(super) async fn place(&self, who: &Principal, place: &Place) -> Result<SeenPlace, Problem> {
        match place {
            Place::System => {
                let permissions = Permission::ALL.iter().copied().filter(|p| who.may(*p)).collect();
                let name = "the installation".to_owned();
                Ok(SeenPlace { place: place.clone(), name, permissions, deployment: None })
            }
            Place::Workspace(id) => {
                let permissions = who.permissions_in(id);
                if !permissions.contains(&Permission::WorkspaceConfigGet) {
                    return Err(Problem::not_found("Workspace"));
                }
                let workspace = self.store.workspace(id).await.map_err(of("Workspace"))?;
                Ok(SeenPlace { place: place.clone(), name: workspace.name, permissions, deployment: None })
            }
            Place::Deployment(id) => {
                let deployment = self.visible(who, id).await?;
                let permissions = who.permissions_on(&deployment);
                let name = deployment.name.clone();
                Ok(SeenPlace { place: place.clone(), name, permissions, deployment: Some(deployment) })
            }
        }
    }

    /// The place, if the caller may do this there.
    pub(super) async fn place_with(
        &self,
        who: &Principal,
        place: &Place,
        needed: &AtLevel,
        to_do: &str,
    ) -> Result<SeenPlace, Problem> {
        let seen = self.place(who, place).await?;
        let permission = needed.at(place);
        if seen.permissions.contains(&permission) {
            return Ok(seen);
        }
        let message = format!("You may not {to_do}: it needs the permission {permission} on {}.", seen.name);
        Err(self.refused(who, seen.asked(), message).await)
    }
}
