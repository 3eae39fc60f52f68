//! The steps of a rollout and its log.

use backstep_domain::{LogLine, Step, StepKind, StepStatus};

use super::{database::Database, given::*};
use crate::store::{Claim, Store};

on_each_database!(
    steps_are_planned_once_in_order,
    a_step_goes_from_pending_to_its_end,
    a_step_that_is_taken_up_again_keeps_when_it_started,
    log_lines_are_numbered_without_gaps,
    who_takes_over_goes_on_with_the_log,
    the_log_is_read_in_pieces,
    steps_and_lines_are_of_one_rollout,
    many_lines_at_once
);

const KINDS: [StepKind; 4] = [StepKind::StageDags, StepKind::SwitchImage, StepKind::SwitchDags, StepKind::Verify];

async fn running(db: &Database) -> (Store, Claim) {
    let store = db.open().await;
    let prod = prod(&store).await;
    queue(&store, &prod, 1).await;
    let claim = claim(&store, "one").await;
    (store, claim)
}

async fn steps(store: &Store, claim: &Claim) -> Vec<Step> {
    store.steps(&claim.deploy.id).await.unwrap()
}

fn pending(index: u32) -> Step {
    let (kind, status) = (KINDS[index as usize], StepStatus::Pending);
    Step { index, kind, status, started_at: None, ended_at: None, error: None }
}

async fn log(store: &Store, claim: &Claim, after: u64, limit: u32) -> Vec<LogLine> {
    store.log(&claim.deploy.id, after, limit).await.unwrap()
}

fn lines(step: u32, texts: &[&str]) -> Vec<(backstep_domain::Millis, String)> {
    texts.iter().map(|text| (START.plus(i64::from(step)), (*text).to_owned())).collect()
}

async fn steps_are_planned_once_in_order(db: &Database) {
    let (store, claim) = running(db).await;
    assert_eq!(steps(&store, &claim).await, []);
    store.plan_steps(&claim, &KINDS).await.unwrap();
    let planned: Vec<_> = (0..4).map(pending).collect();
    assert_eq!(steps(&store, &claim).await, planned);
    store.start_step(&claim, 0, START).await.unwrap();
    let before = store.contents().await;
    store.plan_steps(&claim, &KINDS).await.unwrap();
    assert_eq!(store.contents().await, before, "planning again changes nothing");
}

async fn a_step_goes_from_pending_to_its_end(db: &Database) {
    let (store, claim) = running(db).await;
    store.plan_steps(&claim, &KINDS).await.unwrap();
    let at = |n| START.plus(n);
    store.start_step(&claim, 0, at(1)).await.unwrap();
    store.end_step(&claim, 0, StepStatus::Succeeded, None, at(2)).await.unwrap();
    store.start_step(&claim, 1, at(3)).await.unwrap();
    let done = Step { status: StepStatus::Succeeded, started_at: Some(at(1)), ended_at: Some(at(2)), ..pending(0) };
    let running = Step { status: StepStatus::Running, started_at: Some(at(3)), ..pending(1) };
    assert_eq!(steps(&store, &claim).await, [done.clone(), running.clone(), pending(2), pending(3)]);
    let why = "Switch the image failed: 'no such image'";
    store.end_step(&claim, 1, StepStatus::Failed, Some(why), at(4)).await.unwrap();
    store.end_step(&claim, 2, StepStatus::Skipped, None, at(5)).await.unwrap();
    let failed = Step { status: StepStatus::Failed, ended_at: Some(at(4)), error: Some(why.to_owned()), ..running };
    let skipped = Step { status: StepStatus::Skipped, ended_at: Some(at(5)), ..pending(2) };
    assert_eq!(steps(&store, &claim).await, [done, failed, skipped, pending(3)]);
}

async fn a_step_that_is_taken_up_again_keeps_when_it_started(db: &Database) {
    let (store, claim) = running(db).await;
    store.plan_steps(&claim, &KINDS).await.unwrap();
    store.start_step(&claim, 0, START).await.unwrap();
    let next = store.claim_rollout("two", START.plus(LEASE), LEASE).await.unwrap().unwrap();
    store.start_step(&next, 0, START.plus(LEASE)).await.unwrap();
    assert_eq!(steps(&store, &next).await[0].started_at, Some(START));
}

async fn log_lines_are_numbered_without_gaps(db: &Database) {
    let (store, claim) = running(db).await;
    store.plan_steps(&claim, &KINDS).await.unwrap();
    store.log_lines(&claim, 0, &lines(0, &["a", "b"])).await.unwrap();
    store.log_lines(&claim, 1, &[]).await.unwrap();
    store.log_lines(&claim, 1, &lines(1, &["", "b"])).await.unwrap();
    let line =
        |seq, step: u32, text: &str| LogLine { seq, step, at: START.plus(i64::from(step)), text: text.to_owned() };
    let expected = [line(1, 0, "a"), line(2, 0, "b"), line(3, 1, ""), line(4, 1, "b")];
    assert_eq!(log(&store, &claim, 0, 100).await, expected);
}

async fn who_takes_over_goes_on_with_the_log(db: &Database) {
    let (store, claim) = running(db).await;
    store.log_lines(&claim, 0, &lines(0, &["a", "b"])).await.unwrap();
    let other = db.open_beside(&store).await;
    let next = other.claim_rollout("two", START.plus(LEASE), LEASE).await.unwrap().unwrap();
    assert!(store.log_lines(&claim, 0, &lines(0, &["late"])).await.is_err());
    other.log_lines(&next, 0, &lines(0, &["c"])).await.unwrap();
    let told: Vec<_> = log(&store, &claim, 0, 100).await.into_iter().map(|l| (l.seq, l.text)).collect();
    assert_eq!(told, [(1, "a".to_owned()), (2, "b".to_owned()), (3, "c".to_owned())]);
}

async fn the_log_is_read_in_pieces(db: &Database) {
    let (store, claim) = running(db).await;
    let texts: Vec<_> = (1..=23).map(|n| (START, format!("line {n}"))).collect();
    store.log_lines(&claim, 0, &texts).await.unwrap();
    let (mut joined, mut after) = (Vec::new(), 0);
    loop {
        let piece = log(&store, &claim, after, 5).await;
        assert!(piece.len() <= 5);
        let Some(last) = piece.last() else { break };
        after = last.seq;
        joined.extend(piece.into_iter().map(|l| (START, l.text)));
        assert!(joined.len() <= texts.len(), "a line came twice: {joined:?}");
    }
    assert_eq!(joined, texts);
    assert_eq!(log(&store, &claim, 23, 5).await, []);
    assert_eq!(log(&store, &claim, u64::MAX, 5).await, []);
}

async fn steps_and_lines_are_of_one_rollout(db: &Database) {
    let (store, claim) = running(db).await;
    store.plan_steps(&claim, &KINDS).await.unwrap();
    store.log_lines(&claim, 0, &lines(0, &["a"])).await.unwrap();
    let other = another(&store, "other").await;
    queue(&store, &other, 1).await;
    let second = super::given::claim(&store, "one").await;
    store.plan_steps(&second, &KINDS[..1]).await.unwrap();
    store.log_lines(&second, 0, &lines(0, &["b"])).await.unwrap();
    store.end_step(&second, 0, StepStatus::Skipped, None, START).await.unwrap();
    assert_eq!(steps(&store, &claim).await, (0..4).map(pending).collect::<Vec<_>>());
    assert_eq!(steps(&store, &second).await.len(), 1);
    let second_log = log(&store, &second, 0, 10).await;
    assert_eq!((second_log.len(), second_log[0].seq, second_log[0].text.as_str()), (1, 1, "b"));
}

/// As many as the engine writes at once, several times, all there in order.
async fn many_lines_at_once(db: &Database) {
    let (store, claim) = running(db).await;
    for _ in 0..3 {
        let batch: Vec<_> = (0..500).map(|n| (START, format!("line {n}"))).collect();
        store.log_lines(&claim, 0, &batch).await.unwrap();
    }
    let all = log(&store, &claim, 0, 10_000).await;
    assert!(all.iter().map(|l| l.seq).eq(1..=1500));
    assert_eq!(all[1499].text, "line 499");
}
