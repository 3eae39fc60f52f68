//! The command target: the operator's own program, for whatever Backstep does not know.
//!
//! The program is run without a shell, once a question, in an environment of `PATH`, `HOME` and `LANG` only. It reads one
//! JSON object from standard input and answers in JSON lines on standard output (see [`protocol`]). It must be done when it
//! exits: what it leaves running is ended with it. While it observes or acts it holds the lock of its Deployment through an
//! open file of its own, so that a server that was killed and started again waits for it instead of starting a second one.

mod lock;
mod process;
mod protocol;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use backstep_domain::{DeploymentId, KeptSetting, TargetAbility};
use hmac::{Hmac, Mac};
use rustix::fs::{Access, access};
use sha2::Sha256;
use tokio::sync::OnceCell;

use self::{
    lock::Lock,
    process::Program,
    protocol::{Answer, Request, Verb},
};
use super::{Observed, Runs, StepInput, StepLog, Target, TargetError, quoted};

/// Whether the program is there, and can be run.
pub(super) fn look(program: &str) -> Result<(), TargetError> {
    let runs = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let found = match program.contains('/') {
        true => runs(Path::new(program)),
        false => {
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| runs(&dir.join(program)))
        }
    };
    if found {
        return Ok(());
    }
    Err(TargetError::new(format!("The program {program} is not there, or may not be run by this user.")))
}

/// An operator's program as a target.
#[derive(Debug)]
pub struct CommandTarget {
    name: String,
    program: Program,
    /// The folder of the lock files.
    locks: PathBuf,
    key: [u8; 32],
    ability: OnceCell<TargetAbility>,
}

impl CommandTarget {
    /// `limit` is how long the program may take for one answer; `key` is the secret behind the hashes of kept settings.
    pub fn new(name: String, program: Vec<String>, limit: Duration, locks: PathBuf, key: [u8; 32]) -> Self {
        Self { name, program: Program { argv: program, limit }, locks, key, ability: OnceCell::new() }
    }

    /// Runs the program while it holds the lock of the Deployment.
    async fn ask_alone(&self, request: &Request<'_>, log: Option<&StepLog>) -> Result<Answer, TargetError> {
        let deployment = request.deployment().expect("observe and act are about a Deployment");
        let lock = Lock::take(&self.locks, deployment, self.program.limit, log).await?;
        self.program.ask(request, Some(lock), log).await
    }

    /// Each Deployment has a key of its own, so that equal values in two of them do not show as equal hashes.
    fn hash_key(&self, deployment: &DeploymentId) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(b"kept settings of ");
        mac.update(deployment.as_str().as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

#[async_trait]
impl Target for CommandTarget {
    fn name(&self) -> &str {
        &self.name
    }

    /// Asked once; asked again only after it failed.
    async fn ability(&self) -> Result<TargetAbility, TargetError> {
        let ask = || async {
            let answer = self.program.ask(&Request::can(), None, None).await?;
            let can = answer.can.ok_or_else(|| TargetError::new("The program did not say what it can do."))?;
            let (name, steps) = (self.name.clone(), can.steps);
            Ok(TargetAbility { name, steps, database: can.database, mechanism: can.mechanism })
        };
        self.ability.get_or_try_init(ask).await.cloned()
    }

    async fn observe(&self, input: &StepInput) -> Result<Observed, TargetError> {
        let answer = self.ask_alone(&Request::step(Verb::Observe, input), None).await?;
        let found = answer.observed.ok_or_else(|| TargetError::new("The program did not say what it observed."))?;
        let done = found.done.ok_or_else(|| {
            TargetError::new("The program did not say whether the step is done: `done` is missing in `observed`.")
        })?;
        let detail =
            found.image.map_or_else(|| "the program names no image".to_owned(), |i| format!("the image is {i}"));
        Ok(Observed { done, detail })
    }

    async fn act(&self, input: &StepInput, log: &StepLog) -> Result<(), TargetError> {
        let answer = self.ask_alone(&Request::step(Verb::Act, input), Some(log)).await?;
        if answer.done {
            return Ok(());
        }
        Err(TargetError::new("The program ended without saying that it is done, so it may have stopped half-way."))
    }

    /// Only reads, so it does not wait for the lock: a plan can be read while a rollout runs.
    async fn kept(&self, deployment: &DeploymentId) -> Result<Option<Vec<KeptSetting>>, TargetError> {
        let answer = self.program.ask(&Request::kept(deployment, self.hash_key(deployment)), None, None).await?;
        Ok(answer.observed.and_then(|found| found.settings))
    }

    fn by_hand(&self, input: &StepInput) -> Option<String> {
        let question = serde_json::to_string(&Request::step(Verb::Act, input)).expect("a question is JSON");
        let program: Vec<_> = self.program.argv.iter().map(|word| quoted(word)).collect();
        Some(format!("echo {} | {}", quoted(&question), program.join(" ")))
    }

    async fn runs(&self, deployment: &DeploymentId) -> Result<Runs, TargetError> {
        let answer = self.program.ask(&Request::what_runs(deployment), None, None).await?;
        let image = answer.observed.and_then(|found| found.image);
        Ok(Runs { bundle: None, image })
    }
}
