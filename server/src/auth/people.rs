//! The five people of the demo: seeded accounts, on the same machinery as any other.

use std::collections::BTreeMap;

use backstep_domain::{
    Account, AccountId, AccountKind, Author, GrantId, Millis, Place, RoleConfig, Subject, WorkspaceId,
};

use crate::store::{NewGrant, Store, StoreError};

/// Somebody to be in the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoPerson {
    Viewer,
    Dags,
    Images,
    Editor,
    Admin,
}

impl DemoPerson {
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Dags, Self::Images, Self::Editor, Self::Admin];

    /// The account's id, and the author's in the history.
    pub fn id(self) -> &'static str {
        match self {
            Self::Viewer => "demo:viewer",
            Self::Dags => "demo:dags",
            Self::Images => "demo:images",
            Self::Editor => "demo:editor",
            Self::Admin => "demo:admin",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "Vera (viewer)",
            Self::Dags => "Dana (DAGs only)",
            Self::Images => "Imre (images only)",
            Self::Editor => "Edda (editor)",
            Self::Admin => "Ada (admin)",
        }
    }

    fn login(self) -> &'static str {
        match self {
            Self::Viewer => "vera@demo",
            Self::Dags => "dana@demo",
            Self::Images => "imre@demo",
            Self::Editor => "edda@demo",
            Self::Admin => "ada@demo",
        }
    }

    /// The role that the person has in the demo's Workspace; the administrator has one everywhere.
    fn role(self) -> &'static str {
        match self {
            Self::Viewer => "DEMO_VIEWER",
            Self::Dags => "DEMO_DAGS_ONLY",
            Self::Images => "DEMO_IMAGES_ONLY",
            Self::Editor => "WORKSPACE_EDITOR",
            Self::Admin => "SYSTEM_ADMIN",
        }
    }

    pub fn with_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.id() == id)
    }

    /// The demo's bearer tokens are no secrets: `demo-viewer`, `demo-dags` ... The demo listens on loopback only.
    pub fn with_token(token: &str) -> Option<Self> {
        let name = token.strip_prefix("demo-")?;
        Self::ALL.into_iter().find(|p| p.id().strip_prefix("demo:") == Some(name))
    }

    pub fn author(self) -> Author {
        Author { id: self.id().to_owned(), name: self.name().to_owned() }
    }

    pub fn account(self) -> AccountId {
        AccountId::new(self.id())
    }
}

/// Three roles of the demo's own, as a configuration would define them.
pub fn demo_roles() -> BTreeMap<String, RoleConfig> {
    let reading = [
        "workspace.config.get",
        "workspace.deployments.get",
        "deployment.config.get",
        "deployment.deployRevisions.get",
        "deployment.logs.get",
        "deployment.users.get",
    ];
    let role = |name: &str, more: &[&str]| RoleConfig {
        name: Some(name.to_owned()),
        level: Some("workspace".to_owned()),
        permissions: reading.iter().chain(more).map(|p| ((*p).to_owned(), None)).collect(),
    };
    [
        ("DEMO_VIEWER".to_owned(), role("Viewer of all Deployments", &[])),
        ("DEMO_DAGS_ONLY".to_owned(), role("DAGs only", &["deployment.dags.push"])),
        ("DEMO_IMAGES_ONLY".to_owned(), role("Images only", &["deployment.images.push"])),
    ]
    .into()
}

/// Puts the five people and their roles into the store.
pub async fn seed(store: &Store, workspace: &WorkspaceId, at: Millis) -> Result<(), StoreError> {
    for person in DemoPerson::ALL {
        let account = Account {
            id: person.account(),
            kind: AccountKind::Person,
            name: person.name().to_owned(),
            login: Some(person.login().to_owned()),
            disabled: false,
            home: Place::System,
            created_at: at,
        };
        let place = match person {
            DemoPerson::Admin => Place::System,
            _ => Place::Workspace(workspace.clone()),
        };
        let role = person.role().parse().expect("the demo's roles have names of roles");
        let grant = NewGrant::local(GrantId::new(person.id()), Subject::Account(account.id.clone()), role, place);
        store.seed_account(&account, &grant).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use backstep_domain::{Permission, Roles};

    use super::*;

    #[test]
    fn each_person_is_found_by_id_and_token() {
        for person in DemoPerson::ALL {
            assert_eq!(DemoPerson::with_id(person.id()), Some(person));
            let token = format!("demo-{}", person.id().trim_start_matches("demo:"));
            assert_eq!(DemoPerson::with_token(&token), Some(person));
        }
        assert_eq!(DemoPerson::with_token("demo-"), None);
        assert_eq!(DemoPerson::with_token("demo:admin"), None);
    }

    #[test]
    fn the_demos_roles_can_be_configured() {
        let roles = Roles::configured(&demo_roles()).unwrap();
        let of = |person: DemoPerson| roles.permissions(&person.role().parse().unwrap());
        assert!(of(DemoPerson::Dags).contains(&Permission::DagsPush));
        assert!(!of(DemoPerson::Dags).contains(&Permission::ImagesPush));
        assert!(!of(DemoPerson::Viewer).contains(&Permission::DagsPush));
        assert!(of(DemoPerson::Editor).contains(&Permission::DeploymentConfigUpdate));
    }
}
