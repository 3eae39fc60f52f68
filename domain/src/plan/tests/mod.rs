mod confirm;
mod fingerprint;
mod matrix;
mod properties;
mod reasons;
mod results;

use super::*;
use crate::{Catalogue, Mechanism, testing::*};

fn refusals(option: &ScopeOption) -> Vec<ReasonCode> {
    option.refusals.iter().map(|r| r.code).collect()
}

fn warnings(option: &ScopeOption) -> Vec<ReasonCode> {
    option.warnings.iter().map(|r| r.code).collect()
}

/// Deploys of both parts where the mechanism takes them; the rollback is of #3 to #1.
fn scene(mechanism: Mechanism) -> Scene {
    Scene::new(History::of(mechanism, 3), 1)
}

/// A change from one mechanism to another; the rollback is back over it, with targets that can do it.
fn scene_over(from: Mechanism, to: Mechanism) -> Scene {
    let mut history = History::of(from, 1);
    let mut next = brought(Some(2), to.takes_dags().then_some(2));
    next.mechanism = Some(to);
    history.deploy(next);
    let mut scene = Scene::new(history, 1);
    scene.targets.image.as_mut().unwrap().mechanism = true;
    scene
}

/// Airflow `live` runs, the target has `target`; DAGs differ too.
fn scene_of_runtimes(target: &str, live: &str) -> Scene {
    let mut history = History::new(Mechanism::DagDeploy);
    for (n, version) in [(1, target), (2, live)] {
        let mut next = brought(Some(n), Some(n));
        let image = next.image.as_mut().unwrap();
        image.runtime = Some(runtime(version));
        image.airflow = Catalogue::built_in().airflow_of(&runtime(version));
        history.deploy(next);
    }
    Scene::new(history, 1)
}
