use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words;

/// A refusal or a warning: a stable code for programs, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    #[schema(schema_with = words::reason_code)]
    pub code: backstep_domain::ReasonCode,
    pub message: String,
}

impl From<backstep_domain::Reason> for Reason {
    fn from(reason: backstep_domain::Reason) -> Self {
        Self { code: reason.code, message: reason.message }
    }
}
