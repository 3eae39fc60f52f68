use backstep_domain::Author;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SubjectType {
    User,
    /// A token.
    ServiceKey,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    pub id: String,
    pub subject_type: SubjectType,
    pub full_name: String,
}

impl From<Author> for Subject {
    fn from(author: Author) -> Self {
        let token = author.id.starts_with("token:");
        let subject_type = if token { SubjectType::ServiceKey } else { SubjectType::User };
        Self { id: author.id, subject_type, full_name: author.name }
    }
}
