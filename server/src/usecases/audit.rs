use backstep_domain::{
    AuditAction, AuditEntry, AuditFilter, AuditPage, AuditPlaces, AuditRecord, Cause, Deploy, Permission, Principal,
    Problem, ProblemCode,
};
use futures::{Stream, TryStreamExt, stream};

use super::{
    UseCases,
    access::{Where, check, of},
};
use crate::audit::Checkpoint;

/// Entries that an export reads at once.
const EXPORT_PAGE: u32 = 1000;

impl UseCases {
    /// A page of the audit log, newest first: at most `limit` entries with an id below `before`.
    pub async fn audit(
        &self,
        who: &Principal,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<AuditPage, Problem> {
        self.may_read_audit(who, filter).await?;
        let limit = limit.clamp(1, 200);
        // One more than asked for tells whether there is another page.
        let mut records = self.store.audit_page(filter, before, limit + 1).await.map_err(of("audit log"))?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next_before = records.last().filter(|_| more).map(|record| record.id);
        let sealed = self.store.sealed_up_to().await.map_err(of("audit log"))?;
        Ok(AuditPage { records, next_before, sealed })
    }

    /// The parts of the audit log that the caller may read; all empty for somebody who may read none.
    pub async fn audit_places(&self, who: &Principal) -> Result<AuditPlaces, Problem> {
        let mut places = AuditPlaces {
            whole: who.may(Permission::SystemIamUpdate),
            workspaces: Vec::new(),
            deployments: Vec::new(),
        };
        for workspace in self.store.workspaces().await.map_err(of("Workspace"))? {
            if who.permissions_in(&workspace.id).contains(&Permission::WorkspaceIamUpdate) {
                places.workspaces.push((workspace.id, workspace.name));
            }
        }
        for deployment in self.store.deployments(None).await.map_err(of("Deployment"))? {
            if who.permissions_on(&deployment).contains(&Permission::DeploymentUserRolesUpdate) {
                places.deployments.push((deployment.id, deployment.name));
            }
        }
        Ok(places)
    }

    /// Every entry that the filter leaves, newest first, a page at a time. That it is taken out is an entry itself.
    pub async fn export_audit(
        &self,
        who: &Principal,
        filter: AuditFilter,
        format: &str,
    ) -> Result<impl Stream<Item = Result<Vec<AuditRecord>, Problem>> + Send + 'static, Problem> {
        self.may_read_audit(who, &filter).await?;
        let detail = format!("as {format}: {}", in_words(&filter));
        let mut entry = AuditEntry::by(who, self.clock.now(), AuditAction::AuditExported, detail);
        entry.workspace.clone_from(&filter.workspace);
        if let Some(id) = &filter.deployment {
            entry = entry.on(&self.store.deployment(id).await.map_err(of("Deployment"))?);
        }
        self.store.audit(&entry).await.map_err(of("audit log"))?;
        let store = self.store.clone();
        let pages = stream::try_unfold(Some(None), move |next: Option<Option<u64>>| {
            let (store, filter) = (store.clone(), filter.clone());
            async move {
                let Some(before) = next else { return Ok(None) };
                let records = store.audit_page(&filter, before, EXPORT_PAGE).await.map_err(of("audit log"))?;
                let next = (records.len() == EXPORT_PAGE as usize).then(|| records.last().map(|record| record.id));
                Ok(Some((records, next)))
            }
        });
        Ok(pages.try_filter(|records| std::future::ready(!records.is_empty())))
    }

    /// A checkpoint of the log as it is now, signed.
    pub async fn audit_checkpoint(&self, who: &Principal) -> Result<Checkpoint, Problem> {
        self.demand_anywhere(who, Permission::SystemIamUpdate, "take a checkpoint of the audit log").await?;
        let checkpoint = self.sealer.checkpoint().await.map_err(of("audit log"))?;
        checkpoint
            .ok_or_else(|| Problem::new(ProblemCode::Conflict, "The audit log is empty: there is nothing to sign."))
    }

    /// The whole log is for whoever gives roles everywhere; the part of a Workspace or a Deployment for whoever gives
    /// them there.
    async fn may_read_audit(&self, who: &Principal, filter: &AuditFilter) -> Result<(), Problem> {
        const TO_DO: &str = "read this part of the audit log";
        if let Some(id) = &filter.deployment {
            let deployment = self.visible(who, id).await?;
            let allowed = check(who, &deployment, Permission::DeploymentUserRolesUpdate, TO_DO);
            return self.noted(who, Where::Deployment(&deployment), allowed).await;
        }
        if let Some(id) = &filter.workspace {
            let workspace = self.store.workspace(id).await.map_err(of("Workspace"))?;
            return self.demand_in(who, &workspace, Permission::WorkspaceIamUpdate, TO_DO).await;
        }
        self.demand_anywhere(
            who,
            Permission::SystemIamUpdate,
            "read the whole audit log; ask for the part of a Workspace or a Deployment",
        )
        .await
    }
}

/// For the audit log: what was recorded, and why.
pub(crate) fn recorded(deploy: &Deploy) -> String {
    let what = match &deploy.cause {
        Cause::Rollback { of, to, scope } => format!("{scope} from {of} to {to}"),
        Cause::Adoption => format!("{} adopted", deploy.kind),
        Cause::Deploy => format!("{} deploy", deploy.kind),
    };
    let revision = &deploy.revision;
    let image = revision.image.image.as_ref().map(|image| format!("image {image}"));
    let dags = revision.dags.as_ref().map(|dags| format!("DAG bundle {}", dags.bundle));
    let runs: Vec<_> = image.into_iter().chain(dags).collect();
    format!("{what}, {}; {}; why: {}", deploy.status, runs.join(", "), deploy.description)
}

/// For the audit log: what was taken out of it.
fn in_words(filter: &AuditFilter) -> String {
    let restrictions = [
        filter.action.map(|action| format!("action {action}")),
        filter.actor.as_ref().map(|actor| format!("actor {actor}")),
        filter.workspace.as_ref().map(|id| format!("Workspace {id}")),
        filter.deployment.as_ref().map(|id| format!("Deployment {id}")),
        filter.since.map(|at| format!("since {}", crate::http::api::dto::Time(at))),
        filter.until.map(|at| format!("until {}", crate::http::api::dto::Time(at))),
        filter.text.as_ref().map(|text| format!("text \"{text}\"")),
    ];
    let restrictions: Vec<_> = restrictions.into_iter().flatten().collect();
    if restrictions.is_empty() { "everything".to_owned() } else { restrictions.join(", ") }
}
