//! `[oidc]` in the configuration: the provider that people sign in with, and what its groups may do here.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
};

use backstep_domain::{Level, RoleId, Roles};
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use serde::{Deserialize, Serialize};

use crate::outbound::is_loopback;

/// `[oidc]`, as written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider's issuer, exactly as it writes it itself: `https://login.example/realms/data`.
    pub issuer: String,
    pub client_id: String,
    /// At most one of these three; none for a client without a secret (PKCE alone protects it).
    pub client_secret: Option<Masked>,
    pub client_secret_file: Option<PathBuf>,
    pub client_secret_env: Option<String>,
    /// On the button: "Sign in with NAME". The issuer's host unless set.
    pub name: Option<String>,
    /// What is asked for beside `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The claim that lists somebody's groups; a path with dots where it is nested: `realm_access.roles`.
    #[serde(default = "default_groups_claim")]
    pub groups_claim: String,
    /// Certificates (PEM) of the authority that signed the provider's, if it is a private one.
    pub ca_file: Option<PathBuf>,
    #[serde(default)]
    pub roles: Vec<GroupRole>,
}

/// `[[oidc.roles]]`: what everybody in a group may do. Without a place, the role holds for the whole installation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    pub group: String,
    pub role: RoleId,
    /// Name or id of a Workspace.
    pub workspace: Option<String>,
    /// Name or id of a Deployment; with `workspace`, of the one there.
    pub deployment: Option<String>,
}

impl GroupRole {
    /// The level that the role must be of.
    pub fn level(&self) -> Level {
        match (&self.workspace, &self.deployment) {
            (_, Some(_)) => Level::Deployment,
            (Some(_), None) => Level::Workspace,
            (None, None) => Level::System,
        }
    }
}

impl fmt::Display for GroupRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for the group {}", self.role, self.group)
    }
}

/// A secret in the file: no log and no error shows it.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Masked(String);

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Serialize for Masked {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn default_groups_claim() -> String {
    "groups".to_owned()
}

/// `[oidc]` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadOidc {
    #[error("[oidc] issuer `{0}` is no address; write it as the provider does, https://login.example/realms/data")]
    Issuer(String),
    #[error(
        "[oidc] issuer `{0}` is not https, so anybody between could sign in as anybody; only a loopback address may be http"
    )]
    PlainIssuer(String),
    #[error("[oidc] issuer `{0}` has a query or a fragment; an issuer has none")]
    IssuerParts(String),
    #[error("[oidc] client_id is empty")]
    ClientId,
    #[error("[oidc] takes one of client_secret_file, client_secret_env and client_secret, not several")]
    Secrets,
    #[error("[oidc] client_secret_file {path} cannot be read: {error}")]
    SecretFile { path: PathBuf, error: std::io::Error },
    #[error("[oidc] client_secret_env: the environment variable {0} is not set")]
    SecretEnv(String),
    #[error("[oidc] the client's secret is empty")]
    EmptySecret,
    #[error("[oidc] needs [server] public_url: the provider sends people back to PUBLIC_URL/sign-in/oidc/callback")]
    PublicUrl,
    #[error("[oidc] groups_claim is empty")]
    GroupsClaim,
    #[error("[[oidc.roles]] {0}: the group is empty")]
    Group(RoleId),
    #[error("[[oidc.roles]] {role}: there is no such role. Did you mean {nearest}?")]
    UnknownRole { role: Box<GroupRole>, nearest: String },
    #[error("[[oidc.roles]] {role}: a role of the level {level}, but given at the level {at}: {}", where_it_goes(*.level))]
    Level { role: Box<GroupRole>, level: Level, at: Level },
    #[error("[oidc] ca_file {path} cannot be read: {error}")]
    CaFile { path: PathBuf, error: std::io::Error },
    #[error("[oidc] ca_file {0} holds no certificates in PEM form")]
    Ca(PathBuf),
    #[error("[oidc] the connection to the provider cannot be set up: {0}")]
    Http(reqwest::Error),
}

/// `[oidc]`, checked, with its secret read.
#[derive(Clone, Debug)]
pub struct Settings {
    pub issuer: IssuerUrl,
    pub client_id: ClientId,
    /// Its `Debug` hides it.
    pub client_secret: Option<ClientSecret>,
    pub name: String,
    pub scopes: Vec<String>,
    pub groups_claim: String,
    /// `https://backstep.example`, without a slash at the end.
    pub public_url: String,
    pub ca_file: Option<PathBuf>,
    pub roles: Vec<GroupRole>,
}

fn where_it_goes(level: Level) -> &'static str {
    match level {
        Level::System => "leave out `workspace` and `deployment`",
        Level::Workspace => "it needs `workspace`, and no `deployment`",
        Level::Deployment => "it needs `deployment`",
    }
}

impl Settings {
    /// Whether every role in `[[oidc.roles]]` is there, and given where it can be.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check_roles(&self, roles: &Roles) -> Result<(), BadOidc> {
        for wanted in &self.roles {
            let role = Box::new(wanted.clone());
            match roles.get(&wanted.role).filter(|role| role.id.as_str() != RoleId::USER) {
                None => return Err(BadOidc::UnknownRole { nearest: roles.nearest(wanted.role.as_str()), role }),
                Some(known) if known.level != wanted.level() => {
                    return Err(BadOidc::Level { role, level: known.level, at: wanted.level() });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

impl OidcConfig {
    /// What can be checked without reading anything else.
    ///
    /// # Errors
    /// The first thing that is not right.
    pub fn check(&self) -> Result<(), BadOidc> {
        self.issuer()?;
        if self.client_id.trim().is_empty() {
            return Err(BadOidc::ClientId);
        }
        let secrets =
            [self.client_secret.is_some(), self.client_secret_file.is_some(), self.client_secret_env.is_some()];
        if secrets.into_iter().filter(|given| *given).count() > 1 {
            return Err(BadOidc::Secrets);
        }
        if self.groups_claim.trim().is_empty() {
            return Err(BadOidc::GroupsClaim);
        }
        match self.roles.iter().find(|r| r.group.trim().is_empty()) {
            Some(role) => Err(BadOidc::Group(role.role.clone())),
            None => Ok(()),
        }
    }

    /// Checks, and reads the secret.
    ///
    /// # Errors
    /// The first thing that is not right.
    pub fn settings(&self, public_url: Option<&str>) -> Result<Settings, BadOidc> {
        self.check()?;
        let public_url = public_url.ok_or(BadOidc::PublicUrl)?.trim_end_matches('/').to_owned();
        let issuer = self.issuer()?;
        let host = issuer.url().host_str().unwrap_or_default().to_owned();
        Ok(Settings {
            client_id: ClientId::new(self.client_id.trim().to_owned()),
            client_secret: self.secret()?.map(ClientSecret::new),
            name: self.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or(host),
            scopes: self.scopes.clone(),
            groups_claim: self.groups_claim.clone(),
            ca_file: self.ca_file.clone(),
            roles: self.roles.clone(),
            issuer,
            public_url,
        })
    }

    fn issuer(&self) -> Result<IssuerUrl, BadOidc> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|_| BadOidc::Issuer(self.issuer.clone()))?;
        let url = issuer.url();
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url) => {}
            "http" => return Err(BadOidc::PlainIssuer(self.issuer.clone())),
            _ => return Err(BadOidc::Issuer(self.issuer.clone())),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadOidc::IssuerParts(self.issuer.clone()));
        }
        Ok(issuer)
    }

    fn secret(&self) -> Result<Option<String>, BadOidc> {
        let secret = match (&self.client_secret, &self.client_secret_file, &self.client_secret_env) {
            (Some(Masked(secret)), _, _) => secret.clone(),
            (_, Some(path), _) => read_secret(path)?,
            (_, _, Some(name)) => env::var(name).map_err(|_| BadOidc::SecretEnv(name.clone()))?,
            (None, None, None) => return Ok(None),
        };
        let secret = secret.trim();
        if secret.is_empty() { Err(BadOidc::EmptySecret) } else { Ok(Some(secret.to_owned())) }
    }
}

fn read_secret(path: &Path) -> Result<String, BadOidc> {
    fs::read_to_string(path).map_err(|error| BadOidc::SecretFile { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "issuer = 'https://login.example'\nclient_id = 'backstep'\n";

    fn config(text: &str) -> OidcConfig {
        toml::from_str(text).unwrap()
    }

    fn refused(text: &str) -> String {
        config(text).settings(Some("https://backstep.example")).unwrap_err().to_string()
    }

    #[test]
    fn the_smallest_configuration() {
        let settings = config(SMALLEST).settings(Some("https://backstep.example/")).unwrap();
        assert_eq!(settings.name, "login.example");
        assert_eq!(settings.groups_claim, "groups");
        assert_eq!(settings.scopes, ["profile", "email"]);
        assert_eq!(settings.public_url, "https://backstep.example");
        assert!(settings.client_secret.is_none());
    }

    #[test]
    fn http_issuers_are_loopback_only() {
        for good in ["http://127.0.0.1:8080", "http://localhost:8080/realms/x", "http://[::1]:9"] {
            assert!(config(&format!("issuer = '{good}'\nclient_id = 'x'")).check().is_ok(), "{good}");
        }
        for bad in ["http://login.example", "http://127.0.0.1.example", "http://localhost.example", "http://10.0.0.1"] {
            assert!(refused(&format!("issuer = '{bad}'\nclient_id = 'x'")).contains("not https"), "{bad}");
        }
        for bad in ["login.example", "ftp://login.example", "https://login.example/?a=b", "https://login.example/#x"] {
            refused(&format!("issuer = '{bad}'\nclient_id = 'x'"));
        }
    }

    #[test]
    fn the_secret_comes_from_one_place_and_is_shown_in_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "from-a-file\n").unwrap();
        let file = format!("client_secret_file = '{}'\n", path.display());
        let settings = config(&format!("{SMALLEST}{file}")).settings(Some("https://b.example")).unwrap();
        assert_eq!(settings.client_secret.as_ref().unwrap().secret(), "from-a-file");
        assert!(!format!("{settings:?}").contains("from-a-file"));

        let literal = config(&format!("{SMALLEST}client_secret = 'written-down'"));
        assert!(!format!("{literal:?}").contains("written-down"));
        assert!(refused(&format!("{SMALLEST}{file}client_secret = 'x'")).contains("not several"));
        assert!(refused(&format!("{SMALLEST}client_secret = ' '")).contains("empty"));
        assert!(refused(&format!("{SMALLEST}client_secret_file = '/nowhere/at/all'")).contains("/nowhere/at/all"));
        assert!(refused(&format!("{SMALLEST}client_secret_env = 'BACKSTEP_NO_SUCH'")).contains("BACKSTEP_NO_SUCH"));
    }

    #[test]
    fn a_role_holds_where_it_says() {
        let role = |more: &str| {
            let text = format!("{SMALLEST}[[roles]]\ngroup = 'a'\nrole = 'X'\n{more}");
            config(&text).roles[0].level()
        };
        assert_eq!(role(""), Level::System);
        assert_eq!(role("workspace = 'Data'"), Level::Workspace);
        assert_eq!(role("deployment = 'prod'"), Level::Deployment);
        assert_eq!(role("workspace = 'Data'\ndeployment = 'prod'"), Level::Deployment);
        assert!(refused(&format!("{SMALLEST}[[roles]]\ngroup = ' '\nrole = 'X'")).contains("group is empty"));
    }

    #[test]
    fn a_role_is_one_that_can_be_given_there() {
        let check = |more: &str| {
            let text = format!("{SMALLEST}[[roles]]\ngroup = 'a'\n{more}");
            let settings = config(&text).settings(Some("https://b.example")).unwrap();
            settings.check_roles(&Roles::built_in()).map_err(|e| e.to_string())
        };
        for good in [
            "role = 'SYSTEM_ADMIN'",
            "role = 'WORKSPACE_EDITOR'\nworkspace = 'Data'",
            "role = 'DEPLOYMENT_EDITOR'\nworkspace = 'Data'\ndeployment = 'prod'",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let unknown = check("role = 'DEPLOYMENT_EDITR'\ndeployment = 'prod'").unwrap_err();
        assert!(
            unknown.contains("DEPLOYMENT_EDITR for the group a") && unknown.ends_with("DEPLOYMENT_EDITOR?"),
            "{unknown}"
        );
        assert!(check("role = 'DEPLOYMENT_EDITOR'").unwrap_err().contains("needs `deployment`"));
        assert!(check("role = 'SYSTEM_ADMIN'\nworkspace = 'Data'").unwrap_err().contains("leave out"));
        assert!(check("role = 'USER'").unwrap_err().contains("no such role"));
    }

    #[test]
    fn the_examples_in_the_documentation_are_right() {
        #[derive(Deserialize)]
        struct Example {
            oidc: OidcConfig,
        }
        let text = include_str!("../../../../docs/sign-in.md");
        let examples: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(examples.len(), 2);
        for example in examples {
            let Example { oidc } = toml::from_str(example).unwrap();
            oidc.check().unwrap();
            let settings = OidcConfig { client_secret_file: None, client_secret_env: None, ..oidc };
            let settings = settings.settings(Some("https://backstep.example")).unwrap();
            settings.check_roles(&Roles::built_in()).unwrap();
        }
    }

    #[test]
    fn unknown_keys_and_a_missing_public_url_are_errors() {
        assert!(toml::from_str::<OidcConfig>(&format!("{SMALLEST}client_idd = 'x'")).is_err());
        assert!(
            toml::from_str::<OidcConfig>(&format!("{SMALLEST}[[roles]]\ngroup = 'a'\nrole = 'X'\nplace = 'p'"))
                .is_err()
        );
        assert!(config(SMALLEST).settings(None).unwrap_err().to_string().contains("public_url"));
    }
}
