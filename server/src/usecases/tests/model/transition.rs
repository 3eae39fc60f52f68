//! What can happen to a Deployment, and how a random life is drawn.

use backstep_domain::{DeployKind, ReleaseTo, Scope};
use proptest::{
    prelude::*,
    sample::select,
    strategy::{BoxedStrategy, Union},
};
use proptest_state_machine::ReferenceStateMachine;

use super::rules::Model;

/// Any of them can come at any time; what it comes to is said by the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// Upload and finalize, with the image, the DAGs or both of a version; there are few, so that they come again.
    Deploy {
        kind: DeployKind,
        version: usize,
    },
    RollBack(RollBack),
    /// The last request that was recorded, once more with its Idempotency-Key.
    Again,
    SetHold,
    Release(ReleaseTo),
    /// A server looks for work.
    Claim,
    /// The holder of the rollout is gone for longer than its lease; then another server looks for work.
    LeaseEnds,
    /// The holder does so many things: plans the steps, begins one, ends one, or ends the rollout.
    Work(u32),
    /// The same until the rollout is over; claims it first if nobody has it.
    CarryOut,
    /// The step that runs fails.
    Break,
    /// Whoever held a rollout before tries every write.
    Zombie,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollBack {
    pub to: u32,
    pub scope: Option<Scope>,
    pub hold: bool,
    pub reject: bool,
    /// With the fingerprint of another plan.
    pub moved: bool,
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Transition> {
        let kind = prop_oneof![
            1 => Just(DeployKind::Image),
            1 => Just(DeployKind::Dags),
            6 => Just(DeployKind::ImageAndDags)
        ];
        let deploy = (kind, 0..super::real::VERSIONS).prop_map(|(kind, version)| Transition::Deploy { kind, version });
        let release =
            prop_oneof![2 => Just(ReleaseTo::Newest), 1 => Just(ReleaseTo::None)].prop_map(Transition::Release);
        // What comes to nothing now is drawn now and then; what goes on with what is there, more often.
        let (waits, runs, steps) = (state.waits() && !state.runs(), state.runs(), state.is_in_step());
        let weight = |often: bool, weight: u32| if often { weight } else { 1 };
        // Little can be rolled back before two deploys were live.
        let young = state.lived().len() < 2;
        let deploys = match (young, state.is_held()) {
            (true, _) => weight(!waits && !runs, 20),
            (false, true) => 2,
            (false, false) => 6,
        };
        Union::new_weighted(vec![
            (deploys, deploy.boxed()),
            (weight(!young, if state.is_rare() { 40 } else { 12 }), roll_back(state).boxed()),
            (1, Just(Transition::Again).boxed()),
            (1, Just(Transition::SetHold).boxed()),
            (weight(state.is_held(), if state.waits() { 10 } else { 6 }), release.boxed()),
            (weight(waits, 10), Just(Transition::Claim).boxed()),
            (weight(runs, 2), Just(Transition::LeaseEnds).boxed()),
            (weight(runs, 12), (1..=5u32).prop_map(Transition::Work).boxed()),
            (weight(waits || runs, if young { 30 } else { 6 }), Just(Transition::CarryOut).boxed()),
            (weight(steps, 3), Just(Transition::Break).boxed()),
            (1, Just(Transition::Zombie).boxed()),
        ])
        .boxed()
    }

    fn apply(mut state: Self, transition: &Transition) -> Self {
        state.does(transition);
        state
    }
}

/// Mostly to what was live before, now and then to what is, was never, or is not there.
fn roll_back(state: &Model) -> impl Strategy<Value = Transition> + use<> {
    let earlier = state.lived().split_last().map(|(_, earlier)| earlier.to_vec()).unwrap_or_default();
    let some = (1..=state.newest() + 1).boxed();
    let to = if earlier.is_empty() { some } else { prop_oneof![1 => some, 8 => select(earlier)].boxed() };
    let scope = prop_oneof![2 => Just(None), 1 => select(Scope::ALL.to_vec()).prop_map(Some)];
    (to, scope, any::<bool>(), any::<bool>(), prop::bool::weighted(0.05))
        .prop_map(|(to, scope, hold, reject, moved)| Transition::RollBack(RollBack { to, scope, hold, reject, moved }))
}
