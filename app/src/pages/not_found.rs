use backstep_domain::{Problem, ProblemCode};
use leptos::prelude::*;

use super::Trouble;

/// An address that leads nowhere.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let message = "Nothing is at this address. It may have been typed or copied wrong.";
    view! { <Trouble problem=Problem::new(ProblemCode::NotFound, message)/> }
}
