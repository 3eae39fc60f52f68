use std::time::{Duration, Instant};

use backstep_domain::*;

use super::{faulty::Fault, world::*};
use crate::{
    rollout::{CrashPoint, Limits, crash::Edge},
    targets::Target,
};

#[tokio::test]
async fn a_deploy_becomes_what_airflow_reads() {
    let world = world().await;
    let one = world.roll_out(1).await;
    assert_eq!((one.status, one.status_reason), (DeployStatus::Succeeded, None));
    world.assert_runs(1);
    let two = world.roll_out(2).await;
    world.assert_runs(2);
    assert!(two.is_live() && two.started_at.is_some() && two.ended_at.is_some());
    assert!(!world.store.deploy(&world.deployment.id, number(1)).await.unwrap().is_live());
    assert_eq!(two.kept, [KeptSetting { name: "A".to_owned(), hash: "1".to_owned() }]);
    let steps = [StepKind::StageDags, StepKind::SwitchImage, StepKind::SwitchDags, StepKind::Verify];
    assert_eq!(world.steps(2).await, steps.map(|step| (step, StepStatus::Succeeded)));
    assert_eq!(world.acts(2), (1, 1));

    let log = world.log(2).await;
    assert!(log.iter().zip(1..).all(|(line, seq)| line.seq == seq), "no gaps");
    let texts: Vec<_> = log.iter().map(|line| (line.step, line.text.as_str())).collect();
    assert!(texts.contains(&(1, "switching")), "{texts:?}");
    assert!(texts.iter().any(|(step, text)| *step == 2 && text.contains("now: current points to")), "{texts:?}");
}

#[tokio::test]
async fn a_rollout_that_fails_leaves_what_ran_before() {
    use StepKind::{StageDags, SwitchDags, SwitchImage};
    let world = world().await;
    world.roll_out(1).await;
    let mut n = 1;
    for (fault, failed) in [
        (Fault::Before(StageDags), StageDags),
        (Fault::After(StageDags), StageDags),
        (Fault::Lie(StageDags), StageDags),
        (Fault::Before(SwitchImage), SwitchImage),
        (Fault::After(SwitchImage), SwitchImage),
        (Fault::Lie(SwitchImage), SwitchImage),
        (Fault::Before(SwitchDags), SwitchDags),
        (Fault::After(SwitchDags), SwitchDags),
        (Fault::Lie(SwitchDags), SwitchDags),
        (Fault::Verify, StepKind::Verify),
    ] {
        n += 1;
        *world.dags.fault.lock().unwrap() = Some((number(n), fault, false));
        *world.image.fault.lock().unwrap() = Some((number(n), fault, false));
        let deploy = world.roll_out(n).await;
        assert_eq!(deploy.status, DeployStatus::Failed, "{fault:?}");
        let reason = deploy.status_reason.unwrap();
        assert!(reason.starts_with(&format!("{} failed: ", failed.label())), "{fault:?}: {reason}");
        assert!(reason.contains("runs what it ran before, #1"), "{fault:?}: {reason}");
        world.assert_runs(1);
        let steps = world.steps(n).await;
        let at = steps.iter().position(|(kind, _)| *kind == failed).unwrap();
        assert!(steps[..at].iter().all(|(_, status)| *status == StepStatus::Succeeded), "{steps:?}");
        assert_eq!(steps[at].1, StepStatus::Failed);
        assert!(steps[at + 1..].iter().all(|(_, status)| *status == StepStatus::Skipped), "{steps:?}");
        assert!(world.store.deploy(&world.deployment.id, number(1)).await.unwrap().is_live());
    }
    // And nothing stays broken.
    let last = world.roll_out(n + 1).await;
    assert_eq!(last.status, DeployStatus::Succeeded);
    world.assert_runs(n + 1);
}

#[tokio::test]
async fn when_falling_back_fails_too_it_says_what_to_do_by_hand() {
    let world = world().await;
    world.roll_out(1).await;
    *world.image.fault.lock().unwrap() = Some((number(2), Fault::After(StepKind::SwitchImage), true));
    let reason = world.roll_out(2).await.status_reason.unwrap();
    // The image was put back all the same, but the target says that it failed: a person has to look.
    let said = "Falling back to #1 failed too, so prod needs an operator. To do by hand: set the image to";
    assert!(reason.contains(said), "{reason}");
    assert!(reason.contains(&image(1).pinned()), "{reason}");
    // The command, run as it stands, does it.
    std::fs::write(world.here().join("image"), "something else").unwrap();
    run(reason.split_once("The command: ").unwrap().1);
    world.assert_runs(1);
    *world.dags.fault.lock().unwrap() = Some((number(3), Fault::After(StepKind::SwitchDags), true));
    let reason = world.roll_out(3).await.status_reason.unwrap();
    run("cd DAGS && ln -sfn versions/none current"
        .replace("DAGS", &world.here().join("dags").display().to_string())
        .as_str());
    run(reason.split_once("The command: ").unwrap().1);
    world.assert_runs(1);
}

fn run(command: &str) {
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}

#[tokio::test]
async fn a_step_that_does_not_end_is_given_up_and_what_ran_is_put_back() {
    let world = world().await;
    world.roll_out(1).await;
    world.slow(30.0);
    world.queue(2).await;
    let limits = Limits { step: Duration::from_secs(1), ..Limits::default() };
    let engine = world.start_with("a", limits, CrashPoint::default());
    // Putting back goes through the same program.
    while world.acts(2).0 == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.fast();
    let deploy = world.over(2).await;
    engine.stop().await;
    let reason = deploy.status_reason.unwrap();
    assert!(reason.contains("did not end within 1 seconds, and was given up"), "{reason}");
    assert!(reason.contains("runs what it ran before, #1"), "{reason}");
    world.assert_runs(1);
}

#[tokio::test]
async fn a_rollout_that_takes_its_server_down_each_time_is_given_up() {
    let world = world().await;
    world.roll_out(1).await;
    world.queue(2).await;
    let limits = Limits { attempts: 3, ..Limits::default() };
    for attempt in 0..3 {
        let told = std::sync::Arc::new(tokio::sync::Notify::new());
        let crash = CrashPoint::stand_still("switch_image", Edge::AfterRow, told.clone());
        let engine = world.start_with(&format!("owner {attempt}"), limits, crash);
        told.notified().await;
        engine.drop_dead().await;
    }
    let engine = world.start_with("last", limits, CrashPoint::default());
    let reason = world.over(2).await.status_reason.unwrap();
    engine.stop().await;
    assert!(reason.contains("broke off with its server 3 times, so it is not tried again"), "{reason}");
    assert!(reason.contains("runs what it ran before, #1"), "{reason}");
    world.assert_runs(1);
}

#[tokio::test]
async fn the_first_deploy_has_nothing_to_go_back_to() {
    let world = world().await;
    *world.image.fault.lock().unwrap() = Some((number(1), Fault::After(StepKind::SwitchImage), false));
    let reason = world.roll_out(1).await.status_reason.unwrap();
    assert!(reason.contains("had no earlier deploy to go back to"), "{reason}");
}

#[tokio::test]
async fn a_plain_file_where_versions_belongs_is_named_and_nothing_is_switched() {
    let world = world().await;
    std::fs::write(world.here().join("dags/versions"), "x").unwrap();
    let reason = world.roll_out(1).await.status_reason.unwrap();
    assert!(reason.contains("versions is a plain file") && reason.contains("Nothing was switched"), "{reason}");
    assert_eq!(world.acts(1), (0, 0));
}

#[tokio::test]
async fn a_deployment_without_a_target_says_so() {
    let world = world().await;
    let mut other = world.deployment.clone();
    (other.id, other.name, other.image_target) = (DeploymentId::new("other"), "other".to_owned(), None);
    world.store.create_deployment(&other, None, None).await.unwrap();
    world.queue_in(&other, 1, 1, DeployKind::ImageAndDags).await;
    let engine = world.start("a", CrashPoint::default());
    let reason = world.over_in(&other, 1).await.status_reason.unwrap();
    assert!(reason.contains("no target for images"), "{reason}");
    engine.stop().await;
}

#[tokio::test]
async fn a_part_that_is_not_deployed_is_left_alone() {
    let world = world().await;
    world.roll_out(1).await;
    std::fs::write(world.here().join("image"), "changed by hand").unwrap();
    let mut revision = world.store.deploy(&world.deployment.id, number(1)).await.unwrap().revision;
    let dags = crate::targets::tests::bundle(&world.bundles, &[("etl.py", "two")]).await;
    revision.dags = Some(DagsPart { bundle: dags, origin: number(2) });
    world.insert(&world.deployment, 2, DeployKind::Dags, revision).await;
    let engine = world.start("a", CrashPoint::default());
    assert_eq!(world.over(2).await.status, DeployStatus::Succeeded);
    engine.stop().await;
    assert_eq!(world.runs(), ("two".to_owned(), "changed by hand".to_owned()));
}

#[tokio::test]
async fn cancelled_before_the_point_of_no_return_and_not_after() {
    for (place, cancelled) in [("start", true), ("stage_dags", true), ("switch_image", false)] {
        let world = world().await;
        world.roll_out(1).await;
        world.queue(2).await;
        // Stands still after the row of that place, and is asked to cancel there; the next server reads it.
        let told = std::sync::Arc::new(tokio::sync::Notify::new());
        let stop = CrashPoint::stand_still(place, Edge::AfterEnd, told.clone());
        let engine = world.start("a", stop);
        told.notified().await;
        let mut tx = world.store.lock_deployment(&world.deployment.id).await.unwrap();
        let asked = tx.request_cancel(&DeployId::new("prod-2"), "a rollback goes first").await.unwrap();
        assert_eq!(asked, cancelled, "{place}");
        tx.commit().await.unwrap();
        engine.drop_dead().await;
        let engine = world.start("b", CrashPoint::default());
        let deploy = world.over(2).await;
        engine.stop().await;
        if cancelled {
            assert_eq!(deploy.status, DeployStatus::Cancelled, "{place}");
            assert_eq!(deploy.status_reason.as_deref(), Some("a rollback goes first"));
            assert_eq!(world.acts(2), (0, 0));
            world.assert_runs(1);
            let steps = world.steps(2).await;
            assert_eq!(steps.last().unwrap().1, StepStatus::Skipped);
        } else {
            assert_eq!(deploy.status, DeployStatus::Succeeded, "{place}");
            world.assert_runs(2);
        }
    }
}

#[tokio::test]
async fn deployments_do_not_wait_for_each_other() {
    let world = world().await;
    let mut all = vec![world.deployment.clone()];
    let mut targets: Vec<std::sync::Arc<dyn Target>> = vec![world.dags.clone(), world.image.clone()];
    for name in ["two", "three"] {
        let (dags, image, deployment) = deployment_in(&world.folder, name, &world.bundles);
        world.store.create_deployment(&deployment, None, None).await.unwrap();
        targets.extend([dags as std::sync::Arc<dyn Target>, image]);
        all.push(deployment);
    }
    let world = World { targets: crate::targets::TargetSet::of(targets), ..world };
    for deployment in &all {
        std::fs::write(world.folder.join(&deployment.name).join("slow"), "1.5").unwrap();
        world.queue_in(deployment, 1, 1, DeployKind::ImageAndDags).await;
    }
    let (start, engine) = (Instant::now(), world.start("a", CrashPoint::default()));
    for deployment in &all {
        assert_eq!(world.over_in(deployment, 1).await.status, DeployStatus::Succeeded);
    }
    assert!(start.elapsed() < Duration::from_millis(4000), "three of 1.5 s each took {:?}", start.elapsed());
    engine.stop().await;
}

#[tokio::test]
async fn the_next_deploy_starts_when_the_first_is_over() {
    let world = world().await;
    world.slow(0.3);
    world.queue(1).await;
    let engine = world.start("a", CrashPoint::default());
    while world.acts(1).0 == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.queue(2).await;
    let (one, two) = (world.over(1).await, world.over(2).await);
    assert!(two.started_at >= one.ended_at, "{:?} {:?}", one.ended_at, two.started_at);
    world.assert_runs(2);
    engine.stop().await;
}

#[tokio::test]
async fn old_bundles_leave_the_folder_when_the_window_no_longer_needs_them() {
    let world = world().await;
    let stray = world.here().join("dags/versions").join("e".repeat(64));
    std::fs::create_dir_all(&stray).unwrap();
    world.roll_out(1).await;
    world.roll_out(2).await;
    world.roll_out(3).await;
    assert!(!stray.exists(), "no deploy names it");
    let left = std::fs::read_dir(world.here().join("dags/versions")).unwrap().count();
    assert_eq!(left, 3, "each of the three can be rolled back to");
}

#[tokio::test]
async fn a_deploy_that_waited_keeps_what_went_live_meanwhile() {
    let world = world().await;
    world.roll_out(1).await;
    // Recorded on top of #1, with its image; by the time it is rolled out #2 has brought another.
    let mut revision = world.store.deploy(&world.deployment.id, number(1)).await.unwrap().revision;
    let dags = crate::targets::tests::bundle(&world.bundles, &[("etl.py", "three")]).await;
    revision.dags = Some(DagsPart { bundle: dags, origin: number(3) });
    world.slow(0.5);
    world.queue(2).await;
    let engine = world.start("a", CrashPoint::default());
    while world.acts(2).0 == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.insert(&world.deployment, 3, DeployKind::Dags, revision).await;
    let three = world.over(3).await;
    engine.stop().await;
    assert_eq!(world.runs(), ("three".to_owned(), image(2).pinned()));
    assert_eq!(three.revision.image.image, Some(image(2)), "the history says what runs");
    assert_eq!(world.steps(3).await[0].0, StepKind::StageDags);
    assert_eq!(world.acts(3), (0, 0));
}
