use backstep_domain::{DeployNumber, Part, Problem, ReleaseTo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Subject, Time, words};

/// Newly arriving deploys are recorded but not rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    pub since: Time,
    pub by: Subject,
    pub why: String,
    /// The number of the rollback that set it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<u32>,
    /// When it ends by itself, if it does. What is held until then stays held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl From<backstep_domain::Hold> for Hold {
    fn from(hold: backstep_domain::Hold) -> Self {
        Self {
            since: hold.since.into(),
            by: hold.by.into(),
            why: hold.why,
            rollback: hold.rollback.map(u32::from),
            until: hold.until.map(Time),
        }
    }
}

/// The hold of a Deployment, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldState {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// What was rolled back and marked: rolled out again only if that is allowed expressly.
    #[serde(default)]
    pub rejected_parts: Vec<RejectedPart>,
}

/// A part that a rollback took back and marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RejectedPart {
    #[schema(schema_with = words::part)]
    pub part: Part,
    /// The digest of the image or of the DAG bundle, hexadecimal.
    pub digest: String,
    /// The number of the deploy that brought it.
    pub origin: u32,
    /// The number of the rollback that took it back.
    pub rollback: u32,
    pub at: Time,
    pub by: Subject,
    pub why: String,
}

impl From<backstep_domain::RejectedPart> for RejectedPart {
    fn from(part: backstep_domain::RejectedPart) -> Self {
        Self {
            part: part.part,
            digest: part.digest,
            origin: part.origin.get(),
            rollback: part.rollback.get(),
            at: part.at.into(),
            by: part.by.into(),
            why: part.why,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetHold {
    /// 1 to 500 characters.
    pub why: String,
    /// When it is to end by itself. Left out: it lasts until it is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// Which held deploy is rolled out; the others are cancelled. Either `to` or `deploy` is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseHold {
    #[schema(schema_with = words::release_to)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The number of a held deploy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<u32>,
    /// Roll it out although it has parts that were rejected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_rejected: bool,
}

impl ReleaseHold {
    /// # Errors
    /// `invalid` unless just one of the two says which.
    pub fn meant(&self) -> Result<ReleaseTo, Problem> {
        let number = |n| DeployNumber::new(n).ok_or_else(|| Problem::invalid("deploy", "Deploys count from 1."));
        match (self.to.as_deref(), self.deploy) {
            (Some("newest"), None) => Ok(ReleaseTo::Newest),
            (Some("none"), None) => Ok(ReleaseTo::None),
            (None, Some(deploy)) => number(deploy).map(ReleaseTo::Deploy),
            (None, None) => Err(Problem::invalid("to", "Say which: `to` is `newest` or `none`, or `deploy` a number.")),
            (Some(_), Some(_)) => Err(Problem::invalid("to", "Either `to` or `deploy`, not both.")),
            (Some(_), None) => Err(Problem::invalid("to", "`to` is `newest` or `none`; a number goes into `deploy`.")),
        }
    }
}

impl From<ReleaseTo> for ReleaseHold {
    fn from(to: ReleaseTo) -> Self {
        match to {
            ReleaseTo::Deploy(number) => Self { deploy: Some(number.get()), ..Self::default() },
            word => Self { to: Some(word.to_string()), ..Self::default() },
        }
    }
}

/// A hold that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Released {
    /// The number of the deploy that is rolled out now, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy: Option<u32>,
}
