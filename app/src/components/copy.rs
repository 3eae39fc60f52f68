use leptos::prelude::*;

use crate::now::use_now;

/// Copies a text. Without script there is nothing that it could do, so it is not there.
#[component]
pub fn CopyButton(#[prop(into)] text: Signal<String>, label: &'static str) -> impl IntoView {
    let in_browser = use_now().in_browser;
    let copied = RwSignal::new(None::<bool>);
    let copy = Action::new_local(move |text: &String| {
        let text = text.clone();
        async move { copied.set(Some(to_clipboard(&text).await)) }
    });
    let state = move || match copied.get() {
        None => "",
        Some(true) => "Copied.",
        Some(false) => "The browser did not allow it. Mark the text and copy it by hand.",
    };
    view! {
        <span class="copy" hidden=move || !in_browser.get()>
            <button type="button" class="button" on:click=move |_| { copy.dispatch_local(text.get_untracked()); }>
                {label}
            </button>
            " "
            <span class="muted" role="status">{state}</span>
        </span>
    }
}

#[cfg(target_arch = "wasm32")]
async fn to_clipboard(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    // Not there on a page without TLS.
    let clipboard = js_sys::Reflect::get(&window.navigator(), &"clipboard".into());
    if !clipboard.is_ok_and(|c| c.is_truthy()) {
        return false;
    }
    wasm_bindgen_futures::JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}

#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::unused_async, reason = "the browser's does wait")]
async fn to_clipboard(_: &str) -> bool {
    false
}

/// An address that works outside this page too.
pub fn absolute(href: &str) -> String {
    if href.starts_with('/') { format!("{}{href}", origin()) } else { href.to_owned() }
}

#[cfg(target_arch = "wasm32")]
fn origin() -> String {
    web_sys::window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
}

#[cfg(not(target_arch = "wasm32"))]
fn origin() -> String {
    String::new()
}
