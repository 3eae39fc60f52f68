use backstep_domain::ReleaseTo;
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
}

impl From<backstep_domain::Hold> for Hold {
    fn from(hold: backstep_domain::Hold) -> Self {
        Self { since: hold.since.into(), by: hold.by.into(), why: hold.why, rollback: hold.rollback.map(u32::from) }
    }
}

/// The hold of a Deployment, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldState {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetHold {
    /// 1 to 500 characters.
    pub why: String,
}

/// What happens to the held deploys: the newest is rolled out, or none. The others are cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseHold {
    #[schema(schema_with = words::release_to)]
    pub to: ReleaseTo,
}

/// A hold that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Released {
    /// The number of the deploy that is rolled out now, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy: Option<u32>,
}
