//! Running the operator's program: limits on time and output, and no process left behind.

use std::{collections::VecDeque, env, process::Stdio, time::Duration};

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

use super::{
    lock::Lock,
    protocol::{Answer, Line, Request},
};
use crate::targets::{StepLog, TargetError};

/// All that a program finds in its environment, where the server has it.
const ENVIRONMENT: [&str; 3] = ["PATH", "HOME", "LANG"];
/// The number under which the program has the lock open. It need not know.
const LOCK_FD: i32 = 3;
/// What is kept of the log of one run; the rest is read and left out.
const LOG_LINES: usize = 10_000;
const LOG_BYTES: usize = 1_000_000;
/// A longer log line is cut.
const LINE_BYTES: usize = 8_000;
/// A line of the protocol is never longer; what is, is not of the protocol.
const MESSAGE_BYTES: u64 = 1_000_000;
/// How many of the last lines of standard error explain a failure.
const LAST_LINES: usize = 10;
/// From "please end" to "end".
const GRACE: Duration = Duration::from_secs(3);
/// How long output may still come after the program ended.
const DRAIN: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub(super) struct Program {
    pub argv: Vec<String>,
    pub limit: Duration,
}

impl Program {
    /// Asks one question. If the future is dropped, the program and what it started are killed.
    pub async fn ask(
        &self,
        request: &Request<'_>,
        lock: Option<Lock>,
        log: Option<&StepLog>,
    ) -> Result<Answer, TargetError> {
        let (mut child, _lock) = self.start(lock)?;
        let mut group = Group::of(&child);
        let question = serde_json::to_vec(request).expect("a request has only text keys");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let (out, err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));

        let mut heard = Heard::new(log);
        let mut answer = Answer::default();
        let mut last = VecDeque::new();
        let ended = {
            let ask = async {
                // A program that does not read its input is judged by what it answers.
                let _ = stdin.write_all(&question).await;
                let _ = stdin.write_all(b"\n").await;
                drop(stdin);
            };
            let (lines, complaints) = (&mut Vec::new(), &mut Vec::new());
            let mut talk = std::pin::pin!(async {
                tokio::join!(ask, listen(out, err, lines, complaints, &mut heard, &mut answer, &mut last))
            });
            let mut wait = std::pin::pin!(timeout(self.limit, child.wait()));
            let (ended, heard_all) = tokio::select! {
                ended = &mut wait => (ended, false),
                _ = &mut talk => (wait.await, true),
            };
            if ended.is_err() {
                group.end().await;
            } else {
                // What it started and left is ended with it: it would hold the lock, and work on unseen.
                group.kill();
                if !heard_all {
                    let _ = timeout(DRAIN, talk).await;
                }
            }
            ended
        };
        group.over();
        let status = match ended {
            Err(_) => {
                let _ = child.wait().await;
                return Err(self.too_slow());
            }
            Ok(Err(error)) => return Err(self.failed("could not be waited for", &error)),
            Ok(Ok(status)) => status,
        };
        if let Some(why) = answer.failed {
            return Err(TargetError::new(why));
        }
        if !status.success() {
            let said = Vec::from(last).join("\n");
            let said = if said.is_empty() { "It wrote nothing to standard error.".to_owned() } else { said };
            return Err(TargetError::new(format!("The program {} ended with {status}. {said}", self.name())));
        }
        if let Some(line) = answer.malformed {
            return Err(TargetError::new(format!(
                "The program {} wrote a line that is not of the protocol: {line}. Every line on its standard output is one \
                 JSON object; other text belongs on standard error.",
                self.name()
            )));
        }
        Ok(answer)
    }

    fn start(&self, lock: Option<Lock>) -> Result<(Child, Option<Lock>), TargetError> {
        let mut command = Command::new(self.name());
        command.args(&self.argv[1..]).env_clear();
        command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true).current_dir("/");
        if let Some(lock) = &lock {
            let parent_fd = lock.for_child().map_err(|error| self.failed("could not be given its lock", &error))?;
            let mapping = FdMapping { parent_fd, child_fd: LOCK_FD };
            command.fd_mappings(vec![mapping]).expect("one mapping does not collide with itself");
        }
        let child = command.spawn().map_err(|error| self.failed("could not be started", &error))?;
        let mut lock = lock;
        if let (Some(lock), Some(id)) = (&mut lock, child.id()) {
            lock.note(id);
        }
        Ok((child, lock))
    }

    fn name(&self) -> &str {
        self.argv.first().expect("the configuration was checked: a program has a name")
    }

    fn failed(&self, what: &str, error: &std::io::Error) -> TargetError {
        TargetError::new(format!("The program {} {what}: {error}. Correct it in the configuration.", self.name()))
    }

    fn too_slow(&self) -> TargetError {
        let seconds = self.limit.as_secs_f32();
        TargetError::new(format!(
            "The program {} did not end within {seconds} s and was stopped. See what it waits for, or raise \
             `timeout_seconds` of the target.",
            self.name()
        ))
    }
}

/// The process group of a run: the program and what it started.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Nobody left in it is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }

    fn kill(&self) {
        self.signal(Signal::KILL);
    }

    async fn end(&mut self) {
        self.signal(Signal::TERM);
        sleep(GRACE).await;
        self.kill();
    }

    fn over(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Keeps the log of a run within its limits.
struct Heard<'a> {
    log: Option<&'a StepLog>,
    lines: usize,
    bytes: usize,
    full: bool,
}

impl<'a> Heard<'a> {
    fn new(log: Option<&'a StepLog>) -> Self {
        Self { log, lines: 0, bytes: 0, full: false }
    }

    fn line(&mut self, text: &str) {
        let Some(log) = self.log.filter(|_| !self.full) else { return };
        let text = cut(text, LINE_BYTES);
        if self.lines >= LOG_LINES || self.bytes + text.len() > LOG_BYTES {
            self.full = true;
            log.line(format!(
                "The program says more than {LOG_LINES} lines or {LOG_BYTES} bytes; the rest is left out."
            ));
            return;
        }
        self.lines += 1;
        self.bytes += text.len();
        log.line(text);
    }
}

/// Reads both outputs to their ends.
async fn listen(
    out: impl AsyncRead + Unpin,
    err: impl AsyncRead + Unpin,
    line: &mut Vec<u8>,
    complaint: &mut Vec<u8>,
    heard: &mut Heard<'_>,
    answer: &mut Answer,
    last: &mut VecDeque<String>,
) {
    let (mut out, mut err) = (BufReader::new(out), BufReader::new(err));
    let (mut talking, mut complaining) = (true, true);
    while talking || complaining {
        tokio::select! {
            more = next_line(&mut out, line), if talking => {
                talking = more;
                if !line.is_empty() {
                    take(line, heard, answer);
                    line.clear();
                }
            }
            more = next_line(&mut err, complaint), if complaining => {
                complaining = more;
                if !complaint.is_empty() {
                    let text = String::from_utf8_lossy(complaint);
                    let text = text.trim_end();
                    heard.line(text);
                    if last.len() == LAST_LINES {
                        last.pop_front();
                    }
                    last.push_back(cut(text, 500));
                    complaint.clear();
                }
            }
        }
    }
}

/// Reads up to a line break into `line`; whether there may be more. What is in `line` when it is dropped is kept for the
/// next call. A line over the limit comes in pieces, none of which is of the protocol.
async fn next_line(from: &mut (impl AsyncBufReadExt + Unpin), line: &mut Vec<u8>) -> bool {
    let room = MESSAGE_BYTES.saturating_sub(line.len() as u64);
    matches!(from.take(room).read_until(b'\n', line).await, Ok(count) if count > 0)
}

fn take(line: &[u8], heard: &mut Heard<'_>, answer: &mut Answer) {
    let line = line.trim_ascii();
    if line.is_empty() {
        return;
    }
    match serde_json::from_slice(line) {
        Ok(Line::Log { log }) => heard.line(&log),
        Ok(Line::Can(can)) => answer.can = Some(can),
        Ok(Line::Observed { observed }) => answer.observed = Some(observed),
        Ok(Line::Done { done }) => answer.done = done,
        Ok(Line::Failed { failed }) => answer.failed = Some(cut(&failed, LINE_BYTES)),
        Err(_) => {
            let shown = cut(&String::from_utf8_lossy(line), 200);
            heard.line(&format!("Not of the protocol: {shown}"));
            answer.malformed.get_or_insert(shown);
        }
    }
}

/// The text, cut at a character's border if it is longer than `most` bytes.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{} ...", &text[..text.floor_char_boundary(most)])
}
