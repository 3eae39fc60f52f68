//! One row a route and a server function: what it needs, and a request that changes nothing even where it is let through.

use backstep_domain::Permission::{self, *};
use reqwest::Method;

/// What a caller needs.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// Nothing at all.
    Public,
    /// To be known.
    SignedIn,
    /// A permission that holds everywhere.
    Everywhere(Permission),
    /// To see the Deployment, and all of these on it.
    On(&'static [Permission]),
    /// To see the Deployment, and one of these on it.
    OnAny(&'static [Permission]),
    /// A permission in the Workspace, which the caller must see.
    InWorkspace(Permission),
    /// What is asked for is not there, for anybody.
    Nothing,
    /// A permission that holds everywhere; who has it learns that what is asked for is not there.
    EverywhereGone(Permission),
    /// To see the Deployment, and these on it; who has them learns that what is asked for is not there.
    OnGone(&'static [Permission]),
    /// The same, and only a program may ask.
    ProgramGone,
    /// Signing in: it fails, in whatever words.
    SignIn,
    /// Only in the demo.
    Demo,
    /// A person who is signed in; no token will do.
    Session,
}

pub struct Row {
    pub method: Method,
    /// As in the table of routes.
    pub path: &'static str,
    pub need: Need,
    /// The address that is asked for; `{deployment}` and `{workspace}` are filled in.
    pub sample: String,
    pub json: Option<String>,
    pub form: Option<String>,
}

impl Row {
    pub fn has_place(&self) -> bool {
        let parts = [Some(&self.sample), self.json.as_ref(), self.form.as_ref()];
        parts.into_iter().flatten().any(|text| text.contains("{deployment}") || text.contains("{workspace}"))
    }

    /// The document of the API and the like are answered whatever is sent along.
    pub fn reads_token(&self) -> bool {
        !self.path.starts_with("/api/")
    }
}

fn get(path: &'static str, sample: &str, need: Need) -> Row {
    Row { method: Method::GET, path, need, sample: sample.to_owned(), json: None, form: None }
}

fn json(method: Method, path: &'static str, sample: &str, need: Need, body: &str) -> Row {
    Row { method, path, need, sample: sample.to_owned(), json: Some(body.to_owned()), form: None }
}

fn form(path: &'static str, need: Need, fields: &str) -> Row {
    Row { method: Method::POST, path, need, sample: path.to_owned(), json: None, form: Some(fields.to_owned()) }
}

const READ: Need = Need::On(&[]);
const MISSING: &str = "00000000-0000-7000-8000-000000000000";

fn beside() -> Vec<Row> {
    vec![
        get("/events/deployments/{id}", "/events/deployments/{deployment}", READ),
        get(
            "/audit/export",
            "/audit/export?format=csv&place=deployment:{deployment}",
            Need::On(&[DeploymentUserRolesUpdate]),
        ),
        get("/audit/export", "/audit/export?format=jsonl", Need::Everywhere(SystemIamUpdate)),
        get("/audit/checkpoint", "/audit/checkpoint", Need::Everywhere(SystemIamUpdate)),
    ]
}

pub fn rows() -> Vec<Row> {
    let mut rows = deployments();
    rows.extend(access());
    rows.extend(functions());
    rows.extend(access_functions());
    rows.extend(beside());
    rows
}

fn deployments() -> Vec<Row> {
    const D: &str = "/api/v1/deployments/{deployment}";
    const DEPLOY: &str = "/api/v1/deployments/{deployment}/deploys/{deploy}";
    let at = |rest: &str| format!("{D}{rest}");
    let (post, put) = (Method::POST, Method::PUT);
    let new = r#"{"workspaceId":"{workspace}","name":"","mechanism":"image"}"#;
    vec![
        get("/api/v1/openapi.json", "/api/v1/openapi.json", Need::Public),
        get("/api/v1/me", "/api/v1/me", Need::SignedIn),
        get("/api/v1/workspaces", "/api/v1/workspaces", Need::SignedIn),
        json(
            post.clone(),
            "/api/v1/workspaces",
            "/api/v1/workspaces",
            Need::Everywhere(SystemWorkspaceCreate),
            r#"{"name":""}"#,
        ),
        get("/api/v1/deployments", "/api/v1/deployments", Need::SignedIn),
        json(
            post.clone(),
            "/api/v1/deployments",
            "/api/v1/deployments",
            Need::InWorkspace(WorkspaceDeploymentsCreate),
            new,
        ),
        get(D, D, READ),
        json(post.clone(), D, D, Need::On(&[DeploymentConfigUpdate]), r#"{"name":""}"#),
        get("/api/v1/deployments/{deployment}/settings", &at("/settings"), Need::On(&[DeploymentConfigGet])),
        get("/api/v1/deployments/{deployment}/plan", &at("/plan"), READ),
        get("/api/v1/deployments/{deployment}/hold", &at("/hold"), READ),
        json(
            post.clone(),
            "/api/v1/deployments/{deployment}/hold",
            &at("/hold"),
            Need::OnAny(&[ImagesPush, DagsPush]),
            r#"{"why":""}"#,
        ),
        json(
            post.clone(),
            "/api/v1/deployments/{deployment}/hold/release",
            &at("/hold/release"),
            Need::OnAny(&[ImagesPush, DagsPush]),
            r#"{"to":"none"}"#,
        ),
        get("/api/v1/deployments/{deployment}/deploys", &at("/deploys"), READ),
        json(
            post.clone(),
            "/api/v1/deployments/{deployment}/deploys",
            &at("/deploys"),
            Need::On(&[ImagesPush, DagsPush]),
            r#"{"type":"IMAGE_AND_DAG","description":"no image"}"#,
        ),
        get("/api/v1/deployments/{deployment}/deploys/diff", &at("/deploys/diff?from=1&to=2"), READ),
        get(DEPLOY, &at("/deploys/1"), READ),
        json(
            post.clone(),
            DEPLOY,
            &at("/deploys/1"),
            Need::On(&[ImagesPush, DagsPush]),
            &format!(r#"{{"description":"{}"}}"#, "x".repeat(501)),
        ),
        json(
            put,
            "/api/v1/deployments/{deployment}/deploys/{deploy}/dags",
            &at(&format!("/deploys/{MISSING}/dags")),
            Need::OnGone(&[DagsPush]),
            "",
        ),
        json(
            post.clone(),
            "/api/v1/deployments/{deployment}/deploys/{deploy}/finalize",
            &at(&format!("/deploys/{MISSING}/finalize")),
            Need::Nothing,
            "{}",
        ),
        get("/api/v1/deployments/{deployment}/deploys/{deploy}/plan", &at("/deploys/1/plan"), READ),
        json(
            post.clone(),
            "/api/v1/deployments/{deployment}/deploys/{deploy}/cancel",
            &at("/deploys/1/cancel"),
            Need::On(&[ImagesPush, DagsPush]),
            &format!(r#"{{"description":"{}"}}"#, "x".repeat(501)),
        ),
        json(
            post,
            "/api/v1/deployments/{deployment}/deploys/{deploy}/rollback",
            &at("/deploys/1/rollback"),
            Need::On(&[ImagesPush, DagsPush]),
            r#"{"description":""}"#,
        ),
        get("/api/v1/deployments/{deployment}/deploys/{deploy}/steps", &at("/deploys/1/steps"), READ),
        get(
            "/api/v1/deployments/{deployment}/deploys/{deploy}/steps/{step}/logs",
            &at("/deploys/1/steps/0/logs"),
            READ,
        ),
        get("/api/v1/deployments/{deployment}/deploys/{deploy}/logs", &at("/deploys/1/logs"), READ),
    ]
}

fn access() -> Vec<Row> {
    let (post, put, delete) = (Method::POST, Method::PUT, Method::DELETE);
    let at_deployment = "?deploymentId={deployment}";
    let missing = |path: &str| {
        path.replace("{account}", MISSING)
            .replace("{team}", MISSING)
            .replace("{grant}", MISSING)
            .replace("{token}", MISSING)
    };
    let gone = |method: &Method, path: &'static str, body: &str| {
        json(method.clone(), path, &missing(path), Need::Nothing, body)
    };
    let role =
        r#"{"teamId":"00000000-0000-7000-8000-000000000000","role":"NO_SUCH_ROLE","deploymentId":"{deployment}"}"#;
    vec![
        get("/api/v1/audit", "/api/v1/audit", Need::Everywhere(SystemIamUpdate)),
        get("/api/v1/audit", "/api/v1/audit?deployment={deployment}", Need::On(&[DeploymentUserRolesUpdate])),
        get("/api/v1/audit", "/api/v1/audit?workspace={workspace}", Need::InWorkspace(WorkspaceIamUpdate)),
        get("/api/v1/audit/export", "/api/v1/audit/export?format=jsonl", Need::Everywhere(SystemIamUpdate)),
        get("/api/v1/audit/checkpoint", "/api/v1/audit/checkpoint", Need::Everywhere(SystemIamUpdate)),
        get("/api/v1/export", "/api/v1/export", Need::Everywhere(SystemIamUpdate)),
        get("/api/v1/people", "/api/v1/people", Need::Everywhere(SystemUsersGet)),
        json(
            post.clone(),
            "/api/v1/people",
            "/api/v1/people",
            Need::Everywhere(SystemUserInvite),
            r#"{"login":"","name":""}"#,
        ),
        get("/api/v1/teams", "/api/v1/teams", Need::Everywhere(SystemTeamsGet)),
        json(post.clone(), "/api/v1/teams", "/api/v1/teams", Need::Everywhere(SystemTeamsCreate), r#"{"name":""}"#),
        json(
            delete.clone(),
            "/api/v1/teams/{team}",
            &missing("/api/v1/teams/{team}"),
            Need::EverywhereGone(SystemTeamsRemove),
            "",
        ),
        json(
            put.clone(),
            "/api/v1/teams/{team}/members/{account}",
            &missing("/api/v1/teams/{team}/members/{account}"),
            Need::EverywhereGone(SystemTeamsUpdate),
            "",
        ),
        json(
            delete.clone(),
            "/api/v1/teams/{team}/members/{account}",
            &missing("/api/v1/teams/{team}/members/{account}"),
            Need::EverywhereGone(SystemTeamsUpdate),
            "",
        ),
        get("/api/v1/roles", "/api/v1/roles", Need::SignedIn),
        get("/api/v1/grants", &format!("/api/v1/grants{at_deployment}"), Need::On(&[DeploymentUsersGet])),
        json(post.clone(), "/api/v1/grants", "/api/v1/grants", Need::On(&[DeploymentTeamRolesUpdate]), role),
        gone(&delete, "/api/v1/grants/{grant}", ""),
        get(
            "/api/v1/service-accounts",
            &format!("/api/v1/service-accounts{at_deployment}"),
            Need::On(&[DeploymentServiceAccountsGet]),
        ),
        json(
            post.clone(),
            "/api/v1/service-accounts",
            "/api/v1/service-accounts",
            Need::On(&[DeploymentServiceAccountsCreate]),
            r#"{"name":"","deploymentId":"{deployment}"}"#,
        ),
        json(
            post.clone(),
            "/api/v1/accounts/{account}/password-link",
            &missing("/api/v1/accounts/{account}/password-link"),
            Need::EverywhereGone(SystemUserInvite),
            "{}",
        ),
        gone(&post, "/api/v1/accounts/{account}/disable", "{}"),
        gone(&post, "/api/v1/accounts/{account}/enable", "{}"),
        get(
            "/api/v1/accounts/{account}/permissions",
            &missing("/api/v1/accounts/{account}/permissions"),
            Need::EverywhereGone(SystemUsersGet),
        ),
        get("/api/v1/accounts/{account}/tokens", &missing("/api/v1/accounts/{account}/tokens"), Need::Nothing),
        gone(&post, "/api/v1/accounts/{account}/tokens", r#"{"name":"x","days":1}"#),
        gone(&post, "/api/v1/tokens/{token}/rotate", r#"{"days":1}"#),
        gone(&delete, "/api/v1/tokens/{token}", ""),
        json(
            post,
            "/api/v1/panel-tokens",
            "/api/v1/panel-tokens",
            Need::ProgramGone,
            r#"{"deployments":["00000000-0000-7000-8000-000000000000"],"minutes":1,"onBehalfOf":"jane"}"#,
        ),
    ]
}

fn functions() -> Vec<Row> {
    let q = |path: &'static str, query: &str, need| get(path, &format!("{path}?{query}"), need);
    let push = Need::OnAny(&[ImagesPush, DagsPush]);
    let parts = Need::On(&[ImagesPush, DagsPush]);
    vec![
        get("/ui/me", "/ui/me", Need::Public),
        q("/ui/kept-form", "form=none", Need::Public),
        form("/ui/sign-in", Need::SignIn, "login=&password="),
        form("/ui/sign-in-with-token", Need::SignIn, "token="),
        form("/ui/choose-person", Need::Demo, "person="),
        form("/ui/sign-out", Need::SignedIn, ""),
        get("/ui/deployments", "/ui/deployments", Need::SignedIn),
        q("/ui/deployment", "id={deployment}", READ),
        q("/ui/history", "id={deployment}&filter[eligible_only]=false&filter[rollbacks_only]=false", READ),
        q("/ui/deploy", "id={deployment}&number=1", READ),
        q("/ui/compare", "id={deployment}&from=1&to=2", READ),
        q("/ui/file-diff", "id={deployment}&from=1&to=2&path=etl.py", READ),
        q("/ui/rollout", "id={deployment}&number=1&after=0", READ),
        q("/ui/plan", "id={deployment}&target=1", READ),
        q("/ui/settings", "id={deployment}", Need::On(&[DeploymentConfigGet])),
        form("/ui/roll-back", parts, "id={deployment}&target=1&description="),
        form("/ui/cancel-deploy", parts, &format!("id={{deployment}}&number=1&description={}", "x".repeat(501))),
        form("/ui/set-hold", push, "id={deployment}&why="),
        form("/ui/release-hold", push, "id={deployment}&to=none"),
        q("/ui/held", "id={deployment}", READ),
        form("/ui/update-settings", Need::On(&[DeploymentConfigUpdate]), "id={deployment}&name=+"),
        form("/ui/switch-rollback", Need::On(&[DeploymentConfigUpdate]), "id={deployment}&enabled=true"),
        form("/ui/describe-deploy", parts, "id={deployment}&number=1&description="),
    ]
}

fn access_functions() -> Vec<Row> {
    let missing = |fields: &str| fields.replace("MISSING", MISSING);
    let gone = |path: &'static str, fields: &str, need| form(path, need, &missing(fields));
    vec![
        get("/ui/audit", "/ui/audit?filter[deployment]={deployment}", Need::On(&[DeploymentUserRolesUpdate])),
        get("/ui/audit", "/ui/audit?filter[workspace]={workspace}", Need::InWorkspace(WorkspaceIamUpdate)),
        get("/ui/export", "/ui/export", Need::Everywhere(SystemIamUpdate)),
        get("/ui/people", "/ui/people", Need::Everywhere(SystemUsersGet)),
        form("/ui/invite", Need::Everywhere(SystemUserInvite), "login=&name="),
        gone("/ui/reset-password", "account=MISSING", Need::EverywhereGone(SystemUserInvite)),
        gone("/ui/set-account-disabled", "account=MISSING&disabled=true", Need::Nothing),
        form(
            "/ui/create-service-account",
            Need::On(&[DeploymentServiceAccountsCreate]),
            "level=deployment&at={deployment}&name=",
        ),
        get("/ui/teams", "/ui/teams", Need::Everywhere(SystemTeamsGet)),
        form("/ui/create-team", Need::Everywhere(SystemTeamsCreate), "name="),
        gone("/ui/remove-team", "team=MISSING", Need::EverywhereGone(SystemTeamsRemove)),
        gone(
            "/ui/set-team-member",
            "team=MISSING&account=MISSING&member=true",
            Need::EverywhereGone(SystemTeamsUpdate),
        ),
        get("/ui/roles", "/ui/roles", Need::SignedIn),
        get("/ui/place-access", "/ui/place-access?level=deployment&at={deployment}", READ),
        get(
            "/ui/explain-access",
            &missing("/ui/explain-access?level=deployment&at={deployment}&account=MISSING"),
            Need::OnGone(&[DeploymentUsersGet]),
        ),
        gone(
            "/ui/give-role",
            "level=deployment&at={deployment}&subject=team:MISSING&role=NO_SUCH_ROLE",
            Need::On(&[DeploymentTeamRolesUpdate]),
        ),
        gone("/ui/take-role", "grant=MISSING", Need::Nothing),
        get("/ui/tokens", &missing("/ui/tokens?account=MISSING"), Need::Nothing),
        gone("/ui/make-token", "account=MISSING&name=x&days=1", Need::Nothing),
        gone("/ui/rotate-token", "id=MISSING&days=1&overlap_minutes=0", Need::Nothing),
        gone("/ui/revoke-token", "id=MISSING", Need::Nothing),
        get("/ui/own-account", "/ui/own-account", Need::Session),
        gone("/ui/end-session", "session=MISSING", Need::Session),
        form("/ui/change-password", Need::Session, "old_password=x&new_password=y&new_password_again=y"),
        form("/ui/link", Need::SignIn, "token=none"),
        form("/ui/use-link", Need::SignIn, "token=none&login=&name=&password=&password_again="),
    ]
}
