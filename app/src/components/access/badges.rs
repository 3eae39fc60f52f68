//! States as a word and a shape, never by colour alone.

use backstep_domain::{ApiToken, TokenState};
use leptos::prelude::*;

use crate::now::use_now;

const FULL: &str = "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1z";
const CLOCK: &str =
    "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 1.4a3.6 3.6 0 1 1 0 7.2 3.6 3.6 0 0 1 0-7.2zM5.3 3.4h1.4v2.3h1.8v1.4H5.3z";
const CROSSED: &str = "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 1.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM3.5 5.3h5v1.4h-5z";

fn badge(class: &'static str, shape: &'static str, word: &'static str) -> AnyView {
    view! {
        <span class=class>
            <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                <path d=shape fill="currentColor" fill-rule="evenodd"></path>
            </svg>
            {word}
        </span>
    }
    .into_any()
}

/// Whether an account can be used.
#[component]
pub fn AccountState(disabled: bool) -> impl IntoView {
    if disabled {
        badge("status status--cancelled", CROSSED, "Disabled")
    } else {
        badge("status status--live", FULL, "Active")
    }
}

/// Whether a token still counts. It changes while the page is looked at.
#[component]
pub fn TokenBadge(token: ApiToken) -> impl IntoView {
    let now = use_now();
    let state = Memo::new(move |_| token.state(now.at.get()));
    move || match state.get() {
        TokenState::Active => badge("status status--live", FULL, "Active"),
        TokenState::ExpiresSoon => badge("status status--held", CLOCK, "Expires soon"),
        TokenState::Ending => badge("status status--held", CLOCK, "Replaced, ends soon"),
        TokenState::Expired => badge("status status--cancelled", CROSSED, "Expired"),
        TokenState::Revoked => badge("status status--cancelled", CROSSED, "Revoked"),
    }
}
