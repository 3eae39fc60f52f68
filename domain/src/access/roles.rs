//! The roles in force: the original's, with what the configuration changes and adds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Level, Permission, PermissionSet, Role, RoleEdit, RoleId};

/// Every role that can be given, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    roles: BTreeMap<RoleId, Role>,
    /// The original's names that nothing here asks for.
    unused: BTreeSet<String>,
}

/// A role in the configuration, in the original's shape: an edit of a built-in one, or a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleConfig {
    pub name: Option<String>,
    /// Where a new role is given; a built-in one has its level.
    pub level: Option<String>,
    /// An empty value or `true` grants, `false` takes away.
    #[serde(default)]
    pub permissions: BTreeMap<String, Option<bool>>,
}

/// Roles in the configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRoles {
    #[error("the role {role}: `{permission}` is no permission. Did you mean `{nearest}`?")]
    UnknownPermission { role: String, permission: String, nearest: String },
    #[error(
        "there is no role {role}. Did you mean {nearest}? A new role needs `level: system`, `workspace` or `deployment`"
    )]
    UnknownRole { role: String, nearest: String },
    #[error("`{0}`: a role's name is 1 to 60 capital letters, digits and underscores, like DEPLOYMENT_EDITOR")]
    Name(String),
    #[error("the role {role}: `level` is system, workspace or deployment, not `{level}`")]
    Level { role: String, level: String },
    #[error("the role {role} is built in and given at the level {level}; that cannot change")]
    FixedLevel { role: String, level: Level },
    #[error("the role {role}: a role of the level {level} cannot hold `{permission}`, which is above it")]
    Above { role: String, level: Level, permission: String },
}

#[derive(Deserialize)]
struct BuiltIn {
    name: String,
    level: Level,
    permissions: Vec<String>,
}

impl Roles {
    /// The nine roles and USER, with the original's contents (`data/roles.json`: Astronomer Software 0.37).
    pub fn built_in() -> Self {
        let file: BTreeMap<RoleId, BuiltIn> = serde_json::from_str(include_str!("../../data/roles.json"))
            .expect("the file in the repository holds roles: tested");
        let mut roles = BTreeMap::new();
        let mut unused = BTreeSet::new();
        for (id, BuiltIn { name, level, permissions }) in file {
            let (used, others) = split(permissions);
            unused.extend(others.iter().cloned());
            let role = Role {
                id: id.clone(),
                name,
                level,
                permissions: used,
                unused: others,
                built_in: true,
                edits: Vec::new(),
            };
            roles.insert(id, role);
        }
        Self { roles, unused }
    }

    /// The built-in roles with the configuration's edits, and its new ones.
    ///
    /// # Errors
    /// A role or permission that does not exist: the message names the nearest one that does.
    pub fn configured(config: &BTreeMap<String, RoleConfig>) -> Result<Self, BadRoles> {
        let mut all = Self::built_in();
        for (name, config) in config {
            let role = match all.roles.values().find(|r| r.id.as_str() == name) {
                Some(role) => all.edited(role, config)?,
                None => all.new_role(name, config)?,
            };
            all.roles.insert(role.id.clone(), role);
        }
        Ok(all)
    }

    fn edited(&self, role: &Role, config: &RoleConfig) -> Result<Role, BadRoles> {
        let mut role = role.clone();
        if config.level.as_ref().is_some_and(|level| level != role.level.as_str()) {
            return Err(BadRoles::FixedLevel { role: role.id.to_string(), level: role.level });
        }
        if let Some(name) = &config.name {
            name.clone_into(&mut role.name);
        }
        for (permission, granted) in &config.permissions {
            self.edit(&mut role, permission, granted.unwrap_or(true))?;
        }
        Ok(role)
    }

    fn new_role(&self, name: &str, config: &RoleConfig) -> Result<Role, BadRoles> {
        let id: RoleId = name.parse().map_err(|_| BadRoles::Name(name.to_owned()))?;
        let Some(level) = &config.level else {
            return Err(BadRoles::UnknownRole { role: name.to_owned(), nearest: self.nearest(name) });
        };
        let bad = |_| BadRoles::Level { role: name.to_owned(), level: level.clone() };
        let mut role = Role {
            name: config.name.clone().unwrap_or_else(|| name.to_owned()),
            level: level.parse().map_err(bad)?,
            permissions: PermissionSet::new(),
            unused: Vec::new(),
            built_in: false,
            edits: Vec::new(),
            id,
        };
        for (permission, granted) in &config.permissions {
            self.edit(&mut role, permission, granted.unwrap_or(true))?;
        }
        role.edits.clear();
        Ok(role)
    }

    fn edit(&self, role: &mut Role, name: &str, granted: bool) -> Result<(), BadRoles> {
        let above = match role.level {
            Level::System => false,
            Level::Workspace => name.starts_with("system."),
            Level::Deployment => !name.starts_with("deployment."),
        };
        if !self.is_known(name) {
            let all = Permission::ALL.iter().map(|p| p.as_str()).chain(self.unused.iter().map(String::as_str));
            let nearest = nearest(name, all);
            return Err(BadRoles::UnknownPermission {
                role: role.id.to_string(),
                permission: name.to_owned(),
                nearest,
            });
        }
        if granted && above {
            let (role, level) = (role.id.to_string(), role.level);
            return Err(BadRoles::Above { role, level, permission: name.to_owned() });
        }
        let changed = match (name.parse::<Permission>(), granted) {
            (Ok(permission), true) => role.permissions.insert(permission),
            (Ok(permission), false) => role.permissions.remove(&permission),
            (Err(_), true) if !role.unused.iter().any(|p| p == name) => {
                role.unused.push(name.to_owned());
                true
            }
            (Err(_), true) => false,
            (Err(_), false) => {
                let before = role.unused.len();
                role.unused.retain(|p| p != name);
                role.unused.len() != before
            }
        };
        if changed {
            role.edits.push(RoleEdit { permission: name.to_owned(), granted });
        }
        Ok(())
    }

    pub fn get(&self, id: &RoleId) -> Option<&Role> {
        self.roles.get(id)
    }

    /// The name of the role that a name is most like.
    pub fn nearest(&self, name: &str) -> String {
        nearest(name, self.roles.keys().map(RoleId::as_str))
    }

    /// All roles, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// A permission of the original, whether something here asks for it or not.
    pub fn is_known(&self, permission: &str) -> bool {
        permission.parse::<Permission>().is_ok() || self.unused.contains(permission)
    }

    /// What a role brings where it is given, and below.
    ///
    /// A Workspace Admin is Deployment Admin, and a Workspace Editor Deployment Editor, of all its Deployments; the
    /// present contents of those roles count.
    pub fn permissions(&self, id: &RoleId) -> PermissionSet {
        let own = |id: &str| {
            let role = self.roles.values().find(|r| r.id.as_str() == id);
            role.map(|r| r.permissions.clone()).unwrap_or_default()
        };
        let mut all = own(id.as_str());
        match id.as_str() {
            RoleId::WORKSPACE_ADMIN => all.extend(own(RoleId::DEPLOYMENT_ADMIN)),
            RoleId::WORKSPACE_EDITOR => all.extend(own(RoleId::DEPLOYMENT_EDITOR)),
            _ => {}
        }
        let implied: Vec<_> = all.iter().flat_map(|p| p.implied()).copied().collect();
        all.extend(implied);
        all
    }
}

fn split(names: Vec<String>) -> (PermissionSet, Vec<String>) {
    let mut used = PermissionSet::new();
    let mut others = Vec::new();
    for name in names {
        match name.parse() {
            Ok(permission) => {
                used.insert(permission);
            }
            Err(_) => others.push(name),
        }
    }
    (used, others)
}

/// The name with the smallest edit distance.
fn nearest<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> String {
    all.min_by_key(|known| strsim::damerau_levenshtein(name, known)).unwrap_or_default().to_owned()
}
