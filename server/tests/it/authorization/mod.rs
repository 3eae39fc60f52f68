//! The authorization matrix: every route and server function x every kind of caller x own, sibling, foreign, missing.
//!
//! What is expected comes from the table in `rows.rs` and from the roles' contents, never from what the server answers. A
//! route or a server function without a row is a failure.

mod callers;
mod rows;

use std::collections::BTreeSet;

use backstep::http::{BESIDE, api};
use backstep_domain::Permission;
use reqwest::{Method, StatusCode};

use self::{
    callers::{Caller, Sent, World, world},
    rows::{Need, Row, rows},
};
use super::support::Place as Folders;

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// 401
    Unknown,
    /// 404
    Hidden,
    /// 403
    Forbidden,
    /// The caller may; whether it worked is another matter.
    Through,
}

fn verdict(status: StatusCode) -> Verdict {
    match status.as_u16() {
        401 => Verdict::Unknown,
        403 => Verdict::Forbidden,
        404 => Verdict::Hidden,
        _ => Verdict::Through,
    }
}

/// Which Deployment a cell is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// The one that the caller has a role on.
    Own,
    /// Another of the same Workspace.
    Sibling,
    /// One of another Workspace.
    Foreign,
    Missing,
}

const WHOSE: [Whose; 4] = [Whose::Own, Whose::Sibling, Whose::Foreign, Whose::Missing];

#[tokio::test(flavor = "multi_thread")]
async fn authorization_matrix() {
    let rows = rows();
    every_route_has_a_row(&rows);
    let folders = Folders::new();
    let world = world(&folders).await;
    let (mut cells, mut failed, mut leaks) = (0, Vec::new(), Vec::new());
    for row in &rows {
        // What does not name a place is asked once.
        let places: &[Whose] = if row.has_place() { &WHOSE } else { &[Whose::Own] };
        for caller in &world.callers {
            if row.path == "/ui/sign-out" && caller.has_session() {
                // It would end the session of the cells that follow; the end-to-end tests sign out.
                continue;
            }
            for whose in places {
                cells += 1;
                let expected = expected(&world, row, caller, *whose);
                let answer = ask(&world, row, caller, *whose).await;
                let status = answer.status;
                let cell = || format!("{} {} as {} on {whose:?}", row.method, row.path, caller.name);
                let as_expected = match row.need {
                    Need::SignIn => !status.is_success() && !status.is_redirection(),
                    Need::Session if caller.has_session() => {
                        !matches!(verdict(status), Verdict::Unknown | Verdict::Forbidden)
                    }
                    _ => verdict(status) == expected,
                };
                if !as_expected || status.is_server_error() {
                    failed.push(format!("{}: {status}, expected {expected:?}", cell()));
                }
                leaks.extend(world.leak(&answer.text).map(|secret| format!("{}: {secret}", cell())));
            }
        }
    }
    println!("authorization matrix: {cells} cells, {} failed", failed.len());
    let beside = written_beside(&world, &folders).await;
    leaks.extend(beside.iter().filter_map(|(name, text)| world.leak(text).map(|secret| format!("{name}: {secret}"))));
    let (secrets, texts) = (world.secrets.len(), cells + beside.len());
    println!("canary secrets: {secrets} secrets, {texts} answers, logs and exports, {} leaks", leaks.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

/// What is written while all this is asked: the log at its most talkative, and the audit log in both forms.
async fn written_beside(world: &World, folders: &Folders) -> Vec<(&'static str, String)> {
    let export = async |format: &str| {
        let path = format!("/api/v1/audit/export?format={format}");
        world.server.send(Method::GET, &path, None).await.text().await.unwrap()
    };
    let (csv, lines) = (export("csv").await, export("jsonl").await);
    let log = std::fs::read_to_string(folders.path("server.log")).unwrap();
    for (name, text) in [("csv", &csv), ("jsonl", &lines), ("log", &log)] {
        assert!(text.lines().count() > 100, "the {name} is not empty: {text}");
    }
    vec![("the CSV export", csv), ("the JSON lines", lines), ("the server's log", log)]
}

fn every_route_has_a_row(rows: &[Row]) {
    let have: BTreeSet<_> = rows.iter().map(|r| (r.method.to_string(), r.path.to_owned())).collect();
    let api = api::table().into_iter().map(|route| (route.method.to_string(), route.path.to_owned()));
    let functions = server_fn::axum::server_fn_paths().map(|(path, method)| (method.to_string(), path.to_owned()));
    let beside = BESIDE.iter().map(|path| (Method::GET.to_string(), (*path).to_owned()));
    let there: BTreeSet<_> = api.chain(functions).chain(beside).collect();
    let without: Vec<_> = there.difference(&have).collect();
    assert!(without.is_empty(), "routes without a row in the authorization matrix: {without:?}");
    let gone: Vec<_> = have.difference(&there).collect();
    assert!(gone.is_empty(), "rows of the authorization matrix without a route: {gone:?}");
}

fn expected(world: &World, row: &Row, caller: &Caller, whose: Whose) -> Verdict {
    if matches!(row.need, Need::Demo) && !caller.wrong {
        return Verdict::Forbidden;
    }
    if matches!(row.need, Need::Public | Need::Demo | Need::SignIn) {
        // A token that nobody has is refused wherever a token is looked at.
        return if caller.wrong && row.reads_token() { Verdict::Unknown } else { Verdict::Through };
    }
    let Some(who) = &caller.principal else { return Verdict::Unknown };
    if caller.has_session() && row.path.starts_with("/api/") {
        // The API takes tokens only: no page of another site can make a browser use it.
        return Verdict::Unknown;
    }
    if matches!(row.need, Need::Session) {
        return Verdict::Forbidden;
    }
    let deployment = world.deployment(whose);
    let on = |permissions: &[Permission], any: bool| {
        let Some(deployment) = &deployment else { return Verdict::Hidden };
        let own = who.permissions_on(deployment);
        if !own.contains(&Permission::DeployRevisionsGet) {
            return Verdict::Hidden;
        }
        let has = |p: &Permission| own.contains(p);
        let enough = if any { permissions.iter().any(has) } else { permissions.iter().all(has) };
        if enough { Verdict::Through } else { Verdict::Forbidden }
    };
    match row.need {
        Need::Public | Need::SignedIn | Need::SignIn | Need::Demo | Need::Session => Verdict::Through,
        Need::EverywhereGone(permission) => {
            if who.may(permission) {
                Verdict::Hidden
            } else {
                Verdict::Forbidden
            }
        }
        Need::OnGone(permissions) => match on(permissions, false) {
            Verdict::Through => Verdict::Hidden,
            other => other,
        },
        Need::Everywhere(permission) => {
            if who.may(permission) {
                Verdict::Through
            } else {
                Verdict::Forbidden
            }
        }
        Need::On(permissions) => on(permissions, false),
        Need::OnAny(permissions) => on(permissions, true),
        Need::InWorkspace(permission) => {
            let Some(deployment) = &deployment else { return Verdict::Hidden };
            let own = who.permissions_in(&deployment.workspace);
            match (own.contains(&permission), own.contains(&Permission::WorkspaceConfigGet)) {
                (true, _) => Verdict::Through,
                (false, true) => Verdict::Forbidden,
                (false, false) => Verdict::Hidden,
            }
        }
        Need::ProgramGone if caller.person => Verdict::Forbidden,
        Need::Nothing | Need::ProgramGone => Verdict::Hidden,
    }
}

struct Answer {
    status: StatusCode,
    /// Headers and body.
    text: String,
}

async fn ask(world: &World, row: &Row, caller: &Caller, whose: Whose) -> Answer {
    let deployment = world.deployment_id(whose);
    let workspace = world.workspace_id(whose);
    let fill = |text: &str| text.replace("{deployment}", &deployment).replace("{workspace}", &workspace);
    let path = fill(&row.sample);
    let url = format!("{}{path}", world.server.url);
    let mut request = world.server.client.request(row.method.clone(), url);
    request = match &caller.sent {
        Sent::Nothing => request,
        Sent::Token(token) => request.bearer_auth(token),
        Sent::Session(cookie) => request.header("cookie", cookie),
    };
    if row.method != Method::GET && !matches!(caller.sent, Sent::Token(_)) {
        request = request.header("sec-fetch-site", "same-origin");
    }
    if let Some(json) = &row.json {
        request = request.header("content-type", "application/json").body(fill(json));
    }
    if let Some(form) = &row.form {
        request = request.header("content-type", "application/x-www-form-urlencoded").body(fill(form));
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let headers = format!("{:?}", answer.headers());
    // A stream of events has no end.
    let endless = headers.contains("text/event-stream");
    let body = if endless { String::new() } else { answer.text().await.unwrap() };
    Answer { status, text: headers + &body }
}
