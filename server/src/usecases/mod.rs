//! What Backstep does, one file a use case. Pages, server functions, REST and the command line all come through here,
//! so that a rule and a permission are enforced once.

mod access;
mod access_port;
mod accounts;
mod audit;
mod cancel;
mod compare;
mod create_upload;
mod deployments;
mod export_status;
mod facts;
mod finalize;
mod grants;
mod held;
mod history;
mod hold;
mod kept_forms;
mod place_access;
mod places;
mod plan_rollback;
mod ports;
mod rejected;
mod roles;
mod roll_back;
mod rollout;
mod settings;
mod teams;
mod tokens;
mod workspaces;

#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use backstep_domain::{Catalogue, Policy, Roles};

pub(crate) use access::checked_name;
pub(crate) use audit::recorded;
pub use create_upload::{NewUpload, Uploaded};
pub use deployments::NewDeployment;
pub use ports::Everything;
pub use tokens::PanelToken;

use crate::{
    audit::Sealer,
    auth::Passwords,
    bundles::Bundles,
    changes::Changes,
    clock::{Clock, Ids},
    metrics::Metrics,
    pace::Pace,
    rollout::Engine,
    store::{Key, Store},
    targets::TargetSet,
};

/// A caller's promise that two requests with the same key are one.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    pub key: String,
    /// Hash of method, path and body: the same key with another body is an error.
    pub body_hash: String,
    /// Set where the answer is that of an earlier request.
    pub replayed: Replayed,
}

/// Whether a request was answered with what an earlier one did.
#[derive(Clone, Debug, Default)]
pub struct Replayed(Arc<AtomicBool>);

impl Replayed {
    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl IdempotencyKey {
    fn of(&self, author: &str, resource: &str) -> Key {
        Key {
            author: author.to_owned(),
            key: self.key.clone(),
            body_hash: self.body_hash.clone(),
            resource: resource.to_owned(),
        }
    }
}

/// Everything that the use cases work with.
pub struct Context {
    pub store: Store,
    pub bundles: Bundles,
    pub targets: TargetSet,
    pub engine: Engine,
    pub sealer: Sealer,
    pub changes: Changes,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub policy: Policy,
    pub catalogue: Catalogue,
    /// The roles in force.
    pub roles: Arc<Roles>,
    pub passwords: Passwords,
    /// How often an account may ask for a rollback.
    pub rollback_pace: Pace,
    /// What is counted meanwhile.
    pub metrics: Metrics,
}

/// The use cases, as methods; each in a file of its name.
#[derive(Clone)]
pub struct UseCases {
    context: Arc<Context>,
}

impl UseCases {
    pub fn new(context: Context) -> Self {
        Self { context: Arc::new(context) }
    }
}

impl std::ops::Deref for UseCases {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.context
    }
}
