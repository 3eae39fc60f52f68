use axum::{
    Json,
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, HttpMethod, Ref, Required, Response as Described, ResponseBuilder,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    ProblemBody, access, audit, cancel, deployments, deploys, diff, export, hold, rollbacks, rollout, uploads,
    workspaces,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Backstep",
        version = "1",
        description = "Deploy history and rollback for Airflow Deployments. The shape of deploys is that of Astro's API; \
                       plan, scope, hold and reject are Backstep's own.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        openapi, audit::list, audit::export, audit::checkpoint, export::status, workspaces::list, workspaces::create, deployments::list, deployments::create, deployments::read,
        deployments::update, deployments::settings, deploys::list, deploys::read, deploys::describe, uploads::create,
        uploads::put_dags, uploads::finalize, diff::diff, rollbacks::plan_last_good, rollbacks::plan,
        rollbacks::roll_back, cancel::cancel, rollout::steps, rollout::logs, rollout::step_logs, hold::read, hold::set, hold::release, access::me,
        access::people, access::invite, access::password_link, access::disable, access::enable, access::teams,
        access::create_team, access::remove_team, access::add_member, access::remove_member, access::roles,
        access::grants, access::give_role, access::take_role, access::explain, access::service_accounts,
        access::create_service_account, access::tokens, access::make_token, access::rotate, access::revoke,
        access::panel_token,
    ),
    components(schemas(ProblemBody)),
    modifiers(&Shared),
)]
struct Document;

/// The OpenAPI document, as it is served and kept in the repository.
pub fn document() -> String {
    let mut text = Document::openapi().to_pretty_json().expect("the document is plain data");
    text.push('\n');
    text
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "About", operation_id = "getOpenapi", security(()),
    responses((status = 200, description = "An OpenAPI document.", content_type = "application/json",
        body = serde_json::Value)))]
pub async fn openapi() -> Response {
    Json(Document::openapi()).into_response()
}

/// What all operations share: the token, and the problems that may be answered.
struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token.")).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        document.security = Some(vec![SecurityRequirement::new::<_, _, String>("token", [])]);
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                if path != "/api/v1/openapi.json" {
                    add_problems(path, &method, operation);
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> Vec<(HttpMethod, &mut Operation)> {
    let PathItem { get, post, put, delete, .. } = item;
    [(HttpMethod::Get, get), (HttpMethod::Post, post), (HttpMethod::Put, put), (HttpMethod::Delete, delete)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
        .collect()
}

fn add_problems(path: &str, method: &HttpMethod, operation: &mut Operation) {
    // Any of them may name what is not there.
    let parameters = operation.parameters.as_ref().is_some_and(|all| !all.is_empty());
    let mut add = |status: &str, description: &str| {
        operation.responses.responses.insert(status.to_owned(), problem(description).into());
    };
    add("401", "No token, or one that is not valid.");
    add("403", "The caller may see it, but not do this; the reason is in `detail`.");
    if parameters || *method != HttpMethod::Get {
        add("404", "It does not exist, or the caller may not see it.");
    }
    add("422", "The input cannot be right; `field` names what is meant.");
    add("500", "A fault of Backstep's.");
    add("503", "A part of the installation does not answer; try again.");
    if *method != HttpMethod::Get {
        add("409", "It cannot be done in the present state; `code` says why.");
        add("413", "Over a limit that `detail` names.");
        if path.ends_with("/rollback") {
            add("429", "Too many rollbacks asked for within a minute; nothing was done.");
        }
    } else if path.ends_with("/plan") {
        add("409", "There is nothing that could be rolled back.");
    }
    if *method == HttpMethod::Post {
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("1 to 255 visible ASCII characters. The same call with the same key has one effect."))
            .schema(Some(utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String)));
        operation.parameters.get_or_insert_default().push(key.build().into());
    }
}

fn problem(description: &str) -> Described {
    let schema = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", Content::new(Some(schema)))
        .build()
}
