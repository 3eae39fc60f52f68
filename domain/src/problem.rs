//! The one error that crosses the borders: from a use case to a page, a server function, REST and the command line.

use serde::{Deserialize, Serialize};

use crate::{DeployNumber, Plan, Scope, deploy::word_enum};

word_enum! {
    /// Stable: programs may rely on them. REST sends it as `code`, with the status named at each.
    ProblemCode, "problem" {
        /// 401: sign in, or send a token.
        Unauthenticated = "unauthenticated",
        /// 403: the caller may see it, but not do this.
        Forbidden = "forbidden",
        /// 404: it does not exist, or the caller may not see it.
        NotFound = "not_found",
        /// 422: the input cannot be right, whatever the state.
        Invalid = "invalid",
        /// 422: a bundle that is refused.
        BadBundle = "bad_bundle",
        /// 413: over a limit that the message names.
        TooLarge = "too_large",
        /// 409: the plan moved since it was shown; the new one comes along and nothing was done.
        PlanMoved = "plan_moved",
        /// 409: another rollback runs; the winner's number comes along.
        RollbackInProgress = "rollback_in_progress",
        /// 409: the plan refuses this scope.
        Refused = "refused",
        /// 409: the Deployment's name has to be typed, because data is lost for good.
        ConfirmName = "confirm_name",
        /// 409: it would bring back what was rejected, and has to be asked for with that in mind.
        ConfirmRejected = "confirm_rejected",
        /// 409: it cannot be done in the present state.
        Conflict = "conflict",
        /// 409: a request with the same Idempotency-Key is being worked on.
        InProgress = "in_progress",
        /// 422: the same Idempotency-Key came with another body.
        IdempotencyMismatch = "idempotency_mismatch",
        /// 403: a form of another site.
        CrossSite = "cross_site",
        /// 429: too often; the message says how long to wait.
        TooManyRequests = "too_many_requests",
        /// 503: a part of the installation does not answer; try again.
        Unavailable = "unavailable",
        /// 500: a fault of Backstep's; the details are in its log.
        Internal = "internal",
    }
}

impl ProblemCode {
    /// The HTTP status of REST answers and of server functions called by script.
    pub fn status(self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::Forbidden | Self::CrossSite => 403,
            Self::NotFound => 404,
            Self::PlanMoved
            | Self::RollbackInProgress
            | Self::Refused
            | Self::ConfirmName
            | Self::ConfirmRejected
            | Self::Conflict
            | Self::InProgress => 409,
            Self::TooLarge => 413,
            Self::Invalid | Self::BadBundle | Self::IdempotencyMismatch => 422,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

/// What went wrong and what to do, in words for a person; never an internal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    pub code: ProblemCode,
    pub message: String,
    /// The field of the input that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// With `plan_moved`, `refused` and `confirm_name`: the plan as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<Plan>>,
    /// With `forbidden` and `refused` on a rollback: the scopes that are allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_scopes: Vec<Scope>,
    /// With `rollback_in_progress`: the rollback that is running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<DeployNumber>,
}

impl Problem {
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, plan: None, allowed_scopes: Vec::new(), winner: None }
    }

    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(ProblemCode::Invalid, message) }
    }

    /// The same words for what is missing and what may not be seen.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("There is no such {what}, or you may not see it."))
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ProblemCode::Forbidden, message)
    }

    pub fn with_plan(mut self, plan: Plan) -> Self {
        self.allowed_scopes = plan.allowed();
        self.plan = Some(Box::new(plan));
        self
    }
}
