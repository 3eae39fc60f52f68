//! The keyboard, with script: Enter never rolls back by accident, Ctrl+Enter does when everything is filled in, Esc leaves.

use leptos::{ev, html, prelude::*};

#[cfg(target_arch = "wasm32")]
pub(super) fn on_key(ev: &ev::KeyboardEvent, root: NodeRef<html::Div>, in_dialog: bool) {
    use wasm_bindgen::JsCast;

    let Some(root) = root.get_untracked().filter(|_| !ev.is_composing()) else { return };
    let find = |what: &str| root.query_selector(what).ok().flatten();
    match ev.key().as_str() {
        "Enter" if ev.ctrl_key() || ev.meta_key() => {
            ev.prevent_default();
            let button = find("button.plan__go").and_then(|e| e.dyn_into::<web_sys::HtmlButtonElement>().ok());
            let form = find("form.plan__form").and_then(|e| e.dyn_into::<web_sys::HtmlFormElement>().ok());
            // Asks the browser to check the fields first, as a click on the button does.
            if let (Some(button), Some(form)) = (button, form)
                && !button.disabled()
            {
                let _ = form.request_submit();
            }
        }
        // In a text field, a box or a choice Enter would send the form.
        "Enter" if ev.target().is_some_and(|target| target.dyn_ref::<web_sys::HtmlInputElement>().is_some()) => {
            ev.prevent_default();
        }
        // A dialog closes by itself.
        "Escape" if !in_dialog => {
            if let Some(cancel) = find(".plan__cancel").and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
                cancel.click();
            }
        }
        _ => {}
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn on_key(_: &ev::KeyboardEvent, _: NodeRef<html::Div>, _: bool) {}
