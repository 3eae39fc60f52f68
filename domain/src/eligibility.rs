//! Which deploys can be rolled back to, and whose artifacts are kept for that.

use crate::{DAY, Deploy, DeployNumber, DeployStatus, Millis, Policy, Reason, ReasonCode};

/// Why a deploy cannot be rolled back to; `None`: it can.
///
/// `live` and `before_live` are the deploy that is live and the one that was live just before it.
pub fn ineligible(
    deploy: &Deploy,
    live: Option<DeployNumber>,
    before_live: Option<DeployNumber>,
    policy: &Policy,
    now: Millis,
) -> Option<Reason> {
    if Some(deploy.number) == live {
        return Some(match before_live {
            Some(_) => Reason::new(
                ReasonCode::TargetIsLive,
                format!("{} is live: it is what runs now. Choose an earlier deploy.", deploy.number),
            ),
            None => Reason::new(
                ReasonCode::NoEarlierDeploy,
                format!("There is no earlier deploy to roll back to: {} is the first that went live.", deploy.number),
            ),
        });
    }
    if deploy.live_from.is_none() {
        return Some(Reason::new(
            ReasonCode::NeverSucceeded,
            format!("{} never ran: its rollout did not succeed. Choose a deploy that did.", deploy.number),
        ));
    }
    if !in_window(deploy, before_live, policy, now) {
        return Some(Reason::new(
            ReasonCode::OutsideWindow,
            format!(
                "{} is outside the rollback window of {} days: it was neither created nor live within it. \
                 Choose a newer deploy, or deploy this code again.",
                deploy.number, policy.window_days
            ),
        ));
    }
    deploy.artifact_missing.then(|| artifact_missing(deploy.number))
}

/// Whether a deploy's artifacts have to be kept: it is live, may be rolled back to, or may still be rolled out.
pub fn artifacts_kept(deploy: &Deploy, before_live: Option<DeployNumber>, policy: &Policy, now: Millis) -> bool {
    use DeployStatus::{Held, Queued, Running};
    deploy.is_live()
        || matches!(deploy.status, Queued | Held | Running)
        || deploy.live_from.is_some() && in_window(deploy, before_live, policy, now)
}

/// The deploy that is proposed where no target was chosen; `deploys` are newest first.
///
/// The newest eligible one that was live long enough (`Policy::good_after_ms`) and was not rejected; else the newest
/// eligible one. One that is the same as what runs now is passed over: rolling back to it would change nothing.
pub fn last_good(
    deploys: &[Deploy],
    before_live: Option<DeployNumber>,
    policy: &Policy,
    now: Millis,
) -> Option<DeployNumber> {
    let live = deploys.iter().find(|d| d.is_live())?;
    let eligible: Vec<_> = deploys
        .iter()
        .filter(|d| ineligible(d, Some(live.number), before_live, policy, now).is_none())
        .filter(|d| !crate::changes_between(&live.revision, &d.revision).is_empty())
        .collect();
    let good = |d: &&&Deploy| !d.rejected && d.active_for(now) >= Some(policy.good_after_ms);
    eligible.iter().find(good).or(eligible.first()).map(|d| d.number)
}

/// Created within the window, or live within it; and the deploy that was live just before the present one always.
fn in_window(deploy: &Deploy, before_live: Option<DeployNumber>, policy: &Policy, now: Millis) -> bool {
    let start = now.minus(i64::from(policy.window_days) * DAY);
    let live_within = deploy.live_from.is_some() && deploy.live_until.is_none_or(|until| until >= start);
    before_live == Some(deploy.number) || deploy.created_at >= start || live_within
}

pub(crate) fn artifact_missing(number: DeployNumber) -> Reason {
    Reason::new(
        ReasonCode::ArtifactMissing,
        format!("The DAG bundle of {number} is gone or damaged. Choose another deploy, or deploy this code again."),
    )
}

#[cfg(test)]
mod tests;
