use leptos::prelude::*;

use crate::components::href;

/// A form whose answer is a new document, with script too: so a secret that it makes is shown in the same way to everybody.
#[component]
pub fn PostForm(
    /// The server function's path, `Invite::PATH`.
    path: &'static str,
    #[prop(optional)] class: Option<&'static str>,
    /// The id of the row that the form is in: the page is shown again there.
    #[prop(optional, into)]
    row: Option<String>,
    /// The page that the answer is, where that shows a secret; the form's address says it, for it is the answer's too.
    #[prop(optional, into)]
    shows: Option<String>,
    children: Children,
) -> impl IntoView {
    let action = match shows {
        Some(page) => format!("{}?at={page}", href(path)),
        None => href(path),
    };
    view! {
        <form method="post" action=action class=class>
            {row.map(|row| view! { <input type="hidden" name="row" value=row/> })}
            {children()}
        </form>
    }
    .into_any()
}
