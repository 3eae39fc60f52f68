use std::fmt;

use backstep_domain::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

/// A `Problem` on its way through a server function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure(pub Problem);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl FromServerFnError for Failure {
    type Encoder = JsonEncoding;

    /// The framework's own errors; their texts may name internals, so people get ours.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Problem::new(ProblemCode::Invalid, "The request could not be read. Reload the page and try again.")
            }
            ServerFnErrorErr::Request(_) => Problem::new(
                ProblemCode::Unavailable,
                "The server does not answer. What you typed is still here; try again when it is back.",
            ),
            _ => Problem::new(
                ProblemCode::Internal,
                "Something went wrong in the server. Its log says what; nothing more was done.",
            ),
        })
    }
}
