//! The one place where a use case asks whether the caller may.

use backstep_domain::{
    AuditAction, AuditEntry, Deployment, DeploymentId, Permission, Principal, Problem, ProblemCode, Workspace,
    WorkspaceId,
};

use super::{IdempotencyKey, UseCases};
use crate::store::{Remembered, StoreError};

/// Where something was refused.
#[derive(Clone, Copy)]
pub(super) enum Where<'a> {
    Everywhere,
    Workspace(&'a WorkspaceId),
    Deployment(&'a Deployment),
}

impl UseCases {
    /// Passes on how a check ended; a refusal goes to the audit log first.
    ///
    /// Not while a transaction is open: SQLite has one writer, and this is one.
    pub(super) async fn noted<T>(
        &self,
        who: &Principal,
        place: Where<'_>,
        outcome: Result<T, Problem>,
    ) -> Result<T, Problem> {
        if let Err(problem) = &outcome
            && problem.code == ProblemCode::Forbidden
        {
            let entry = AuditEntry::by(who, self.clock.now(), AuditAction::Refused, problem.message.clone());
            let entry = match place {
                Where::Everywhere => entry,
                Where::Workspace(id) => entry.in_workspace(id),
                Where::Deployment(deployment) => entry.on(deployment),
            };
            if let Err(error) = self.store.audit(&entry).await {
                // Refused it stays; a log that cannot be written must not open a door.
                tracing::error!(%error, "a refusal could not be written to the audit log");
            }
        }
        outcome
    }

    /// 403 with this message; it goes to the audit log.
    pub(super) async fn refused(&self, who: &Principal, place: Where<'_>, message: impl Into<String>) -> Problem {
        let refusal: Result<(), Problem> = Err(Problem::forbidden(message));
        self.noted(who, place, refusal).await.expect_err("a refusal stays one")
    }

    /// 403 with the permission that is missing, for somebody who may read but not do this; it goes to the audit log.
    pub(super) async fn demand(
        &self,
        who: &Principal,
        deployment: &Deployment,
        permission: Permission,
        to_do: &str,
    ) -> Result<(), Problem> {
        let outcome = check(who, deployment, permission, to_do);
        self.noted(who, Where::Deployment(deployment), outcome).await
    }

    /// The same for what is done in a Workspace as a whole; 404 if the caller may not see it.
    pub(super) async fn demand_in(
        &self,
        who: &Principal,
        workspace: &Workspace,
        permission: Permission,
        to_do: &str,
    ) -> Result<(), Problem> {
        let permissions = who.permissions_in(&workspace.id);
        if permissions.contains(&permission) {
            return Ok(());
        }
        if !permissions.contains(&Permission::WorkspaceConfigGet) {
            return Err(Problem::not_found("Workspace"));
        }
        let name = &workspace.name;
        let message = format!("You may not {to_do}: it needs the permission {permission} in {name}.");
        Err(self.refused(who, Where::Workspace(&workspace.id), message).await)
    }

    /// The same for what is not bound to one Deployment.
    pub(super) async fn demand_anywhere(
        &self,
        who: &Principal,
        permission: Permission,
        to_do: &str,
    ) -> Result<(), Problem> {
        if who.may(permission) {
            return Ok(());
        }
        let message = format!("You may not {to_do}: it needs the permission {permission}.");
        Err(self.refused(who, Where::Everywhere, message).await)
    }

    /// The Deployment, if the caller may see its history. What may not be seen is not there: 404, the same words.
    pub(super) async fn visible(&self, who: &Principal, id: &DeploymentId) -> Result<Deployment, Problem> {
        let deployment = self.store.deployment(id).await.map_err(|e| e.problem("Deployment"))?;
        if deployment_permitted(who, &deployment, Permission::DeployRevisionsGet) {
            Ok(deployment)
        } else {
            Err(Problem::not_found("Deployment"))
        }
    }

    /// The resource that a key stands for; an error if it came with another request.
    pub(super) fn replayed(
        &self,
        remembered: Option<Remembered>,
        key: &IdempotencyKey,
    ) -> Result<Option<String>, Problem> {
        let done = same_request(remembered, key)?;
        if done.is_some() {
            key.replayed.set();
            self.metrics.replayed();
        }
        Ok(done)
    }

    /// What was done under the key before, if it was; another body under the same key is an error.
    pub(super) async fn done_before(
        &self,
        who: &Principal,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<String>, Problem> {
        let Some(key) = key else { return Ok(None) };
        let remembered = self.store.remembered(&who.author.id, &key.key).await.map_err(|e| e.problem("request"))?;
        self.replayed(remembered, key)
    }
}

/// The resource that the key stands for, if its request was the same.
fn same_request(remembered: Option<Remembered>, key: &IdempotencyKey) -> Result<Option<String>, Problem> {
    match remembered {
        None => Ok(None),
        Some(r) if r.body_hash == key.body_hash => Ok(Some(r.resource)),
        Some(_) => Err(Problem::new(
            ProblemCode::IdempotencyMismatch,
            "This Idempotency-Key came with another request before. Use a new key for a new request.",
        )),
    }
}

pub(super) fn deployment_permitted(who: &Principal, deployment: &Deployment, permission: Permission) -> bool {
    who.permissions_on(deployment).contains(&permission)
}

/// Whether the caller may, in words; nothing is noted.
pub(super) fn check(
    who: &Principal,
    deployment: &Deployment,
    permission: Permission,
    to_do: &str,
) -> Result<(), Problem> {
    if deployment_permitted(who, deployment, permission) {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "You may not {to_do}: it needs the permission {permission} on {}. Ask an administrator of the Deployment.",
        deployment.name
    )))
}

/// A text of 1 to `most` characters without control characters.
pub(crate) fn checked_name(field: &str, text: &str, most: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most {
        return Err(Problem::invalid(field, format!("`{field}` takes 1 to {most} characters.")));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::invalid(field, format!("`{field}` takes no control characters.")));
    }
    Ok(text.to_owned())
}

/// The problem of an unexpected failure of the store, for `map_err`.
pub(super) fn of(what: &'static str) -> impl Fn(StoreError) -> Problem {
    move |e| e.problem(what)
}
