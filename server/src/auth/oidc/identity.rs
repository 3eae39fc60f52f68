//! Who somebody is, as the provider says.

use std::collections::BTreeSet;

use openidconnect::{EndUserEmail, EndUserName, EndUserUsername, LocalizedClaim};
use serde_json::{Map, Value};

use super::{
    error::OidcError,
    types::{Claims, UserInfo},
};

/// Somebody who has signed in with the provider. Issuer and subject together are who it is; name and e-mail address
/// can change, and can be another person's tomorrow.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    /// As people read it.
    pub name: String,
    /// Unless the provider says that it is not verified.
    pub email: Option<String>,
    pub groups: BTreeSet<String>,
    /// To sign out at the provider; a secret of the session.
    pub id_token: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("name", &self.name)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

/// What a token or the user-info endpoint tells of somebody. `None`: it does not say.
#[derive(Debug, Default)]
pub struct Told {
    name: Option<String>,
    username: Option<String>,
    email: Option<String>,
    pub groups: Option<BTreeSet<String>>,
}

impl Told {
    pub fn by_token(claims: &Claims, groups_claim: &str) -> Result<Self, OidcError> {
        let others = &claims.additional_claims().0;
        Ok(Self {
            name: claims.name().and_then(one_of),
            username: claims.preferred_username().map(username),
            email: claims.email().filter(|_| claims.email_verified() != Some(false)).map(email),
            groups: groups(others, groups_claim)?,
        })
    }

    pub fn by_user_info(claims: &UserInfo, groups_claim: &str) -> Result<Self, OidcError> {
        let others = &claims.additional_claims().0;
        Ok(Self {
            name: claims.name().and_then(one_of),
            username: claims.preferred_username().map(username),
            email: claims.email().filter(|_| claims.email_verified() != Some(false)).map(email),
            groups: groups(others, groups_claim)?,
        })
    }

    /// Whether nothing is missing that matters here; groups do where they bring roles.
    pub fn is_complete(&self, with_groups: bool) -> bool {
        (self.groups.is_some() || !with_groups) && self.email.is_some() && self.name.is_some()
    }

    /// What is missing here, from there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            username: self.username.or(other.username),
            email: self.email.or(other.email),
            groups: self.groups.or(other.groups),
        }
    }

    /// Somebody whose groups nobody tells is in none.
    pub fn identity(self, issuer: &str, subject: &str, id_token: String) -> Identity {
        let names = [self.name, self.username, self.email.clone(), Some(subject.to_owned())];
        let name = names.into_iter().flatten().map(|n| shown(&n)).find(|n| !n.is_empty());
        Identity {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            name: name.unwrap_or_else(|| "Unnamed".to_owned()),
            email: self.email,
            groups: self.groups.unwrap_or_default(),
            id_token,
        }
    }
}

fn one_of(name: &LocalizedClaim<EndUserName>) -> Option<String> {
    name.get(None).or_else(|| name.iter().next().map(|(_, name)| name)).map(|name| name.as_str().to_owned())
}

fn username(name: &EndUserUsername) -> String {
    name.as_str().to_owned()
}

fn email(email: &EndUserEmail) -> String {
    email.as_str().to_owned()
}

/// One line of at most a hundred characters: the provider may have let people write what they like.
fn shown(name: &str) -> String {
    let kept: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    kept.trim().to_owned()
}

/// The groups in a claim: a list, or one alone. `realm_access.roles` looks into `realm_access`.
///
/// # Errors
/// `TooManyGroups`: Entra ID leaves the list out when it is long and says instead where to ask (`_claim_names`); taken
/// for "no groups", it would take every role away.
fn groups(claims: &Map<String, Value>, claim: &str) -> Result<Option<BTreeSet<String>>, OidcError> {
    let value = claims.get(claim).or_else(|| {
        let mut steps = claim.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    });
    if let Some(value) = value {
        return Ok(Some(match value {
            Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::String(one) => BTreeSet::from([one.clone()]),
            _ => BTreeSet::new(),
        }));
    }
    match claims.get("_claim_names").and_then(Value::as_object) {
        Some(elsewhere) if elsewhere.contains_key(claim) => Err(OidcError::TooManyGroups),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value, claim: &str) -> Result<Option<Vec<String>>, OidcError> {
        let Value::Object(claims) = claims else { panic!("an object") };
        Ok(groups(&claims, claim)?.map(|groups| groups.into_iter().collect()))
    }

    #[test]
    fn groups_in_the_forms_that_providers_send() {
        assert_eq!(read(json!({"groups": ["b", "a", 7]}), "groups").unwrap().unwrap(), ["a", "b"]);
        assert_eq!(read(json!({"groups": "one"}), "groups").unwrap().unwrap(), ["one"]);
        assert_eq!(read(json!({"groups": []}), "groups").unwrap().unwrap(), Vec::<String>::new());
        assert_eq!(read(json!({"groups": null}), "groups").unwrap().unwrap(), Vec::<String>::new());
        let keycloak = json!({"realm_access": {"roles": ["/airflow/editors"]}});
        assert_eq!(read(keycloak, "realm_access.roles").unwrap().unwrap(), ["/airflow/editors"]);
        let url = json!({"https://backstep.example/groups": ["a"]});
        assert_eq!(read(url, "https://backstep.example/groups").unwrap().unwrap(), ["a"]);
        assert_eq!(read(json!({"groupz": ["a"]}), "groups").unwrap(), None);
    }

    #[test]
    fn a_list_that_was_left_out_is_not_taken_for_none() {
        let entra = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}});
        assert!(matches!(read(entra.clone(), "groups"), Err(OidcError::TooManyGroups)));
        assert_eq!(read(entra, "roles").unwrap(), None);
    }

    #[test]
    fn somebody_always_has_a_name_of_one_line() {
        let named = |name: Option<&str>, username: Option<&str>| {
            let told = Told {
                name: name.map(str::to_owned),
                username: username.map(str::to_owned),
                email: None,
                groups: None,
            };
            told.identity("https://login.example", "248289761001", String::new()).name
        };
        assert_eq!(named(Some("Edda\nEditor "), None), "EddaEditor");
        assert_eq!(named(Some(" \t"), Some("edda")), "edda");
        assert_eq!(named(None, None), "248289761001");
        assert_eq!(named(Some(&"x".repeat(300)), None).len(), 100);
    }
}
