use backstep_domain::{
    AuditAction, AuditEntry, Brought, BroughtImage, Cause, Deploy, DeployId, DeployNumber, DeployStatus, DeploymentId,
    Part, Principal, Problem, ProblemCode, Upload, confirm_rejected, deployed_revision,
};

use super::{
    IdempotencyKey, UseCases,
    access::{Where, of},
    audit::recorded,
    create_upload::check_parts,
    hold::rollback_goes_first,
    rejected::Rejections,
};

impl UseCases {
    /// Makes an upload a deploy: it gets its number, and is queued, or held while a hold is on.
    ///
    /// # Errors
    /// `confirm_rejected` if it would roll out parts that were rejected, unless they are allowed.
    pub async fn finalize(
        &self,
        who: &Principal,
        id: &DeploymentId,
        upload: &DeployId,
        allow_rejected: bool,
        key: Option<IdempotencyKey>,
    ) -> Result<Deploy, Problem> {
        let deployment = self.visible(who, id).await?;
        // What an upload brings never changes, so that this can be asked before the lock.
        let kind = self.upload(who, id, upload).await?.kind;
        self.noted(who, Where::Deployment(&deployment), check_parts(who, &deployment, kind)).await?;
        let mut tx = self.store.lock_deployment(id).await.map_err(of("Deployment"))?;
        if let Some(key) = &key {
            let remembered = tx.remembered(&who.author.id, &key.key).await.map_err(of("deploy"))?;
            if let Some(done) = self.replayed(remembered, key)? {
                drop(tx);
                return self.store.deploy_by_id(&DeployId::new(done)).await.map_err(of("deploy"));
            }
        }
        let upload = tx.upload(upload).await.map_err(of("upload"))?;
        check_complete(&upload)?;

        let now = self.clock.now();
        let present = tx.present().await.map_err(of("Deployment"))?;
        if upload.adoption && present.newest.is_some() {
            return Err(Problem::new(
                ProblemCode::Conflict,
                "The Deployment got a history meanwhile; it is not adopted twice.",
            ));
        }
        let number = present.newest.map_or(DeployNumber::FIRST, |n| n.next());
        let before = present.live.as_ref().map(|live| &live.revision);
        let revision = deployed_revision(before, number, &deployment, &brought(&upload));
        let hold = present.hold.as_ref().filter(|hold| hold.is_on(now) && !upload.adoption);
        let status = match (upload.adoption, hold.is_some()) {
            (true, _) => DeployStatus::Succeeded,
            (false, true) => DeployStatus::Held,
            (false, false) => DeployStatus::Queued,
        };
        let kept = if upload.adoption { self.kept_now(&deployment).await } else { None };
        let mut deploy = Deploy {
            id: upload.id.clone(),
            deployment: id.clone(),
            number,
            kind: upload.kind,
            cause: if upload.adoption { Cause::Adoption } else { Cause::Deploy },
            revision,
            git: upload.git.clone(),
            created_at: now,
            created_by: who.author.clone(),
            description: upload.description.clone(),
            status,
            status_reason: hold.map(|h| format!("held by {}: {}", h.by.name, h.why)),
            started_at: None,
            ended_at: upload.adoption.then_some(now),
            live_from: upload.adoption.then_some(now),
            live_until: None,
            rejected: false,
            kept: kept.unwrap_or_default(),
            artifact_missing: false,
        };
        let mut rejections = Rejections::of(&present);
        if status == DeployStatus::Queued {
            let asked = rejections.among(&deploy, &deploy.kind.parts());
            if !asked.is_empty() && !allow_rejected {
                return Err(confirm_rejected(number, &asked));
            }
            rejections.clear(&mut tx, &asked).await?;
        }
        if let Some(waiting) = present.queued.filter(|_| status == DeployStatus::Queued) {
            if waiting.is_rollback() {
                return Err(rollback_goes_first(&waiting));
            }
            let reason = format!("{number} came before its rollout started");
            tx.set_status(&waiting.id, DeployStatus::Cancelled, Some(&reason), now).await.map_err(of("deploy"))?;
        }
        tx.insert_deploy(&deploy).await.map_err(of("deploy"))?;
        tx.finalize_upload(&upload.id).await.map_err(of("upload"))?;
        let entry = AuditEntry::by(who, now, AuditAction::DeployRecorded, recorded(&deploy)).on(&deployment).of(number);
        tx.audit(&entry).await.map_err(of("deploy"))?;
        if let Some(key) = key {
            tx.remember(&key.of(&who.author.id, deploy.id.as_str()), now).await.map_err(of("deploy"))?;
        }
        tx.commit().await.map_err(of("deploy"))?;
        deploy.rejected = rejections.has(&deploy);
        self.changes.tell(id, Some(number));
        self.engine.wake();
        Ok(deploy)
    }
}

fn check_complete(upload: &Upload) -> Result<(), Problem> {
    if let Some(why) = &upload.closed {
        return Err(Problem::new(ProblemCode::Conflict, format!("This upload is closed: {why}")));
    }
    if upload.kind.has(Part::Dags) && upload.bundle.is_none() {
        return Err(Problem::new(
            ProblemCode::Conflict,
            "The DAGs are missing: upload dags.tar.gz first, then finalize.",
        ));
    }
    Ok(())
}

fn brought(upload: &Upload) -> Brought {
    let image = upload.image.clone().map(|image| BroughtImage {
        image,
        runtime: upload.runtime.clone(),
        airflow: upload.airflow,
        heads: upload.heads.clone(),
    });
    Brought { image, dags: upload.bundle.clone(), mechanism: upload.mechanism }
}
