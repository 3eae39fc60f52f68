use backstep_domain::Problem;
use leptos::prelude::*;

use super::Prose;

/// What went wrong and what to do.
#[component]
pub fn ProblemNote(problem: Problem) -> impl IntoView {
    view! {
        <div class="problem" role="alert">
            <p><Prose text=problem.message/></p>
        </div>
    }
    .into_any()
}
