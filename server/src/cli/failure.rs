use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use backstep_domain::ProblemCode;

use crate::http::api::ProblemBody;

/// How a command ended; scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1: it failed, or the rollout did.
    Failed,
    /// 2: the command cannot be right.
    Usage,
    /// 3: recorded, but a hold keeps it back.
    Held,
    /// 4: refused, or somebody was faster.
    Refused,
    /// 5: no token, or not enough rights.
    NotPermitted,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Held => 3,
            Self::Refused => 4,
            Self::NotPermitted => 5,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// What it is, and what to do.
    pub message: String,
    /// What the server said.
    pub problem: Option<Box<ProblemBody>>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), problem: None }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub fn code(&self) -> Option<ProblemCode> {
        self.problem.as_ref().map(|problem| problem.code)
    }

    /// Says it on stderr, and with `--json` the problem on stdout.
    pub(super) fn report(self, json: bool) -> ExitCode {
        eprintln!("backstep: {self}");
        if json {
            let document = match &self.problem {
                Some(problem) => serde_json::to_value(problem),
                None => Ok(serde_json::json!({ "title": "The command failed", "detail": self.message })),
            };
            // A reader that went away has seen enough.
            let _ = writeln!(io::stdout(), "{:#}", document.expect("a problem is plain data"));
        }
        self.exit.into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(problem) = &self.problem {
            if let Some(hint) = hint(problem.code) {
                write!(f, "\n{hint}")?;
            }
            if !problem.allowed_scopes.is_empty() && problem.code == ProblemCode::Forbidden {
                let scopes: Vec<_> = problem.allowed_scopes.iter().map(|scope| scope.as_str()).collect();
                write!(f, "\nYou may roll back with --scope {}.", scopes.join(" or --scope "))?;
            }
        }
        Ok(())
    }
}

/// What to do about it on the command line, where the server's words cannot know.
fn hint(code: ProblemCode) -> Option<&'static str> {
    match code {
        ProblemCode::Unauthenticated => Some("Set BACKSTEP_TOKEN to a token of this server, or use --token."),
        ProblemCode::ConfirmName | ProblemCode::ConfirmRejected => {
            Some("Give the Deployment's name with --confirm NAME.")
        }
        ProblemCode::RollbackInProgress => Some("`backstep history` shows it; try again when it has ended."),
        _ => None,
    }
}

/// A command that works on this machine, as `serve` does.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(format!("{error:#}"))
    }
}

impl From<ProblemBody> for Failure {
    fn from(problem: ProblemBody) -> Self {
        let exit = match problem.code {
            ProblemCode::Unauthenticated | ProblemCode::Forbidden | ProblemCode::CrossSite => Exit::NotPermitted,
            ProblemCode::PlanMoved
            | ProblemCode::RollbackInProgress
            | ProblemCode::Refused
            | ProblemCode::ConfirmName
            | ProblemCode::ConfirmRejected
            | ProblemCode::Conflict
            | ProblemCode::InProgress
            | ProblemCode::IdempotencyMismatch => Exit::Refused,
            ProblemCode::NotFound
            | ProblemCode::Invalid
            | ProblemCode::BadBundle
            | ProblemCode::TooLarge
            | ProblemCode::TooManyRequests
            | ProblemCode::Unavailable
            | ProblemCode::Internal => Exit::Failed,
        };
        let message = match &problem.field {
            Some(field) if problem.code == ProblemCode::Invalid => format!("{field}: {}", problem.detail),
            _ => problem.detail.clone(),
        };
        Self { exit, message, problem: Some(Box::new(problem)) }
    }
}
