//! What the figures are told apart by. Each has a handful of values: no path, name, id, address or person is ever one.

use backstep_domain::{Problem, ProblemCode};
use prometheus_client::encoding::EncodeLabelSet;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Request {
    pub method: &'static str,
    /// The template in the table of routes, `/api/v1/deployments/{deployment}`.
    pub route: String,
    pub status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Timed {
    pub method: &'static str,
    pub route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Rollout {
    pub kind: &'static str,
    pub outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Step {
    pub step: &'static str,
    pub outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SignIn {
    pub method: &'static str,
    pub outcome: &'static str,
}

/// How an attempt to sign in came out.
pub(super) fn outcome_of<T>(attempt: &Result<T, Problem>) -> &'static str {
    match attempt.as_ref().map_err(|problem| problem.code) {
        Ok(_) => "succeeded",
        Err(ProblemCode::TooManyRequests) => "locked_out",
        Err(ProblemCode::Unavailable | ProblemCode::Internal) => "failed",
        Err(_) => "refused",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct State {
    pub state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Connections {
    pub pool: &'static str,
    pub state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Pool {
    pub pool: &'static str,
}
