//! The world of the matrix, and everybody who calls in it.

use std::fs;

use backstep_domain::{
    Author, Deployment, DeploymentId, Grant, Mechanism, Millis, Place, Principal, RoleConfig, Roles, TokenLimit,
    WorkspaceId,
};
use serde_json::{Value, json};

use super::{
    super::support::{Place as Folders, Server, TOKEN},
    Whose,
};

/// Roles with one half of the rights each, as a team would configure them.
const ROLES: &str = "roles:
  READER: { level: deployment, permissions: { deployment.deployRevisions.get: } }
  IMAGES_ONLY: { level: deployment, permissions: { deployment.deployRevisions.get: , deployment.images.push: } }
  DAGS_ONLY: { level: deployment, permissions: { deployment.deployRevisions.get: , deployment.dags.push: true } }
  BOTH_PARTS: { level: deployment, permissions: { deployment.deployRevisions.get: , deployment.images.push: , deployment.dags.push: } }
  PUSH_WITHOUT_READING: { level: deployment, permissions: { deployment.images.push: , deployment.dags.push: } }
";

/// What a caller sends along.
#[derive(Clone, Debug)]
pub enum Sent {
    Nothing,
    Token(String),
    /// A browser's session, as the `Cookie` header.
    Session(String),
}

pub struct Caller {
    pub name: String,
    pub sent: Sent,
    /// The token is one that nobody has.
    pub wrong: bool,
    /// A person, not a program.
    pub person: bool,
    /// What the caller may do, computed from the roles alone; `None`: nobody.
    pub principal: Option<Principal>,
}

impl Caller {
    /// A person in a browser.
    pub fn has_session(&self) -> bool {
        matches!(self.sent, Sent::Session(_))
    }
}

pub struct World {
    pub server: Server,
    pub callers: Vec<Caller>,
    /// What no answer, log line, event or export may hold.
    pub secrets: Vec<String>,
    /// Own, sibling, foreign.
    deployments: Vec<(DeploymentId, WorkspaceId)>,
}

const PASSWORD: &str = "canary of a password 0815";
/// A kept setting's value, next to the image in the target's file.
const IN_ENV: &str = "canary-4711";
const MISSING: &str = "00000000-0000-7000-8000-000000000000";

impl World {
    pub fn deployment(&self, whose: Whose) -> Option<Deployment> {
        let (id, workspace) = self.deployments.get(whose as usize)?;
        Some(Deployment {
            id: id.clone(),
            workspace: workspace.clone(),
            name: String::new(),
            description: String::new(),
            mechanism: Mechanism::DagDeploy,
            runtime: None,
            airflow: None,
            dags_target: None,
            image_target: None,
            rollback_enabled: true,
            created_at: Millis(0),
            created_by: author("operator"),
        })
    }

    /// The secret that a text gives away.
    pub fn leak(&self, text: &str) -> Option<&str> {
        self.secrets.iter().map(String::as_str).find(|secret| text.contains(secret))
    }

    pub fn deployment_id(&self, whose: Whose) -> String {
        self.deployments.get(whose as usize).map_or(MISSING.to_owned(), |(id, _)| id.to_string())
    }

    pub fn workspace_id(&self, whose: Whose) -> String {
        self.deployments.get(whose as usize).map_or(MISSING.to_owned(), |(_, workspace)| workspace.to_string())
    }
}

pub async fn world(folders: &Folders) -> World {
    configure(folders);
    let server = Server::start_logged(folders);
    let mut deployments = Vec::new();
    let mut workspaces = Vec::new();
    for name in ["Data", "Other"] {
        let made = server.post("/api/v1/workspaces", json!({ "name": name })).await;
        workspaces.push(text(&made["id"]));
    }
    for (name, workspace) in [("own", 0), ("sibling", 0), ("foreign", 1)] {
        let made = server
            .post(
                "/api/v1/deployments",
                json!({
                    "workspaceId": workspaces[workspace], "name": name, "mechanism": "dag_deploy",
                    "dagsTarget": format!("{name}-dags"), "imageTarget": format!("{name}-image"),
                    "rollbackEnabled": true, "runtimeVersion": "3.1-12", "airflowVersion": "3.1.8",
                }),
            )
            .await;
        let id = text(&made["id"]);
        for version in [1, 2] {
            server.deploy(&id, version).await;
            let deploy = server.settled(&id, version.into()).await;
            assert_eq!(deploy["status"], "DEPLOYED", "{deploy}");
        }
        deployments.push((DeploymentId::new(id), WorkspaceId::new(workspaces[workspace].clone())));
    }
    let mut secrets = vec![TOKEN.to_owned(), PASSWORD.to_owned(), IN_ENV.to_owned()];
    let callers = callers(&server, &deployments[0], &mut secrets).await;
    for caller in callers.iter().filter(|caller| !caller.wrong) {
        match &caller.sent {
            Sent::Nothing => {}
            Sent::Token(token) => secrets.push(token.clone()),
            Sent::Session(cookie) => secrets.push(cookie.split_once('=').unwrap().1.to_owned()),
        }
    }
    World { server, callers, secrets, deployments }
}

/// A folder and a file for each Deployment, and the roles.
fn configure(folders: &Folders) {
    let mut config = fs::read_to_string(folders.path("backstep.toml")).unwrap();
    for name in ["own", "sibling", "foreign"] {
        let env = folders.path(&format!("{name}.env"));
        fs::write(&env, super::super::support::ENV).unwrap();
        let dags = folders.path(&format!("{name}-dags"));
        fs::create_dir_all(&dags).unwrap();
        config += &format!(
            "\n[targets.{name}-dags]\nkind = \"directory\"\nroot = {dags:?}\n\n[targets.{name}-image]\nkind = \
             \"command\"\nprogram = [{:?}, \"compose-env\", \"--file\", {env:?}]\n",
            env!("CARGO_BIN_EXE_backstep"),
        );
    }
    fs::write(folders.path("roles.yaml"), ROLES).unwrap();
    config += &format!("\n[access]\nroles = {:?}\n", folders.path("roles.yaml"));
    fs::write(folders.path("backstep.toml"), config).unwrap();
}

/// The same roles as the server's, read here.
fn roles() -> Roles {
    let reading = |more: &[&str]| RoleConfig {
        name: None,
        level: Some("deployment".to_owned()),
        permissions: more.iter().map(|p| ((*p).to_owned(), None)).collect(),
    };
    let (read, images, dags) = ("deployment.deployRevisions.get", "deployment.images.push", "deployment.dags.push");
    let new = [
        ("READER", reading(&[read])),
        ("IMAGES_ONLY", reading(&[read, images])),
        ("DAGS_ONLY", reading(&[read, dags])),
        ("BOTH_PARTS", reading(&[read, images, dags])),
        ("PUSH_WITHOUT_READING", reading(&[images, dags])),
    ];
    Roles::configured(&new.map(|(name, role)| (name.to_owned(), role)).into()).unwrap()
}

async fn callers(server: &Server, own: &(DeploymentId, WorkspaceId), secrets: &mut Vec<String>) -> Vec<Caller> {
    let roles = roles();
    let mut callers = vec![
        Caller { name: "anonymous".to_owned(), sent: Sent::Nothing, wrong: false, person: false, principal: None },
        Caller {
            name: "a token that nobody has".to_owned(),
            sent: Sent::Token("bss_000000000000000000000000000000000000000000".to_owned()),
            wrong: true,
            person: false,
            principal: None,
        },
    ];
    let everything = backstep_domain::Permission::ALL.iter().copied().collect();
    callers.push(Caller {
        name: "the operator's token".to_owned(),
        sent: Sent::Token(TOKEN.to_owned()),
        wrong: false,
        person: false,
        principal: Some(Principal::new(author("operator"), everything)),
    });
    for role in roles.iter() {
        let at = Place::new(
            role.level,
            match role.level {
                backstep_domain::Level::System => "",
                backstep_domain::Level::Workspace => own.1.as_str(),
                backstep_domain::Level::Deployment => own.0.as_str(),
            },
        );
        let grants = match role.id.as_str() {
            "USER" => vec![],
            _ => vec![Grant { role: role.id.clone(), at, team: None }],
        };
        callers.extend(with_role(server, &roles, role.id.as_str(), &grants, own).await);
        if PEOPLE.contains(&role.id.as_str()) {
            callers.extend(person(server, &roles, role.id.as_str(), &grants, secrets).await);
        }
    }
    callers
}

/// Roles that a person has here too; what counts is the same for each, so that not every one is needed twice.
const PEOPLE: [&str; 5] = ["SYSTEM_ADMIN", "WORKSPACE_EDITOR", "DEPLOYMENT_ADMIN", "DAGS_ONLY", "USER"];

/// A person with a role, in a browser, and their own token.
async fn person(
    server: &Server,
    roles: &Roles,
    name: &str,
    grants: &[Grant],
    secrets: &mut Vec<String>,
) -> Vec<Caller> {
    let login = format!("{}@example.com", name.to_lowercase());
    let invited = server.post("/api/v1/people", json!({ "login": login, "name": name })).await;
    let account = text(&invited["account"]["id"]);
    give(server, &account, grants).await;
    let link = text(&invited["link"]);
    let token = link.split_once("token=").unwrap().1;
    secrets.push(token.to_owned());
    let form = [("token", token), ("password", PASSWORD), ("password_again", PASSWORD)];
    let request = server.client.post(format!("{}/ui/use-link", server.url)).form(&form);
    let answer = request.header("accept", "text/html").header("origin", &server.url).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let form = [("account", account.as_str()), ("name", "own"), ("days", "1")];
    let request = server.client.post(format!("{}/ui/make-token", server.url)).form(&form);
    let answer = request.header("cookie", &cookie).header("origin", &server.url).send().await.unwrap();
    let (status, made) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{status}: {made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let principal = Principal::granted(author(name), grants, roles);
    let caller = |kind: &str, sent| Caller {
        name: format!("{name} ({kind})"),
        sent,
        wrong: false,
        person: true,
        principal: Some(principal.clone()),
    };
    vec![caller("person", Sent::Session(cookie)), caller("person's token", Sent::Token(text(&made["secret"])))]
}

async fn give(server: &Server, account: &str, grants: &[Grant]) {
    for grant in grants {
        let mut body = json!({ "accountId": account, "role": grant.role });
        match &grant.at {
            Place::System => {}
            Place::Workspace(id) => body["workspaceId"] = json!(id),
            Place::Deployment(id) => body["deploymentId"] = json!(id),
        }
        server.post("/api/v1/grants", body).await;
    }
}

/// A service account with a role, its token, one that is limited, and a panel's.
async fn with_role(
    server: &Server,
    roles: &Roles,
    name: &str,
    grants: &[Grant],
    own: &(DeploymentId, WorkspaceId),
) -> Vec<Caller> {
    let account = server.post("/api/v1/service-accounts", json!({ "name": name })).await;
    let account = text(&account["id"]);
    give(server, &account, grants).await;
    let owner = Principal::granted(author(name), grants, roles);
    let mut callers = Vec::new();
    let read_only = ["deployment.deployRevisions.get"];
    let limits = [
        ("service token", json!({}), TokenLimit::default()),
        (
            "service token for reading",
            json!({ "permissions": read_only }),
            TokenLimit { deployments: vec![], permissions: Some(read_only.map(|p| p.parse().unwrap()).into()) },
        ),
        (
            "service token for one Deployment",
            json!({ "deployments": [own.0] }),
            TokenLimit { deployments: vec![own.0.clone()], permissions: None },
        ),
    ];
    for (kind, more, limit) in limits {
        let mut body = json!({ "name": kind, "days": 1 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = server.post(&format!("/api/v1/accounts/{account}/tokens"), body).await;
        callers.push(Caller {
            name: format!("{name} ({kind})"),
            sent: Sent::Token(text(&made["token"])),
            wrong: false,
            person: false,
            principal: Some(owner.clone().limited(limit)),
        });
    }
    callers.extend(panel(server, &callers[0], own, owner, name).await);
    callers
}

/// A panel's token of the account, where it may have one: it has to see the Deployment.
async fn panel(
    server: &Server,
    portal: &Caller,
    own: &(DeploymentId, WorkspaceId),
    owner: Principal,
    name: &str,
) -> Option<Caller> {
    let Sent::Token(token) = &portal.sent else { return None };
    let request = server
        .client
        .post(format!("{}/api/v1/panel-tokens", server.url))
        .bearer_auth(token)
        .json(&json!({ "deployments": [own.0], "minutes": 15, "onBehalfOf": "jane" }));
    let answer = request.send().await.unwrap();
    if !answer.status().is_success() {
        return None;
    }
    let made: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let permissions = Some(backstep_domain::Permission::OF_A_PANEL.into());
    let limit = TokenLimit { deployments: vec![own.0.clone()], permissions };
    Some(Caller {
        name: format!("{name} (panel token)"),
        sent: Sent::Token(text(&made["token"])),
        wrong: false,
        person: false,
        principal: Some(owner.limited(limit)),
    })
}

fn author(name: &str) -> Author {
    Author { id: name.to_owned(), name: name.to_owned() }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
