//! What is said to the operator's program and what it says: protocol 1.
//!
//! One JSON object on standard input:
//!
//! ```json
//! {"protocol": 1, "verb": "can" | "observe" | "act" | "kept",
//!  "step": "switch_image" | "verify", "deployment": {"id": "...", "name": "..."}, "deploy": {"number": 57},
//!  "image": {"repository": "...", "tag": "...", "digest": "sha256:...", "pinned": "repository@sha256:..."},
//!  "hash_key": "<hexadecimal>"}
//! ```
//!
//! `can` comes alone. `kept` comes with `deployment.id` and `hash_key`. `observe` and `act` come with the step; an `observe`
//! without `image` asks what runs. JSON lines on standard output:
//!
//! ```json
//! {"can": ["switch_image", "verify"], "database": false, "mechanism": false}
//! {"observed": {"image": "repository@sha256:...", "done": true, "settings": [{"name": "...", "hash": "..."}]}}
//! {"log": "..."}
//! {"done": true}
//! {"failed": "why, and what to do"}
//! ```

use backstep_domain::{DeployNumber, DeploymentId, KeptSetting, StepKind};
use serde::{Deserialize, Serialize};

use crate::targets::StepInput;

pub(super) const PROTOCOL: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verb {
    Can,
    Observe,
    Act,
    Kept,
}

/// The question.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request<'a> {
    protocol: u32,
    pub verb: Verb,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<StepKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<AskedDeployment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deploy: Option<AskedDeploy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<AskedImage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash_key: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct AskedDeployment<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Clone, Debug, Serialize)]
struct AskedDeploy {
    number: DeployNumber,
}

#[derive(Clone, Debug, Serialize)]
struct AskedImage<'a> {
    repository: &'a str,
    tag: Option<&'a str>,
    digest: String,
    pinned: String,
}

impl<'a> Request<'a> {
    fn bare(verb: Verb) -> Self {
        Self { protocol: PROTOCOL, verb, step: None, deployment: None, deploy: None, image: None, hash_key: None }
    }

    fn about(verb: Verb, deployment: &'a DeploymentId) -> Self {
        let deployment = Some(AskedDeployment { id: deployment.as_str(), name: None });
        Self { deployment, ..Self::bare(verb) }
    }

    pub fn can() -> Self {
        Self::bare(Verb::Can)
    }

    pub fn kept(deployment: &'a DeploymentId, hash_key: String) -> Self {
        Self { hash_key: Some(hash_key), ..Self::about(Verb::Kept, deployment) }
    }

    pub fn what_runs(deployment: &'a DeploymentId) -> Self {
        Self { step: Some(StepKind::Verify), ..Self::about(Verb::Observe, deployment) }
    }

    pub fn step(verb: Verb, input: &'a StepInput) -> Self {
        let image = input.image.as_ref().map(|image| AskedImage {
            repository: &image.repository,
            tag: image.tag.as_deref(),
            digest: image.digest.to_string(),
            pinned: image.pinned(),
        });
        let deployment = AskedDeployment { id: input.deployment.as_str(), name: Some(&input.deployment_name) };
        Self {
            step: Some(input.step),
            deployment: Some(deployment),
            deploy: Some(AskedDeploy { number: input.number }),
            image,
            ..Self::bare(verb)
        }
    }

    pub fn deployment(&self) -> Option<&str> {
        self.deployment.as_ref().map(|deployment| deployment.id)
    }
}

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Line {
    Can(Can),
    Observed { observed: Found },
    Log { log: String },
    Failed { failed: String },
    Done { done: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Can {
    #[serde(rename = "can")]
    pub steps: Vec<StepKind>,
    #[serde(default)]
    pub database: bool,
    #[serde(default)]
    pub mechanism: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Found {
    #[serde(default)]
    pub image: Option<String>,
    #[serde(default)]
    pub done: Option<bool>,
    #[serde(default)]
    pub settings: Option<Vec<KeptSetting>>,
}

/// All that the program said, but for its log. The last word on each counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub can: Option<Can>,
    pub observed: Option<Found>,
    pub done: bool,
    pub failed: Option<String>,
    /// The first line that is not of the protocol, cut to be shown.
    pub malformed: Option<String>,
}
