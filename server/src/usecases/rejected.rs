//! What was rejected, while a deploy is decided on.

use backstep_domain::{Deploy, Part, Problem, RejectedPart, digest_of, has_rejected, origin_of};

use super::access::of;
use crate::store::{DeploymentTx, Present};

/// The rejected parts of a Deployment under lock.
pub(super) struct Rejections(Vec<RejectedPart>);

impl Rejections {
    pub fn of(present: &Present) -> Self {
        Self(present.rejected.clone())
    }

    /// The rejected ones among some parts of a deploy.
    pub fn among(&self, deploy: &Deploy, parts: &[Part]) -> Vec<RejectedPart> {
        let there = |rejected: &&RejectedPart| parts.contains(&rejected.part) && rejected.is_in(&deploy.revision);
        self.0.iter().filter(there).cloned().collect()
    }

    /// Whoever rolls something out again that was rejected, and was asked, has decided that it is good.
    pub async fn clear(&mut self, tx: &mut DeploymentTx, parts: &[RejectedPart]) -> Result<(), Problem> {
        for part in parts {
            tx.clear_rejected_part(part).await.map_err(of("deploy"))?;
        }
        self.0.retain(|kept| !parts.contains(kept));
        Ok(())
    }

    /// Rejects the parts of `live` that a rollback changes.
    pub async fn reject(
        &mut self,
        tx: &mut DeploymentTx,
        live: &Deploy,
        rollback: &Deploy,
    ) -> Result<Vec<RejectedPart>, Problem> {
        let mut rejected = Vec::new();
        for part in [Part::Image, Part::Dags] {
            let Some(digest) = digest_of(&live.revision, part) else { continue };
            if digest_of(&rollback.revision, part).as_ref() == Some(&digest) {
                continue;
            }
            let part = RejectedPart {
                part,
                digest,
                origin: origin_of(&live.revision, part),
                rollback: rollback.number,
                at: rollback.created_at,
                by: rollback.created_by.clone(),
                why: rollback.description.clone(),
            };
            tx.reject_part(&part).await.map_err(of("deploy"))?;
            rejected.push(part);
        }
        self.0.extend(rejected.clone());
        Ok(rejected)
    }

    /// Whether a deploy has a rejected part.
    pub fn has(&self, deploy: &Deploy) -> bool {
        has_rejected(&deploy.revision, &self.0)
    }
}
