//! The marks of what was rejected, kept in line with the rejected parts.

use std::collections::BTreeMap;

use backstep_domain::{Deploy, Millis, Part, Principal, Problem, RejectedPart, content_of, has_rejected, origin_of};

use super::access::of;
use crate::store::{DeploymentTx, Present};

/// The rejected parts of a Deployment while a deploy is decided on.
pub(super) struct Rejections {
    now: Vec<RejectedPart>,
    cleared: Vec<RejectedPart>,
}

impl Rejections {
    pub fn of(present: &Present) -> Self {
        Self { now: present.rejected.clone(), cleared: Vec::new() }
    }

    /// The rejected ones among some parts of a revision.
    pub fn among(&self, deploy: &Deploy, parts: &[Part]) -> Vec<RejectedPart> {
        let there = |rejected: &&RejectedPart| parts.contains(&rejected.part) && rejected.is_in(&deploy.revision);
        self.now.iter().filter(there).cloned().collect()
    }

    /// Whoever rolls something out again that was rejected, and was asked, has decided that it is good.
    pub async fn clear(&mut self, tx: &mut DeploymentTx, parts: Vec<RejectedPart>) -> Result<(), Problem> {
        for part in parts {
            tx.clear_rejected_part(&part).await.map_err(of("deploy"))?;
            self.now.retain(|kept| kept.part != part.part || kept.content != part.content);
            self.cleared.push(part);
        }
        Ok(())
    }

    /// Marks the parts of `live` that a rollback changes.
    pub async fn reject(
        &mut self,
        tx: &mut DeploymentTx,
        live: &Deploy,
        rollback: &Deploy,
    ) -> Result<Vec<RejectedPart>, Problem> {
        let mut marked = Vec::new();
        for part in [Part::Image, Part::Dags] {
            let Some(content) = content_of(&live.revision, part) else { continue };
            if content_of(&rollback.revision, part).as_ref() == Some(&content) {
                continue;
            }
            let rejected = RejectedPart {
                part,
                content,
                origin: origin_of(&live.revision, part),
                rollback: rollback.number,
                at: rollback.created_at,
                by: rollback.created_by.clone(),
                why: rollback.description.clone(),
            };
            tx.reject_part(&rejected).await.map_err(of("deploy"))?;
            self.now.push(rejected.clone());
            marked.push(rejected);
        }
        Ok(marked)
    }

    /// Whether a deploy has a rejected part.
    pub fn has(&self, deploy: &Deploy) -> bool {
        has_rejected(&deploy.revision, &self.now)
    }

    /// Sets and takes off the marks of every deploy that may have one of these parts. A mark from before parts were rejected
    /// goes with `target`.
    pub async fn mark(
        &self,
        tx: &mut DeploymentTx,
        parts: &[RejectedPart],
        target: Option<&Deploy>,
        who: &Principal,
        at: Millis,
    ) -> Result<(), Problem> {
        let mut deploys: Vec<_> = target.into_iter().cloned().collect();
        if let Some(oldest) = parts.iter().map(|part| part.origin).min() {
            deploys.push(tx.deploy(oldest).await.map_err(of("deploy"))?);
            deploys.extend(tx.deploys_above(oldest).await.map_err(of("deploy"))?);
        }
        let each: BTreeMap<_, _> = deploys.iter().map(|deploy| (deploy.number, deploy)).collect();
        for (number, deploy) in each {
            let rejected = self.has(deploy);
            let taken_off = has_rejected(&deploy.revision, &self.cleared) || target.is_some_and(|t| t.number == number);
            if rejected != deploy.rejected && (rejected || taken_off) {
                tx.set_rejected(&deploy.id, rejected, &who.author, at).await.map_err(of("deploy"))?;
            }
        }
        Ok(())
    }
}
