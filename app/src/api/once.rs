//! What is shown once: a new token, a one-time link. A secret goes into no address and is kept nowhere, so the answer to
//! the form that made it is the page itself, with the secret in it.

#[cfg(feature = "ssr")]
use std::sync::{Arc, Mutex};

use backstep_domain::Millis;
use serde::{Deserialize, Serialize};

use super::MadeToken;

/// A secret that the next page shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Once {
    Token(MadeToken),
    Link(OneTimeLink),
}

/// A link with which a person sets a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeLink {
    /// The person's name.
    pub name: String,
    /// The whole address.
    pub address: String,
    pub until: Millis,
}

/// A secret with the page that shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownOnce {
    /// The page's path.
    pub at: String,
    pub what: Once,
}

/// Where a server function leaves what is shown once, for whoever writes the answer.
#[cfg(feature = "ssr")]
#[derive(Clone, Default)]
pub struct OnceSlot(Arc<Mutex<Option<ShownOnce>>>);

#[cfg(feature = "ssr")]
impl OnceSlot {
    fn put(&self, shown: ShownOnce) {
        if let Ok(mut slot) = self.0.lock() {
            *slot = Some(shown);
        }
    }

    pub fn take(&self) -> Option<ShownOnce> {
        self.0.lock().ok().and_then(|mut slot| slot.take())
    }
}

/// For a form sent as a document's: the answer is the page at `at`, with the secret in it. A script has it from the
/// function's own answer.
#[cfg(feature = "ssr")]
pub(super) fn show_once(at: impl Into<String>, what: Once) {
    if let Some(slot) = leptos::prelude::use_context::<OnceSlot>() {
        slot.put(ShownOnce { at: at.into(), what });
    }
}
