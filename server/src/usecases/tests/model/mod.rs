//! One Deployment's life as a small model (`rules.rs`), and the same life through the use cases on SQLite and PostgreSQL:
//! random sequences of what people, CI and servers do. After each the three must have said the same, and look the same.
//!
//! A new rule: say it in `rules.rs` or `rollouts.rs`, give it a `Transition`, carry that out in `real.rs`, and name in
//! `reached.rs` what must be reached. A disagreement is shrunk, and named with the seed that brings it back.

mod reached;
mod real;
mod rollouts;
mod rules;
mod transition;

use std::{cell::RefCell, collections::BTreeMap, env, ops::AddAssign, sync::atomic::Ordering, thread};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use tokio::{
    runtime::{Builder, Runtime},
    task::block_in_place,
};

use self::{reached::REACHED, real::Real, rules::Model, transition::Transition};
use crate::store::{
    Snapshot,
    tests::database::{Database, on_postgres, on_sqlite},
};

/// A number, 1 unless said otherwise: the sequence with this seed comes first, and each next one has the next seed. Another
/// one draws other lives.
const SEED: &str = "BACKSTEP_MODEL_SEED";
/// How many sequences. A run is to take a minute or two; two thousand take five to ten, for a transition is some thirty
/// statements on each database, and in a debug build sqlx needs more time for one than the database does.
const SEQUENCES: &str = "BACKSTEP_MODEL_SEQUENCES";
/// And how many more at a time, and in all, while something was not reached.
const MORE: u64 = 50;
const MOST: usize = 1200;
const LONGEST: usize = 30;
/// Each lane has databases of its own.
const LANES: u64 = 2;

#[test]
fn both_databases_do_what_the_model_says() {
    let said = |name| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let first = said(SEED).unwrap_or(1);
    let (sequences, whole) = (said(SEQUENCES).unwrap_or(400), said(SEQUENCES).is_none_or(|sequences| sequences >= 400));
    let mut all = lived(first, sequences);
    // What is rare may take more lives than the first ones.
    while whole && !never(&all).is_empty() && all.sequences < MOST {
        let more = lived(first + all.sequences as u64, MORE);
        all += more;
    }
    println!("model: {} sequences, {} transitions, 0 disagreements", all.sequences, all.transitions);
    for what in REACHED {
        println!("model: {:>6} {what}", all.reached.get(what).copied().unwrap_or_default());
    }
    let unknown: Vec<_> = all.reached.keys().filter(|what| !REACHED.contains(what)).collect();
    assert!(unknown.is_empty(), "REACHED does not name {unknown:?}");
    let never = never(&all);
    assert!(!whole || never.is_empty(), "never reached, so never compared: {never:?}");
}

/// Sequences with seeds from `first` on, in all lanes.
fn lived(first: u64, sequences: u64) -> Tally {
    let seeds = |lane| (first..first + sequences).skip(lane).step_by(LANES as usize);
    let lanes: Vec<_> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES as usize).map(|lane| scope.spawn(move || on_both(seeds(lane)))).collect();
        lanes.into_iter().map(|lane| lane.join()).collect()
    });
    let mut all = Tally::default();
    for lane in lanes {
        all += lane.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    all
}

fn never(all: &Tally) -> Vec<&'static str> {
    REACHED.iter().copied().filter(|what| !all.reached.contains_key(what)).collect()
}

/// What a run came to.
#[derive(Default)]
struct Tally {
    sequences: usize,
    transitions: usize,
    reached: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn count(&mut self, model: &Model) {
        self.transitions += 1;
        for what in &model.reached {
            *self.reached.entry(what).or_default() += 1;
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.sequences += other.sequences;
        self.transitions += other.transitions;
        for (what, times) in other.reached {
            *self.reached.entry(what).or_default() += times;
        }
    }
}

fn on_both(seeds: impl Iterator<Item = u64>) -> Tally {
    let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // The lives go on on this thread alone: waking others for every statement takes longer than the statement.
    let lives = Builder::new_current_thread().enable_all().build().unwrap();
    let mut tally = Tally::default();
    outside.block_on(on_sqlite(async |sqlite| {
        on_postgres(async |postgres| {
            // What a commit survives is looked at elsewhere; here it is to be quick.
            let url = format!("{}&options[synchronous_commit]=off", postgres.url);
            let postgres = Database { url, file: None };
            tally = block_in_place(|| {
                let both = lives.block_on(async { [Real::on(sqlite).await, Real::on(&postgres).await] });
                live_through(&lives, &both, seeds)
            });
            for database in [sqlite, &postgres] {
                let (_, flaws) = Snapshot::open(&database.url).await.unwrap().histories().await.unwrap();
                assert_eq!(flaws, []);
            }
        })
        .await;
    }));
    tally
}

fn live_through(runtime: &Runtime, both: &[Real; 2], seeds: impl Iterator<Item = u64>) -> Tally {
    let tally = RefCell::new(Tally::default());
    for seed in seeds {
        let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 4096, ..Config::default() };
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let outcome = runner.run(&Model::sequential_strategy(1..=LONGEST), |(model, transitions, seen)| {
            let applied = |at: usize| {
                if let Some(seen) = &seen {
                    seen.store(at, Ordering::SeqCst);
                }
            };
            let lived = runtime.block_on(one_life(both, model, &transitions, applied, &tally));
            lived.map_err(TestCaseError::fail)
        });
        match outcome {
            Ok(()) => tally.borrow_mut().sequences += 1,
            Err(TestError::Fail(why, (_, shortest, _))) => {
                let lines: Vec<_> = shortest.iter().map(|transition| format!("  {transition:?}")).collect();
                panic!("{why}\nThe shortest way there:\n{}\nAgain: {SEED}={seed} {SEQUENCES}=1", lines.join("\n"))
            }
            Err(aborted) => panic!("{aborted}; {SEED}={seed}"),
        }
    }
    tally.into_inner()
}

/// The error tells who disagreed on what.
async fn one_life(
    both: &[Real; 2],
    mut model: Model,
    transitions: &[Transition],
    applied: impl Fn(usize),
    tally: &RefCell<Tally>,
) -> Result<(), String> {
    let [sqlite, postgres] = both;
    let (mut sqlite, mut postgres) = tokio::join!(sqlite.begin(), postgres.begin());
    // At the end nothing may be stuck: what runs is carried out, and what waits for it.
    let end = [Transition::CarryOut, Transition::CarryOut];
    for (at, transition) in transitions.iter().chain(&end).enumerate() {
        applied((at + 1).min(transitions.len()));
        let expected = model.does(transition);
        let answers = tokio::join!(sqlite.does(transition), postgres.does(transition));
        agree(transition, "SQLite's answer", &answers.0, &expected)?;
        agree(transition, "PostgreSQL's answer", &answers.1, &expected)?;
        let (expected, seen) = (model.view(), tokio::join!(sqlite.view(), postgres.view()));
        agree(transition, "what SQLite holds", &seen.0.0, &expected)?;
        agree(transition, "what PostgreSQL holds", &seen.1.0, &expected)?;
        agree(transition, "every column on PostgreSQL", &seen.1.1, &seen.0.1)?;
        tally.borrow_mut().count(&model);
    }
    if model.is_at_rest() { Ok(()) } else { Err(format!("something is stuck: {:#?}", model.view())) }
}

fn agree<T: PartialEq + std::fmt::Debug>(after: &Transition, what: &str, is: &T, expected: &T) -> Result<(), String> {
    if is == expected {
        return Ok(());
    }
    Err(format!("{what} after {after:?} is\n  {is:?}\nand not\n  {expected:?}"))
}
