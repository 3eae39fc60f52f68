//! What a page shows instead of itself: that it loads, or why it cannot be shown.

use backstep_domain::{Problem, ProblemCode};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Prose, href};

/// While the answer is on its way. Only seen after a change of page with script: the first view comes complete.
#[component]
pub fn Loading() -> impl IntoView {
    view! {
        <div class="loading" role="status">
            <p>"Loading…"</p>
            <div class="loading__bar"></div>
            <div class="loading__bar"></div>
            <div class="loading__bar"></div>
        </div>
    }
    .into_any()
}

/// Why a page cannot be shown. Whoever is not signed in is sent to do so.
#[component]
pub fn Trouble(
    problem: Problem,
    /// The page has its title all the same.
    #[prop(optional)]
    titled: bool,
) -> impl IntoView {
    if problem.code == ProblemCode::Unauthenticated {
        return to_sign_in().into_any();
    }
    answer_status(problem.code.status());
    let title = match problem.code {
        ProblemCode::NotFound => "Not found",
        ProblemCode::Forbidden => "No permission",
        ProblemCode::Unavailable => "No answer",
        _ => "This page cannot be shown",
    };
    let retry = !matches!(problem.code, ProblemCode::NotFound | ProblemCode::Forbidden);
    let heading = if titled { view! { <h2>{title}</h2> }.into_any() } else { view! { <h1>{title}</h1> }.into_any() };
    view! {
        <Title text=title/>
        <div class="trouble" role="alert">
            {heading}
            <p><Prose text=problem.message/></p>
            // A whole new page, not the router's: whatever went wrong is left behind.
            {retry.then(|| view! { <p><a class="button" href="" rel="external">"Try again"</a></p> })}
            <p><a href=href("/")>"All Deployments"</a></p>
        </div>
    }
    .into_any()
}

/// A new document, not the router's: the header of this one still names whoever was signed in.
#[cfg(target_arch = "wasm32")]
fn to_sign_in() -> impl IntoView {
    // It fails only where the page is already being left.
    let _ = window().location().assign(&href("/sign-in"));
}

#[cfg(not(target_arch = "wasm32"))]
fn to_sign_in() -> impl IntoView {
    view! { <leptos_router::components::Redirect path="/sign-in"/> }
}

/// The HTTP status of the page's answer; after the first view there is no answer any more.
pub fn answer_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(answer), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
    {
        answer.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}
