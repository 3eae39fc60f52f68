use axum::{
    RequestPartsExt,
    extract::{FromRequestParts, Path, Query},
};
use backstep_domain::{DeployId, DeployNumber, DeploymentId, Problem, ProblemCode};
use http::request::Parts;
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use super::{ApiProblem, ApiState};

/// Parameters in the path; one that cannot be read names nothing, so the answer is 404.
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send + 'static> FromRequestParts<ApiState> for At<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, ApiProblem> {
        match parts.extract::<Path<T>>().await {
            Ok(Path(at)) => Ok(Self(at)),
            Err(_) => Err(Problem::not_found("address").into()),
        }
    }
}

/// Parameters in the query; an unknown one is an error, not something silently ignored.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<ApiState> for Asked<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, ApiProblem> {
        let asked = Query::<T>::try_from_uri(&parts.uri).map_err(|error| {
            let text = error.body_text();
            let why = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Problem::new(ProblemCode::Invalid, format!("The query is not right: {why}."))
        })?;
        Ok(Self(asked.0))
    }
}

/// A Deployment in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DeploymentAt {
    /// The Deployment's id.
    #[param(value_type = String)]
    pub deployment: DeploymentId,
}

/// A deploy in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DeployAt {
    /// The Deployment's id.
    #[param(value_type = String)]
    pub deployment: DeploymentId,
    /// The deploy's id or number.
    #[param(value_type = String)]
    pub deploy: DeployKey,
}

/// A deploy by its number in the history or by its id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum DeployKey {
    Number(DeployNumber),
    Id(DeployId),
}

impl From<String> for DeployKey {
    fn from(text: String) -> Self {
        // Ids are UUIDs, never digits alone.
        text.parse().map_or_else(|_| Self::Id(DeployId::new(text)), Self::Number)
    }
}

impl DeployKey {
    /// An upload has no number.
    pub fn upload(self) -> Result<DeployId, Problem> {
        match self {
            Self::Id(id) => Ok(id),
            Self::Number(number) => Err(Problem::new(
                ProblemCode::Conflict,
                format!("{number} is in the history already. Give the id of the upload."),
            )),
        }
    }
}

/// A parameter that is empty, as in `?text=`, does not restrict.
pub fn given(parameter: &Option<String>) -> Option<&str> {
    parameter.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Reads a parameter, naming it where it is not right.
pub fn read<T: std::str::FromStr>(name: &str, parameter: &Option<String>) -> Result<Option<T>, Problem>
where
    T::Err: std::fmt::Display,
{
    let parsed = given(parameter).map(str::parse).transpose();
    parsed.map_err(|error| Problem::invalid(name, sentence(&format!("{error}"))))
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deploy_is_named_by_number_or_id() {
        assert_eq!(DeployKey::from("52".to_owned()), DeployKey::Number(DeployNumber::new(52).unwrap()));
        assert_eq!(DeployKey::from("0198-ab".to_owned()), DeployKey::Id(DeployId::new("0198-ab")));
        // 0 is no number; nothing has it as its id either.
        assert_eq!(DeployKey::from("0".to_owned()), DeployKey::Id(DeployId::new("0")));
    }

    #[test]
    fn an_empty_parameter_does_not_restrict() {
        assert_eq!(read::<u32>("limit", &Some(" ".to_owned())), Ok(None));
        assert_eq!(read::<u32>("limit", &Some("x".to_owned())).unwrap_err().field.as_deref(), Some("limit"));
    }
}
