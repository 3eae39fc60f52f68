//! The roles in the configuration: a YAML file in the shape of Astronomer Software's values.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use backstep_domain::{BadRoles, RoleConfig, Roles};
use serde::Deserialize;

/// A file of roles that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadRolesFile {
    #[error("the roles file {path} cannot be read: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("the roles file {path} is not right: {error}")]
    Wrong { path: PathBuf, error: String },
    #[error("the roles file {0} has no `roles:`, neither at its top nor below astronomer.houston.config")]
    NoRoles(PathBuf),
    #[error("the roles file {path}: {error}")]
    Roles { path: PathBuf, error: BadRoles },
}

/// `roles:` at the top, or where the original has it, so that its own values file can be named as it is.
#[derive(Deserialize)]
struct File {
    roles: Option<BTreeMap<String, RoleConfig>>,
    astronomer: Option<Astronomer>,
}

#[derive(Deserialize)]
struct Astronomer {
    houston: Option<Houston>,
}

#[derive(Deserialize)]
struct Houston {
    config: Option<HoustonConfig>,
}

#[derive(Deserialize)]
struct HoustonConfig {
    roles: Option<BTreeMap<String, RoleConfig>>,
}

/// Reads the file and applies it to the built-in roles; `more` are roles of the program's own, the demo's.
pub fn read(path: Option<&Path>, more: BTreeMap<String, RoleConfig>) -> Result<Roles, BadRolesFile> {
    let mut config = match path {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| BadRolesFile::Unreadable { path: path.to_owned(), error })?;
            parse(&text, path)?
        }
        None => BTreeMap::new(),
    };
    config.extend(more);
    Roles::configured(&config)
        .map_err(|error| BadRolesFile::Roles { path: path.unwrap_or(Path::new("(built in)")).to_owned(), error })
}

fn parse(text: &str, path: &Path) -> Result<BTreeMap<String, RoleConfig>, BadRolesFile> {
    let file: File = serde_saphyr::from_str(text)
        .map_err(|error| BadRolesFile::Wrong { path: path.to_owned(), error: error.to_string() })?;
    let nested = || file.astronomer?.houston?.config?.roles;
    file.roles.or_else(nested).ok_or_else(|| BadRolesFile::NoRoles(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use backstep_domain::{Permission, RoleId};

    use super::*;

    fn roles(text: &str) -> Result<Roles, String> {
        let path = Path::new("values.yaml");
        let config = parse(text, path).map_err(|e| e.to_string())?;
        Roles::configured(&config).map_err(|e| e.to_string())
    }

    fn editor(roles: &Roles) -> bool {
        let id: RoleId = "DEPLOYMENT_EDITOR".parse().unwrap();
        roles.get(&id).unwrap().permissions.contains(&Permission::ImagesPush)
    }

    #[test]
    fn the_originals_own_shape_is_read() {
        let top = "roles:\n  DEPLOYMENT_EDITOR:\n    permissions:\n      deployment.images.push: false\n";
        assert!(!editor(&roles(top).unwrap()));
        let nested = "global: {}\nastronomer:\n  houston:\n    config:\n      roles:\n        DEPLOYMENT_EDITOR:\n          \
                      permissions:\n            deployment.images.push: false\n            deployment.logs.get:\n";
        assert!(!editor(&roles(nested).unwrap()));
    }

    #[test]
    fn an_empty_value_grants() {
        let text = "roles:\n  DEPLOYMENT_VIEWER:\n    permissions:\n      deployment.dags.push:\n";
        let viewer: RoleId = "DEPLOYMENT_VIEWER".parse().unwrap();
        assert!(roles(text).unwrap().get(&viewer).unwrap().permissions.contains(&Permission::DagsPush));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error =
            roles("roles:\n  DEPLOYMENT_EDITOR:\n    permissions:\n      deployment.dag.push: true\n").unwrap_err();
        assert!(error.contains("deployment.dags.push"), "{error}");
        let error = roles("roles:\n  DEPLOYMENT_EDITOR:\n    permisions: {}\n").unwrap_err();
        assert!(error.contains("permisions"), "{error}");
        assert!(roles("role: {}\n").unwrap_err().contains("no `roles:`"));
    }
}
