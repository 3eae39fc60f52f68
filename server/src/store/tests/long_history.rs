//! A long history with everything in it, made from a seed, and what a filter must find in it.

use backstep_domain::*;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::given::*;
use crate::store::EligibleWhen;

pub const AUTHORS: [&str; 4] = ["Ada", "Bob", "Žofie", "ci_bot"];
const WORDS: [&str; 16] = [
    "Revenue",
    "revenue",
    "fix",
    "100%",
    "100",
    "snake_case",
    "snakeXcase",
    "C:\\dags",
    "Ünïcode",
    "ÜNÏCODE",
    "日本語",
    "😀",
    "o'clock",
    "\"quoted\"",
    "ŁÓDŹ",
    "CamelCase",
];
/// What is searched for: of the words, parts of digests, tags, commits and branches, and what means something to SQL.
pub const TEXTS: [&str; 30] = [
    "revenue",
    "REVENUE",
    "fix",
    "%",
    "100%",
    "_",
    "snake_case",
    "SNAKE_CASE",
    "\\",
    "c:\\d",
    "ünï",
    "Ünïcode",
    "日本",
    "😀",
    "'",
    "\"",
    "łódź",
    "Ł",
    "camelcase",
    "feature/",
    "FEATURE/7",
    "c0ffee",
    "build-1",
    "Build-",
    "sha256:",
    "0000",
    "  fix  ",
    "no such text",
    "';--",
    "\u{301}",
];

/// A history as the rules make it: at most one deploy is live, running and queued; deploys are days apart, some in the
/// same moment.
pub fn long_history(of: &Deployment, count: u32, seed: u64) -> Vec<Deploy> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut deploys: Vec<Deploy> = Vec::new();
    let mut at = START;
    let mut live: Option<usize> = None;
    for n in 1..=count {
        at = at.plus(*[0, 1, HOUR, DAY, 3 * DAY].choose(&mut random).unwrap());
        let status = match count - n {
            0 => DeployStatus::Queued,
            1 => DeployStatus::Running,
            _ => *[
                DeployStatus::Succeeded,
                DeployStatus::Succeeded,
                DeployStatus::Failed,
                DeployStatus::Cancelled,
                DeployStatus::Held,
            ]
            .choose(&mut random)
            .unwrap(),
        };
        let mut new = Deploy { status, created_at: at, ..described(of, n, &mut random) };
        if status == DeployStatus::Succeeded {
            new.live_from = Some(at.plus(MINUTE));
            new.artifact_missing = random.random_bool(0.2);
            new.rejected = random.random_bool(0.2);
            if let Some(before) = live.replace(deploys.len()) {
                deploys[before].live_until = new.live_from;
            }
        }
        deploys.push(new);
    }
    deploys
}

fn described(of: &Deployment, n: u32, random: &mut StdRng) -> Deploy {
    let mut new = deploy(of, n);
    new.kind = *DeployKind::ALL.choose(random).unwrap();
    new.created_by = author(AUTHORS.choose(random).unwrap());
    new.description =
        (0..random.random_range(0..4)).map(|_| *WORDS.choose(random).unwrap()).collect::<Vec<_>>().join(" ");
    if random.random_bool(0.3) {
        new.revision.dags = None;
    }
    if random.random_bool(0.1) {
        new.revision.image.image = None;
    }
    if random.random_bool(0.5) {
        let branch = random.random_bool(0.5).then(|| format!("Feature/{}", n % 10));
        new.git = Some(Git { commit_sha: format!("C0FFEE{n}"), branch, ..Git::default() });
    }
    if n > 2 && random.random_bool(0.2) {
        new.cause = Cause::Rollback { of: number(n - 1), to: number(n - 2), scope: Scope::ImageAndDags };
    }
    new
}

/// The present, as the history's rows say it.
pub struct Seen<'a> {
    pub deploys: &'a [Deploy],
    pub policy: Policy,
    pub now: Millis,
}

impl Seen<'_> {
    pub fn live(&self) -> Option<DeployNumber> {
        self.deploys.iter().find(|d| d.is_live()).map(|d| d.number)
    }

    pub fn before_live(&self) -> Option<DeployNumber> {
        self.deploys
            .iter()
            .filter(|d| d.live_until.is_some())
            .max_by_key(|d| (d.live_until, d.number))
            .map(|d| d.number)
    }

    pub fn eligible_when(&self) -> EligibleWhen {
        let window = i64::from(self.policy.window_days) * DAY;
        EligibleWhen { created_or_live_since: self.now.minus(window), before_live: self.before_live() }
    }

    /// What the filter finds, newest first: by the domain's rules and without SQL.
    pub fn find(&self, filter: &HistoryFilter) -> Vec<DeployNumber> {
        self.deploys.iter().rev().filter(|d| self.is_meant(d, filter)).map(|d| d.number).collect()
    }

    fn is_meant(&self, deploy: &Deploy, filter: &HistoryFilter) -> bool {
        let ineligible = || ineligible(deploy, self.live(), self.before_live(), &self.policy, self.now);
        filter.kind.is_none_or(|kind| deploy.kind == kind)
            && filter.status.is_none_or(|status| deploy.status == status)
            && filter.author.as_ref().is_none_or(|author| deploy.created_by.id == *author)
            && filter.text.as_ref().is_none_or(|text| contains(deploy, &text.trim().to_lowercase()))
            && filter.since.is_none_or(|since| deploy.created_at >= since)
            && filter.until.is_none_or(|until| deploy.created_at < until)
            && (!filter.rollbacks_only || deploy.is_rollback())
            && (!filter.eligible_only || ineligible().is_none())
    }
}

fn contains(deploy: &Deploy, text: &str) -> bool {
    let image = deploy.revision.image.image.as_ref().map(ToString::to_string);
    let dags = deploy.revision.dags.as_ref().map(|dags| dags.bundle.to_string());
    let git = deploy.git.clone().unwrap_or_default();
    let searched = [Some(deploy.description.clone()), image, dags, Some(git.commit_sha), git.branch];
    searched.into_iter().flatten().any(|part| part.to_lowercase().contains(text))
}

/// Any filter; most restrict in two or three ways.
pub fn any_filter(random: &mut StdRng, deploys: &[Deploy]) -> HistoryFilter {
    let time = |random: &mut StdRng| deploys.choose(random).unwrap().created_at.plus(random.random_range(-1..=1));
    let mut asked = |share: f64| random.random_bool(share);
    let (kind, status, by, text, since, until) =
        (asked(0.3), asked(0.3), asked(0.3), asked(0.4), asked(0.3), asked(0.3));
    let (eligible_only, rollbacks_only) = (asked(0.25), asked(0.15));
    HistoryFilter {
        kind: kind.then(|| *DeployKind::ALL.choose(random).unwrap()),
        status: status.then(|| *DeployStatus::ALL.choose(random).unwrap()),
        author: by.then(|| author(AUTHORS.choose(random).unwrap()).id),
        text: text.then(|| (*TEXTS.choose(random).unwrap()).to_owned()),
        since: since.then(|| time(random)),
        until: until.then(|| time(random)),
        eligible_only,
        rollbacks_only,
    }
}
