use super::*;
use crate::{HOUR, Mechanism, ReasonCode as Code, Scope, testing::*};

fn code(history: &History, n: u32, now: Millis) -> Option<Code> {
    let live = history.live().map(|d| d.number);
    ineligible(history.get(n), live, history.before_live(), &Policy::default(), now).map(|r| r.code)
}

fn day(n: i64) -> Millis {
    START.plus(n * DAY + HOUR)
}

#[test]
fn each_reason_has_its_case() {
    let mut history = History::of(Mechanism::DagDeploy, 3);
    history.failed_deploy(brought(Some(9), None));
    assert_eq!(code(&history, 3, day(4)), Some(Code::TargetIsLive));
    assert_eq!(code(&history, 4, day(4)), Some(Code::NeverSucceeded));
    assert_eq!(code(&history, 1, day(4)), None);
    history.get_mut(1).artifact_missing = true;
    assert_eq!(code(&history, 1, day(4)), Some(Code::ArtifactMissing));
    assert_eq!(code(&History::of(Mechanism::Image, 1), 1, day(1)), Some(Code::NoEarlierDeploy));
}

#[test]
fn the_window_counts_from_creation_and_from_the_last_day_live() {
    let history = History::of(Mechanism::Image, 4);
    // #1 was created on day 1 and live until day 2.
    assert_eq!(code(&history, 1, day(91)), None);
    assert_eq!(code(&history, 1, day(92)), Some(Code::OutsideWindow));
    assert_eq!(code(&history, 2, day(92)), None);
}

#[test]
fn what_was_live_just_before_is_always_eligible() {
    let history = History::of(Mechanism::Image, 3);
    assert_eq!(code(&history, 2, day(1000)), None);
    assert_eq!(code(&history, 1, day(1000)), Some(Code::OutsideWindow));
}

#[test]
fn artifacts_are_kept_by_the_same_rule() {
    let mut history = History::of(Mechanism::Image, 3);
    history.failed_deploy(brought(Some(9), None));
    let kept = |deploy: &Deploy, now| artifacts_kept(deploy, history.before_live(), &Policy::default(), now);
    let late = day(1000);
    assert_eq!([1, 2, 3, 4].map(|n| kept(history.get(n), late)), [false, true, true, false]);
    assert_eq!([1, 2, 3, 4].map(|n| kept(history.get(n), day(5))), [true, true, true, false]);
    for status in [DeployStatus::Queued, DeployStatus::Held, DeployStatus::Running] {
        assert!(kept(&Deploy { status, ..history.get(4).clone() }, late), "{status}");
    }
    let missing = Deploy { artifact_missing: true, ..history.get(2).clone() };
    assert!(kept(&missing, day(5)), "a damaged bundle may still hold what can be saved");
}

fn proposed(history: &History) -> Option<u32> {
    let newest_first: Vec<_> = history.deploys.iter().rev().cloned().collect();
    last_good(&newest_first, history.before_live(), &Policy::default(), day(6)).map(DeployNumber::get)
}

#[test]
fn last_good_was_live_for_an_hour_and_not_rejected() {
    let mut history = History::of(Mechanism::DagDeploy, 5);
    assert_eq!(proposed(&history), Some(4));
    let from = history.get(4).live_from;
    history.get_mut(4).live_until = from.map(|f| f.plus(HOUR - 1));
    assert_eq!(proposed(&history), Some(3), "#4 was live for less than an hour");
    history.get_mut(4).live_until = from.map(|f| f.plus(HOUR));
    assert_eq!(proposed(&history), Some(4));
    history.get_mut(4).rejected = true;
    assert_eq!(proposed(&history), Some(3));
    history.get_mut(3).artifact_missing = true;
    assert_eq!(proposed(&history), Some(2));
}

#[test]
fn last_good_falls_back_to_the_newest_eligible_one_and_to_none() {
    let mut history = History::of(Mechanism::DagDeploy, 3);
    history.get_mut(1).rejected = true;
    history.get_mut(2).rejected = true;
    assert_eq!(proposed(&history), Some(2));
    assert_eq!(proposed(&History::of(Mechanism::DagDeploy, 1)), None);
    assert_eq!(proposed(&History::new(Mechanism::DagDeploy)), None);
}

#[test]
fn last_good_is_never_what_already_runs() {
    let mut history = History::of(Mechanism::DagDeploy, 3);
    history.get_mut(3).rejected = true;
    history.roll_back(2, Scope::ImageAndDags);
    assert_eq!(proposed(&history), Some(1), "#3 is rejected, #2 is what runs");
}
