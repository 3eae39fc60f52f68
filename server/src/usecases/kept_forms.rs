//! Forms that were refused, kept so that nothing typed is lost: for whoever sent them, and nobody else.

use backstep_app::api::KeptForm;
use backstep_domain::{MINUTE, Principal, Problem};
use serde::{Deserialize, Serialize};

use super::{UseCases, access::of};

/// A refused form is kept this long.
const KEEP_MS: i64 = 10 * MINUTE;

/// What a visitor who is not signed in may have kept: their login, and a name. Anybody can send such a form.
const OF_VISITORS: [&str; 2] = ["login", "name"];
const OF_VISITORS_CHARS: usize = 200;

#[derive(Serialize, Deserialize)]
struct Owned {
    /// The account's id; `None`: a visitor who is not signed in.
    owner: Option<String>,
    form: KeptForm,
}

fn owner(who: Option<&Principal>) -> Option<String> {
    who.map(|principal| principal.author.id.clone())
}

impl UseCases {
    /// Keeps a form without its secrets; answers the id under which its owner finds it again.
    pub async fn keep_form(&self, who: Option<&Principal>, mut form: KeptForm) -> Result<String, Problem> {
        form.fields.retain(|(name, _)| !is_secret(name));
        if who.is_none() {
            form.fields.retain(|(name, _)| OF_VISITORS.contains(&name.as_str()));
            for (_, value) in &mut form.fields {
                *value = value.chars().take(OF_VISITORS_CHARS).collect();
            }
        }
        let id = self.ids.next();
        let json = serde_json::to_string(&Owned { owner: owner(who), form }).expect("a form is JSON");
        self.store.keep_form(&id, &json, self.clock.now().plus(KEEP_MS)).await.map_err(of("form"))?;
        Ok(id)
    }

    /// `None` if it is unknown, too old, or somebody else's.
    pub async fn kept_form(&self, who: Option<&Principal>, id: &str) -> Option<KeptForm> {
        let json = self.store.kept_form(id, self.clock.now()).await.ok()??;
        let kept: Owned = serde_json::from_str(&json).ok()?;
        (kept.owner == owner(who)).then_some(kept.form)
    }
}

/// Passwords, the operator's token and the token of a one-time link.
fn is_secret(field: &str) -> bool {
    field == "token" || field.contains("password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_kept() {
        for field in ["token", "password", "password_again", "old_password", "new_password", "new_password_again"] {
            assert!(is_secret(field), "{field}");
        }
        for field in ["login", "name", "id", "row"] {
            assert!(!is_secret(field), "{field}");
        }
    }
}
