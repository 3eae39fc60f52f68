//! Builders for tests, the server's too: deploys, histories, and all that a plan needs, with plain defaults.

use crate::*;

/// Deploy n is created n days after this.
pub const START: Millis = Millis(1_780_000_000_000);

pub fn number(n: u32) -> DeployNumber {
    DeployNumber::new(n).expect("tests number from 1")
}

pub fn bundle(n: u32) -> BundleDigest {
    format!("{n:064x}").parse().expect("64 digits")
}

pub fn image(n: u32) -> ImageRef {
    let digest = format!("{:064x}", 0xface_0000_u64 + u64::from(n)).parse().expect("64 digits");
    ImageRef { repository: "quay.io/acme/airflow".to_owned(), tag: Some(format!("build-{n}")), digest }
}

pub fn runtime(text: &str) -> RuntimeVersion {
    text.parse().expect("a Runtime version")
}

pub fn airflow(text: &str) -> AirflowVersion {
    text.parse().expect("an Airflow version")
}

pub fn heads(airflow: &str) -> SchemaHeads {
    SchemaHeads::from([("alembic_version".to_owned(), airflow.to_owned())])
}

pub fn kept_setting(name: &str, hash: &str) -> KeptSetting {
    KeptSetting { name: name.to_owned(), hash: hash.to_owned() }
}

pub fn an_author() -> Author {
    Author { id: "demo:editor".to_owned(), name: "Edith Editor".to_owned() }
}

pub fn all_permissions() -> PermissionSet {
    Permission::ALL.iter().copied().collect()
}

/// A Deployment with rollbacks on.
pub fn a_deployment(mechanism: Mechanism) -> Deployment {
    Deployment {
        id: DeploymentId::new("deployment-1"),
        workspace: WorkspaceId::new("workspace-1"),
        name: "analytics-prod".to_owned(),
        description: String::new(),
        mechanism,
        runtime: None,
        airflow: None,
        dags_target: Some("dags".to_owned()),
        image_target: Some("compose".to_owned()),
        rollback_enabled: true,
        created_at: START,
        created_by: an_author(),
    }
}

/// Image n with Runtime 11.8.0 (Airflow 2.9.3).
pub fn a_brought_image(n: u32) -> BroughtImage {
    BroughtImage { image: image(n), runtime: Some(runtime("11.8.0")), airflow: Some(airflow("2.9.3")), heads: None }
}

pub fn brought(image: Option<u32>, dags: Option<u32>) -> Brought {
    Brought { image: image.map(a_brought_image), dags: dags.map(bundle), mechanism: None }
}

/// Deploy n of a `dag_deploy` Deployment: image n, DAG bundle n, succeeded, and live for the day after day n.
pub fn a_deploy(n: u32) -> Deploy {
    let revision = deployed_revision(None, number(n), &a_deployment(Mechanism::DagDeploy), &brought(Some(n), Some(n)));
    a_deploy_of(n, revision, DeployKind::ImageAndDags)
}

fn a_deploy_of(n: u32, revision: Revision, kind: DeployKind) -> Deploy {
    let created_at = START.plus(i64::from(n) * DAY);
    Deploy {
        id: DeployId::new(format!("deploy-{n}")),
        deployment: DeploymentId::new("deployment-1"),
        number: number(n),
        kind,
        cause: Cause::Deploy,
        revision,
        git: None,
        created_at,
        created_by: an_author(),
        description: format!("Deploy {n}"),
        status: DeployStatus::Succeeded,
        status_reason: None,
        started_at: Some(created_at),
        ended_at: Some(created_at.plus(MINUTE)),
        live_from: Some(created_at.plus(MINUTE)),
        live_until: Some(created_at.plus(DAY + MINUTE)),
        rejected: false,
        kept: Vec::new(),
        artifact_missing: false,
    }
}

/// A part of deploy n that its rollback marked.
pub fn a_rejected_part(part: Part, n: u32) -> RejectedPart {
    RejectedPart {
        part,
        digest: digest_of(&a_deploy(n).revision, part).expect("it has both parts"),
        origin: number(n),
        rollback: number(n + 1),
        at: START,
        by: an_author(),
        why: "It counted twice".to_owned(),
    }
}

/// A history that grows deploy by deploy, by the rules. The last one that succeeded is live.
#[derive(Clone, Debug)]
pub struct History {
    pub deployment: Deployment,
    /// Oldest first.
    pub deploys: Vec<Deploy>,
}

impl History {
    pub fn new(mechanism: Mechanism) -> Self {
        Self { deployment: a_deployment(mechanism), deploys: Vec::new() }
    }

    /// `count` deploys, each with an image of its own, and DAGs of its own where the mechanism takes them.
    pub fn of(mechanism: Mechanism, count: u32) -> Self {
        let mut history = Self::new(mechanism);
        for n in 1..=count {
            history.deploy(brought(Some(n), mechanism.takes_dags().then_some(n)));
        }
        history
    }

    pub fn live(&self) -> Option<&Deploy> {
        self.deploys.iter().find(|d| d.is_live())
    }

    /// The deploy that was live just before the live one.
    pub fn before_live(&self) -> Option<DeployNumber> {
        let earlier = self.deploys.iter().filter(|d| !d.is_live() && d.live_from.is_some());
        earlier.max_by_key(|d| d.live_from).map(|d| d.number)
    }

    pub fn get(&self, n: u32) -> &Deploy {
        &self.deploys[n as usize - 1]
    }

    pub fn get_mut(&mut self, n: u32) -> &mut Deploy {
        &mut self.deploys[n as usize - 1]
    }

    pub fn deploy(&mut self, brought: Brought) -> &mut Self {
        let kind = match (&brought.image, &brought.dags) {
            (Some(_), Some(_)) => DeployKind::ImageAndDags,
            (Some(_), None) => DeployKind::Image,
            (None, Some(_)) => DeployKind::Dags,
            (None, None) => DeployKind::Mechanism,
        };
        let before = self.live().map(|d| d.revision.clone());
        let revision = deployed_revision(before.as_ref(), self.next(), &self.deployment, &brought);
        self.push(revision, kind, Cause::Deploy)
    }

    /// A deploy whose rollout failed: it was never live.
    pub fn failed_deploy(&mut self, brought: Brought) -> &mut Self {
        let live_before = self.live().map(|d| d.number);
        self.deploy(brought);
        let failed = self.deploys.last_mut().expect("just added");
        (failed.status, failed.live_from, failed.live_until) = (DeployStatus::Failed, None, None);
        let resumed = self.deploys.iter_mut().find(|d| Some(d.number) == live_before);
        resumed.into_iter().for_each(|d| d.live_until = None);
        self
    }

    pub fn roll_back(&mut self, to: u32, scope: Scope) -> &mut Self {
        let live = self.live().expect("something runs");
        let cause = Cause::Rollback { of: live.number, to: number(to), scope };
        let revision = rolled_back_revision(&live.revision, &self.get(to).revision, scope);
        self.push(revision, scope.into(), cause)
    }

    fn next(&self) -> DeployNumber {
        self.deploys.last().map_or(DeployNumber::FIRST, |d| d.number.next())
    }

    fn push(&mut self, revision: Revision, kind: DeployKind, cause: Cause) -> &mut Self {
        let mut deploy = a_deploy_of(self.next().get(), revision, kind);
        deploy.cause = cause;
        deploy.live_until = None;
        let over = deploy.live_from;
        self.deploys.iter_mut().filter(|d| d.is_live()).for_each(|d| d.live_until = over);
        self.deploys.push(deploy);
        self
    }
}

/// All that a plan needs, owned; everything is allowed and possible until a test says otherwise.
#[derive(Clone, Debug)]
pub struct Scene {
    pub policy: Policy,
    pub history: History,
    pub target: DeployNumber,
    pub running: Option<Deploy>,
    pub rejected: Vec<RejectedPart>,
    pub permissions: PermissionSet,
    pub catalogue: Catalogue,
    pub targets: Targets,
    pub facts: Facts,
    pub now: Millis,
}

impl Scene {
    /// A rollback of the live deploy of `history` to deploy `target`, an hour after the last deploy went live.
    pub fn new(history: History, target: u32) -> Self {
        let last = u32::try_from(history.deploys.len()).expect("a short history");
        Self {
            policy: Policy::default(),
            history,
            target: number(target),
            running: None,
            rejected: Vec::new(),
            permissions: all_permissions(),
            catalogue: Catalogue::built_in(),
            targets: able_targets(),
            facts: Facts { image_in_registry: Fact::Yes, bundle_intact: Fact::Yes, ..Facts::default() },
            now: START.plus(i64::from(last) * DAY + HOUR),
        }
    }

    /// The plan.
    pub fn plan(&self) -> Plan {
        plan(&PlanInput {
            policy: &self.policy,
            deployment: &self.history.deployment,
            live: self.history.live().expect("something runs"),
            target: self.history.get(self.target.get()),
            before_live: self.history.before_live(),
            rejected: &self.rejected,
            between: &self.history.deploys,
            running: self.running.as_ref(),
            permissions: &self.permissions,
            catalogue: &self.catalogue,
            targets: &self.targets,
            facts: &self.facts,
            now: self.now,
        })
    }

    /// One scope of the plan.
    pub fn option(&self, scope: Scope) -> ScopeOption {
        self.plan().option(scope).expect("a plan has every scope").clone()
    }
}

/// Targets that can do every step, but neither touch the database nor change the mechanism.
pub fn able_targets() -> Targets {
    let able = |name: &str, steps: &[StepKind]| {
        Some(TargetAbility { name: name.to_owned(), steps: steps.to_vec(), database: false, mechanism: false })
    };
    Targets {
        dags: able("dags", &[StepKind::StageDags, StepKind::SwitchDags, StepKind::Verify]),
        image: able("compose", &[StepKind::SwitchImage, StepKind::Verify]),
    }
}
