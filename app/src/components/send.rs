use backstep_domain::Problem;
use leptos::{ev, prelude::*};

use super::{ProblemNote, href};

/// A form that a live page sends by script and so stays where it is, and how the last use of it ended. It knows nothing of
/// what the form does, so that there is one of it for all forms.
#[derive(Clone, Copy)]
pub struct Sending {
    path: &'static str,
    /// The server has not answered yet.
    pub pending: RwSignal<bool>,
    /// Grows with each use that ended.
    pub version: RwSignal<u64>,
    /// The answer's JSON, or why nothing was done.
    pub ended: RwSignal<Option<Result<String, Problem>>>,
}

impl Sending {
    /// `path` is the server function's, `SetHold::PATH`.
    pub fn to(path: &'static str) -> Self {
        Self { path, pending: RwSignal::new(false), version: RwSignal::new(0), ended: RwSignal::new(None) }
    }

    /// What went wrong at the last use; before any, the problem that came back without script.
    pub fn problem(self, kept: Option<Problem>) -> impl IntoView {
        move || {
            let problem = match self.ended.get() {
                Some(Err(problem)) => Some(problem),
                Some(Ok(_)) => None,
                None => kept.clone(),
            };
            problem.map(|problem| view! { <ProblemNote problem=problem/> })
        }
    }
}

/// Sent by script where there is some; else by the browser, and the answer is a page.
#[component]
pub fn SendForm(form: Sending, #[prop(optional)] class: Option<&'static str>, children: Children) -> impl IntoView {
    let owner = Owner::current().expect("a component has an owner");
    view! {
        <form method="post" action=href(form.path) class=class on:submit=move |ev| send(&ev, form, &owner)>
            {children()}
        </form>
    }
    .into_any()
}

#[cfg(target_arch = "wasm32")]
fn send(ev: &ev::SubmitEvent, form: Sending, owner: &Owner) {
    use wasm_bindgen::JsCast;

    let element = ev.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
    let Some(fields) = element.as_ref().and_then(fields) else { return };
    if ev.default_prevented() {
        return;
    }
    ev.prevent_default();
    if form.pending.get_untracked() {
        return;
    }
    form.pending.set(true);
    // The address and the token are the context's.
    let answer = owner.with(|| crate::api::post(form.path, fields));
    leptos::task::spawn_local(async move {
        let ended = answer.await.map_err(|failure| failure.0);
        // The page may be gone by now.
        form.pending.try_set(false);
        form.ended.try_set(Some(ended));
        form.version.try_update(|n| *n += 1);
    });
}

/// What the browser would send.
#[cfg(target_arch = "wasm32")]
fn fields(form: &web_sys::HtmlFormElement) -> Option<String> {
    let data = web_sys::FormData::new_with_form(form).ok()?;
    let fields = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    Some(fields.to_string().into())
}

#[cfg(not(target_arch = "wasm32"))]
fn send(_: &ev::SubmitEvent, _: Sending, _: &Owner) {}
