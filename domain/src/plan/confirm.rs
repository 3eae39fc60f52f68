//! What is asked of whoever confirms a plan: a scope that is allowed, and a reason.

use super::{Plan, ReasonCode};
use crate::{Problem, ProblemCode, Scope};

/// The longest description, in characters.
const DESCRIPTION_LIMIT: usize = 500;

/// The scope to roll back; left out it is the whole deploy, never silently less.
///
/// # Errors
/// `forbidden` (naming the scopes allowed) where a permission is missing, `rollback_in_progress`, else `refused`;
/// each with the plan.
pub fn resolve_scope(plan: &Plan, asked: Option<Scope>) -> Result<Scope, Problem> {
    let scope = asked.unwrap_or_else(|| whole_scope(plan));
    let Some(option) = plan.option(scope) else {
        return Err(Problem::invalid("scope", format!("The plan knows no scope `{scope}`.")));
    };
    if option.allowed() {
        return Ok(scope);
    }
    let has = |code| option.refusals.iter().any(|r| r.code == code);
    let code = if has(ReasonCode::PermissionMissing) {
        ProblemCode::Forbidden
    } else if has(ReasonCode::RollbackInProgress) {
        ProblemCode::RollbackInProgress
    } else {
        ProblemCode::Refused
    };
    let mut message: Vec<_> = option.refusals.iter().map(|r| r.message.clone()).collect();
    let allowed: Vec<_> = plan.allowed().iter().map(|s| format!("`{s}`")).collect();
    if !allowed.is_empty() {
        message.push(format!("You may roll back with the scope {}.", allowed.join(" or ")));
    }
    Err(Problem::new(code, message.join(" ")).with_plan(plan.clone()))
}

/// The whole deploy: image and DAGs, unless the mechanism has no DAGs beside the image.
fn whole_scope(plan: &Plan) -> Scope {
    let both = plan.option(Scope::ImageAndDags);
    let apart = both.is_some_and(|o| o.refusals.iter().all(|r| r.code != ReasonCode::ScopeNotInMechanism));
    if apart { Scope::ImageAndDags } else { Scope::Image }
}

/// The description of a rollback, trimmed: 1 to 500 characters that say why.
///
/// # Errors
/// `invalid`, for the field `description`.
pub fn check_description(text: &str) -> Result<String, Problem> {
    let text = check_deploy_description(text)?;
    if text.is_empty() {
        return Err(Problem::invalid("description", "Say why you roll back: one sentence helps whoever comes next."));
    }
    Ok(text)
}

/// The description of a deploy, trimmed: up to 500 characters.
///
/// # Errors
/// `invalid`, for the field `description`.
pub fn check_deploy_description(text: &str) -> Result<String, Problem> {
    // Forms send line ends as two characters; a person counts one.
    let text = text.replace("\r\n", "\n").trim().to_owned();
    let length = text.chars().count();
    if length > DESCRIPTION_LIMIT {
        let message = format!("The description has {length} characters; shorten it to {DESCRIPTION_LIMIT}.");
        return Err(Problem::invalid("description", message));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Problem::invalid("description", "The description has a control character; write plain text."));
    }
    Ok(text)
}
