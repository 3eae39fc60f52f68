//! Random histories, compared with a replay that shares no code with the rules.

use proptest::prelude::*;

use super::*;
use crate::{DAY, DagsPart, Part, Permission, Revision};

/// What a part is, and the deploy that first brought it.
type Replayed = (u32, u32);

#[derive(Clone, Debug)]
enum Event {
    Deploy {
        image: Option<u32>,
        dags: Option<u32>,
        fails: bool,
    },
    /// To the nth deploy so far, modulo their count; skipped where that one never ran.
    RollBack {
        to: usize,
        scope: Scope,
    },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let content = || prop::option::of(1_u32..4);
    let deploy = (content(), content(), prop::bool::weighted(0.15))
        .prop_filter("a deploy brings something", |(image, dags, _)| image.is_some() || dags.is_some())
        .prop_map(|(image, dags, fails)| Event::Deploy { image, dags, fails });
    let roll_back = (any::<prop::sample::Index>(), prop::sample::select(Scope::ALL.to_vec()))
        .prop_map(|(to, scope)| Event::RollBack { to: to.index(64), scope });
    prop::collection::vec(prop_oneof![3 => deploy, 1 => roll_back], 1..20)
}

/// The history by the rules, and by replay: for each deploy that ran, image and DAGs with their origins.
fn play(events: &[Event]) -> (History, Vec<Option<[Replayed; 2]>>) {
    let mut history = History::of(Mechanism::DagDeploy, 1);
    let mut replay = vec![Some([(1, 1), (1, 1)])];
    let mut now = [(1, 1), (1, 1)];
    for event in events {
        let next = u32::try_from(replay.len()).unwrap() + 1;
        match event {
            Event::Deploy { image, dags, fails: true } => {
                history.failed_deploy(brought(*image, *dags));
                replay.push(None);
                continue;
            }
            Event::Deploy { image, dags, fails: false } => {
                history.deploy(brought(*image, *dags));
                for (part, content) in now.iter_mut().zip([image, dags]) {
                    *part = content.filter(|c| *c != part.0).map_or(*part, |c| (c, next));
                }
            }
            Event::RollBack { to, scope } => {
                let to = to % replay.len();
                let Some(target) = replay[to] else { continue };
                history.roll_back(u32::try_from(to).unwrap() + 1, *scope);
                if *scope != Scope::Dags {
                    now[0] = target[0];
                }
                if *scope != Scope::Image {
                    now[1] = target[1];
                }
            }
        }
        replay.push(Some(now));
    }
    (history, replay)
}

fn as_revision([(image_content, image_origin), (dags_content, dags_origin)]: [Replayed; 2]) -> Revision {
    let mut revision = a_deploy(1).revision;
    revision.image.image = Some(image(image_content));
    revision.image.origin = number(image_origin);
    revision.dags = Some(DagsPart { bundle: bundle(dags_content), origin: number(dags_origin) });
    revision
}

/// Deploys after the target that changed the part, up to the origin of today's; none where today's is the target's.
fn undone_by_replay(replay: &[Option<[Replayed; 2]>], target: u32, part: usize) -> Vec<u32> {
    let today = replay.iter().flatten().last().unwrap()[part];
    let mut at = replay[target as usize - 1].unwrap()[part].0;
    if at == today.0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for number in target + 1..=today.1 {
        let Some(then) = replay[number as usize - 1] else { continue };
        if then[part].0 != at {
            found.push(number);
        }
        at = then[part].0;
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_deploy_runs_what_a_replay_says(events in events()) {
        let (history, replay) = play(&events);
        prop_assert_eq!(history.deploys.len(), replay.len());
        for (deploy, replayed) in history.deploys.iter().zip(&replay) {
            prop_assert_eq!(deploy.live_from.is_some(), replayed.is_some());
            if let Some(replayed) = replayed {
                prop_assert_eq!(&deploy.revision, &as_revision(*replayed));
            }
        }
    }

    #[test]
    fn after_a_rollback_the_parts_in_scope_are_the_targets_and_the_rest_is_todays(
        events in events(), to in any::<prop::sample::Index>(), scope in prop::sample::select(Scope::ALL.to_vec()),
    ) {
        let (history, replay) = play(&events);
        let ran: Vec<_> = replay.iter().flatten().collect();
        let (target, today) = (**to.get(&ran), **ran.last().unwrap());
        let after = rolled_back_revision(&as_revision(today), &as_revision(target), scope);
        let expected = [
            if scope == Scope::Dags { today[0] } else { target[0] },
            if scope == Scope::Image { today[1] } else { target[1] },
        ];
        prop_assert_eq!(after, as_revision(expected));
        prop_assert_eq!(&history.live().unwrap().revision, &as_revision(today));
    }

    #[test]
    fn undone_is_exactly_the_deploys_that_changed_the_part(events in events(), to in any::<prop::sample::Index>()) {
        let (history, replay) = play(&events);
        let target = u32::try_from(to.index(replay.len())).unwrap() + 1;
        prop_assume!(replay[target as usize - 1].is_some());
        let plan = Scene::new(history, target).plan();
        for option in &plan.options {
            let mut expected: Vec<u32> = Vec::new();
            for (at, part) in [Part::Image, Part::Dags].into_iter().enumerate() {
                if option.scope.has(part) {
                    expected.extend(undone_by_replay(&replay, target, at));
                }
            }
            expected.sort_unstable_by(|a, b| b.cmp(a));
            expected.dedup();
            prop_assert_eq!(option.undone.iter().map(|n| n.get()).collect::<Vec<_>>(), expected, "{}", option.scope);
        }
    }

    #[test]
    fn a_plan_changes_nothing_outside_its_scope(
        events in events(), to in any::<prop::sample::Index>(), mechanism in prop::sample::select(Mechanism::ALL.to_vec()),
        doubt in any::<[bool; 6]>(),
    ) {
        let (mut history, replay) = play(&events);
        // The target ran with some mechanism: scopes that would change more than they name must not.
        let target = to.index(replay.len());
        history.deploys[target].revision.mechanism = mechanism;
        let mut scene = Scene::new(history, u32::try_from(target).unwrap() + 1);
        if doubt[0] { scene.permissions.remove(&Permission::ImagesPush); }
        if doubt[1] { scene.facts.bundle_intact = Fact::No; }
        if doubt[2] { scene.targets.image = None; }
        if doubt[3] { scene.policy.rollback_enabled = false; }
        if doubt[4] { scene.now = scene.now.plus(95 * DAY); }
        if doubt[5] { scene.facts.image_in_registry = Fact::Unknown; }
        let before = scene.clone();
        let plan = scene.plan();
        prop_assert_eq!(&before.history.deploys, &scene.history.deploys);
        prop_assert_eq!(plan.options.iter().map(|o| o.scope).collect::<Vec<_>>(), Scope::ALL);
        for option in &plan.options {
            prop_assert_eq!(option.steps.is_empty(), !option.allowed(), "a refused scope has no steps, an allowed one has");
            prop_assert!(option.allowed() || !option.needs_typed_name);
            prop_assert!(!(option.allowed() && option.changes.is_empty()), "an allowed scope changes something");
            for change in &option.changes {
                let fits = match change {
                    Change::Dags { .. } => option.scope.has(Part::Dags),
                    Change::Mechanism { .. } => option.scope == Scope::ImageAndDags,
                    Change::Image { .. } | Change::Runtime { .. } | Change::Airflow { .. } => option.scope.has(Part::Image),
                };
                prop_assert!(fits, "{:?} in {}", change, option.scope);
            }
            for step in &option.steps {
                let fits = match step {
                    StepKind::StageDags | StepKind::SwitchDags => option.scope.has(Part::Dags),
                    StepKind::SwitchImage => option.scope.has(Part::Image),
                    StepKind::Verify => true,
                };
                prop_assert!(fits, "{} in {}", step, option.scope);
            }
        }
        prop_assert!(plan.proposed.is_none_or(|scope| plan.option(scope).unwrap().allowed()));
        prop_assert_eq!(plan.proposed.is_none(), plan.allowed().is_empty());
    }

    #[test]
    fn the_order_of_the_deploys_in_between_does_not_matter(events in events(), to in any::<prop::sample::Index>()) {
        let (history, _) = play(&events);
        let target = u32::try_from(to.index(history.deploys.len())).unwrap() + 1;
        let scene = Scene::new(history, target);
        let shuffled: Vec<_> = scene.history.deploys.iter().rev().cloned().collect();
        let input = PlanInput {
            policy: &scene.policy, deployment: &scene.history.deployment, live: scene.history.live().unwrap(),
            target: scene.history.get(target), before_live: scene.history.before_live(), between: &shuffled, rejected: &[],
            running: None, permissions: &scene.permissions, catalogue: &scene.catalogue, targets: &scene.targets,
            facts: &scene.facts, now: scene.now,
        };
        prop_assert_eq!(plan(&input), scene.plan());
    }
}
