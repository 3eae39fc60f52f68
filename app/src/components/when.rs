use backstep_domain::Millis;
use leptos::prelude::*;

use crate::{
    now::use_now,
    words::{exact_utc, iso, relative, span},
};

/// A point in time: relative, with the exact time on hover.
#[component]
pub fn When(at: Millis) -> impl IntoView {
    let now = use_now();
    let exact = move || if now.in_browser.get() { exact_here(at) } else { exact_utc(at) };
    view! {
        <time datetime=iso(at) title=exact>
            {move || relative(at, now.at.get())}
        </time>
    }
}

/// How long something has lasted, or lasted until `until`.
#[component]
pub fn Lasting(from: Millis, until: Option<Millis>) -> impl IntoView {
    let now = use_now();
    view! { <span class="nowrap">{move || span(until.unwrap_or_else(|| now.at.get()).since(from))}</span> }
}

/// The browser's own time zone first, as a person compares it with their watch; then UTC, as logs have it.
#[cfg(target_arch = "wasm32")]
fn exact_here(at: Millis) -> String {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    let date = js_sys::Date::new(&(at.0 as f64).into());
    let options = js_sys::Object::new();
    for (name, value) in [("dateStyle", "medium"), ("timeStyle", "long")] {
        // Setting a property of a plain object cannot fail.
        let _ = js_sys::Reflect::set(&options, &name.into(), &value.into());
    }
    let here = String::from(date.to_locale_string("en-GB", &options));
    let utc = exact_utc(at);
    if here.ends_with("UTC") { utc } else { format!("{here} ({utc})") }
}

#[cfg(not(target_arch = "wasm32"))]
fn exact_here(at: Millis) -> String {
    exact_utc(at)
}
