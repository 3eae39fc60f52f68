//! Steps, changes, database, what is undone, what is kept: tables.

use super::*;
use crate::{Brought, Part, SchemaHeads};

#[test]
fn steps_stage_before_they_switch_and_verify_last() {
    use StepKind::{StageDags, SwitchDags, SwitchImage, Verify};
    let scene = scene(Mechanism::DagDeploy);
    assert_eq!(scene.option(Scope::Image).steps, [SwitchImage, Verify]);
    assert_eq!(scene.option(Scope::Dags).steps, [StageDags, SwitchDags, Verify]);
    assert_eq!(scene.option(Scope::ImageAndDags).steps, [StageDags, SwitchImage, SwitchDags, Verify]);
    let to_dag_deploy = scene_over(Mechanism::DagDeploy, Mechanism::Image).option(Scope::ImageAndDags);
    assert_eq!(to_dag_deploy.steps, [StageDags, SwitchImage, SwitchDags, Verify]);
    let to_image = scene_over(Mechanism::Image, Mechanism::DagDeploy).option(Scope::ImageAndDags);
    assert_eq!(to_image.steps, [SwitchImage, Verify]);
    assert!(rollout_steps(false, false).is_empty());
}

#[test]
fn a_change_of_mechanism_goes_through_the_image_target_even_with_the_same_image() {
    let mut history = History::of(Mechanism::Image, 1);
    history.deploy(Brought { mechanism: Some(Mechanism::DagDeploy), ..brought(None, Some(2)) });
    let mut scene = Scene::new(history, 1);
    scene.targets.image.as_mut().unwrap().mechanism = true;
    let option = scene.option(Scope::ImageAndDags);
    assert_eq!(option.steps, [StepKind::SwitchImage, StepKind::Verify]);
    assert_eq!(option.undone, [number(2)]);
    assert!(matches!(option.changes[..], [Change::Mechanism { .. }, Change::Dags { to: None, .. }]));
}

#[test]
fn a_deploy_that_changed_only_the_mechanism_is_undone_too() {
    let mut history = History::of(Mechanism::Image, 2);
    history.deploy(Brought { mechanism: Some(Mechanism::DagDeploy), ..Brought::default() });
    assert_eq!(undone(history, 2, Scope::ImageAndDags), (vec![3], true));
}

#[test]
fn where_only_one_part_differs_the_whole_is_allowed_and_changes_that_part_only() {
    let mut history = History::of(Mechanism::DagDeploy, 1);
    history.deploy(brought(None, Some(2)));
    let scene = Scene::new(history, 1);
    assert_eq!(refusals(&scene.option(Scope::Image)), [ReasonCode::AlreadyRuns]);
    let whole = scene.option(Scope::ImageAndDags);
    assert_eq!(whole.changes, scene.option(Scope::Dags).changes);
    assert_eq!(whole.steps, [StepKind::StageDags, StepKind::SwitchDags, StepKind::Verify]);
}

#[test]
fn what_already_runs_needs_no_registry_and_no_target() {
    let mut history = History::of(Mechanism::DagDeploy, 1);
    history.deploy(brought(None, Some(2)));
    let mut scene = Scene::new(history, 1);
    scene.facts.image_in_registry = Fact::No;
    scene.targets.image = None;
    assert!(scene.option(Scope::ImageAndDags).allowed());
}

#[test]
fn a_missing_dag_bundle_stands_only_against_scopes_that_need_it() {
    let mut scene = scene(Mechanism::DagDeploy);
    scene.history.get_mut(1).artifact_missing = true;
    assert!(scene.option(Scope::Image).allowed());
    assert_eq!(refusals(&scene.option(Scope::Dags)), [ReasonCode::ArtifactMissing]);
}

#[test]
fn a_restricted_runtime_that_stays_is_no_matter_of_the_rollback() {
    let scene = scene_of_runtimes("11.2.0", "11.1.0");
    assert!(!warnings(&scene.option(Scope::Dags)).contains(&ReasonCode::RuntimeRestricted));
    let mut history = scene.history;
    history.deploy(brought(None, Some(3)));
    let whole = Scene::new(history, 2).option(Scope::ImageAndDags);
    assert_eq!(warnings(&whole), []);
}

fn database(target: &str, live: &str, change: impl FnOnce(&mut Scene)) -> (Vec<ReasonCode>, bool) {
    let mut scene = scene_of_runtimes(target, live);
    change(&mut scene);
    let option = scene.option(Scope::Image);
    (refusals(&option), option.needs_typed_name)
}

fn set_heads(scene: &mut Scene, now: Option<SchemaHeads>, live: Option<SchemaHeads>, target: Option<SchemaHeads>) {
    scene.facts.database_heads = now;
    scene.history.get_mut(2).revision.image.heads = live;
    scene.history.get_mut(1).revision.image.heads = target;
}

#[test]
fn the_database_is_in_the_way_only_where_heads_differ_or_may_differ() {
    let (a, b) = (|| Some(heads("a")), || Some(heads("b")));
    let blocked = (vec![ReasonCode::DatabaseStep], false);
    let free = (vec![], false);
    assert_eq!(database("13.0.0", "13.8.0", |_| ()), blocked, "another Airflow, heads unknown");
    assert_eq!(database("13.8.0", "13.11.0", |_| ()), free, "the same Airflow, heads unknown");
    assert_eq!(database("13.0.0", "13.8.0", |s| set_heads(s, a(), None, a())), free, "another Airflow, equal heads");
    assert_eq!(database("13.0.0", "13.8.0", |s| set_heads(s, a(), None, b())), blocked, "heads differ");
    assert_eq!(database("13.8.0", "13.11.0", |s| set_heads(s, a(), None, b())), blocked, "same Airflow, heads differ");
    assert_eq!(database("13.0.0", "13.8.0", |s| set_heads(s, None, a(), a())), free, "as the live image has them");
    assert_eq!(database("13.0.0", "13.8.0", |s| set_heads(s, b(), a(), a())), blocked, "what is observed counts");
    assert_eq!(database("3.1-97", "3.1-98", |_| ()), blocked, "the Airflow of both is not certain");
    assert_eq!(database("3.1-97", "3.1-97", |_| ()), free, "not certain, but the same");
}

#[test]
fn the_name_is_typed_only_for_a_downgrade_that_is_possible() {
    let able = |s: &mut Scene| s.targets.image.as_mut().unwrap().database = true;
    assert_eq!(database("11.8.0", "13.8.0", able), (vec![], true));
    assert_eq!(database("13.8.0", "11.8.0", able), (vec![], false), "a migration loses nothing");
    assert_eq!(database("13.8.0", "13.11.0", able), (vec![], false), "no database step");
    assert_eq!(database("11.8.0", "3.1-1", able), (vec![ReasonCode::DowngradeRange], false));
    let refused = |s: &mut Scene| {
        able(s);
        s.permissions.clear();
    };
    assert_eq!(database("11.8.0", "13.8.0", refused), (vec![ReasonCode::PermissionMissing], false));
    let mut scene = scene_of_runtimes("11.8.0", "13.8.0");
    able(&mut scene);
    assert!(!scene.option(Scope::Dags).needs_typed_name);
    assert!(scene.option(Scope::ImageAndDags).needs_typed_name);
}

#[test]
fn the_downgrade_gap_is_from_3_0_1_to_3_1_1() {
    let in_gap = |v: &str| database::in_downgrade_gap(&runtime(v));
    assert!(["3.0-1", "3.0-2", "3.0-14", "3.1-1"].iter().all(|v| in_gap(v)));
    assert!(["3.0.0", "13.11.0", "3.1-2", "3.2-1"].iter().all(|v| !in_gap(v)));
}

fn undone(history: History, target: u32, scope: Scope) -> (Vec<u32>, bool) {
    let option = Scene::new(history, target).option(scope);
    (option.undone.iter().map(|n| n.get()).collect(), option.backward)
}

#[test]
fn undone_after_partial_rollbacks() {
    let mut history = History::of(Mechanism::DagDeploy, 1);
    history.deploy(brought(Some(2), None)).deploy(brought(None, Some(3))).failed_deploy(brought(Some(4), Some(4)));
    history.deploy(brought(Some(5), Some(5)));
    assert_eq!(undone(history.clone(), 1, Scope::Image), (vec![5, 2], true));
    assert_eq!(undone(history.clone(), 1, Scope::Dags), (vec![5, 3], true));
    assert_eq!(undone(history.clone(), 1, Scope::ImageAndDags), (vec![5, 3, 2], true));
    history.roll_back(2, Scope::Image); // #6: image of #2, DAGs of #5
    assert_eq!(undone(history.clone(), 1, Scope::Image), (vec![2], true), "#5's image is undone already");
    assert_eq!(undone(history.clone(), 1, Scope::Dags), (vec![5, 3], true));
    assert_eq!(undone(history.clone(), 3, Scope::Dags), (vec![5], true));
    assert_eq!(undone(history, 5, Scope::Image), (vec![], false), "forward again");
}

#[test]
fn after_the_target_means_later_live_not_a_higher_number() {
    let mut history = History::of(Mechanism::DagDeploy, 4);
    // #3 was held while #4 went live, and was released afterwards.
    let (third, fourth) = (history.get(3).live_from, history.get(4).live_from);
    (history.get_mut(3).live_from, history.get_mut(3).live_until) = (fourth, None);
    (history.get_mut(4).live_from, history.get_mut(4).live_until) = (third, fourth);
    let plan = Scene::new(history, 4).plan();
    let whole = plan.option(Scope::ImageAndDags).unwrap();
    assert_eq!((whole.undone.as_slice(), whole.backward), ([number(3)].as_slice(), true));
    assert_eq!(plan.between.iter().map(|d| d.number.get()).collect::<Vec<_>>(), [3]);
}

#[test]
fn between_are_those_that_went_live_newest_first() {
    let mut history = History::of(Mechanism::DagDeploy, 3);
    history.failed_deploy(brought(Some(4), None)).deploy(brought(Some(5), None));
    let numbers = |n| Scene::new(history.clone(), n).plan().between.iter().map(|d| d.number.get()).collect::<Vec<_>>();
    assert_eq!(numbers(1), [5, 3, 2]);
    assert_eq!(numbers(3), [5]);
    assert!(numbers(4).is_empty());
}

#[test]
fn kept_settings_are_named_with_what_changed_since_the_target() {
    let mut scene = scene(Mechanism::Image);
    assert_eq!(scene.plan().kept, Kept::default());
    scene.history.get_mut(1).kept = ["same", "other", "gone"].map(|name| kept_setting(name, "1")).to_vec();
    scene.facts.kept_now =
        Some(vec![kept_setting("same", "1"), kept_setting("other", "2"), kept_setting("added", "1")]);
    let kept = scene.plan().kept;
    let settings: Vec<_> = kept.settings.iter().map(|s| (s.name.as_str(), s.changed_since_target)).collect();
    assert_eq!(settings, [("added", true), ("gone", true), ("other", true), ("same", false)]);
    assert!(kept.known);
    scene.history.get_mut(1).kept.clear();
    assert!(scene.plan().kept.settings.iter().all(|s| !s.changed_since_target), "nothing to compare with");
    scene.history.get_mut(1).kept = vec![kept_setting("gone", "1")];
    scene.facts.kept_now = Some(Vec::new());
    assert!(scene.plan().kept.settings[0].changed_since_target);
}

#[test]
fn changes_name_each_thing_that_differs_and_nothing_else() {
    let (old, new) = (a_deploy(1).revision, a_deploy(2).revision);
    assert!(matches!(changes_between(&old, &new)[..], [Change::Image { .. }, Change::Dags { .. }]));
    let mut same = old.clone();
    (same.image.origin, same.mechanism_origin) = (number(9), number(9));
    same.image.image.as_mut().unwrap().tag = None;
    assert!(changes_between(&old, &same).is_empty(), "an origin or a tag is no change");
    let mut other = old.clone();
    (other.image.runtime, other.image.airflow) = (Some(runtime("3.1-2")), Some(airflow("3.1.0")));
    other.mechanism = Mechanism::Image;
    let changes = changes_between(&old, &other);
    assert!(matches!(changes[..], [Change::Mechanism { .. }, Change::Runtime { .. }, Change::Airflow { .. }]));
    assert!(draft::same_part(&old, &same, Part::Image) && !draft::same_part(&old, &other, Part::Image));
}
