use backstep_domain::{DeployNumber, DeploymentId};
use leptos::{html, prelude::*};

use super::RollbackView;

/// The same in a native dialog over the history. Open while `target` is set.
#[component]
pub fn RollbackDialog(
    deployment: DeploymentId,
    target: RwSignal<Option<DeployNumber>>,
    /// Told the number of the new deploy. Left out: the server's answer leads to its page.
    #[prop(optional)]
    on_done: Option<Callback<DeployNumber>>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let wanted = target.get().is_some();
        if let Some(element) = dialog.get() {
            set_open(&element, wanted);
        }
    });
    let close = Callback::new(move |()| target.set(None));
    let done = on_done.map(|done| {
        Callback::new(move |number| {
            target.set(None);
            done.run(number);
        })
    });
    let content = move || {
        target.get().map(|number| {
            view! {
                <RollbackView
                    deployment=deployment.clone()
                    target=Some(number)
                    in_dialog=true
                    on_done=done
                    on_cancel=Some(close)
                />
            }
        })
    };
    view! {
        // The browser closes it on Esc and gives the focus back to where it came from.
        <dialog class="sheet" node_ref=dialog aria-labelledby="rollback-title" on:close=move |_| target.set(None)>
            {content}
        </dialog>
    }
}

#[cfg(target_arch = "wasm32")]
fn set_open(dialog: &web_sys::HtmlDialogElement, wanted: bool) {
    match (wanted, dialog.open()) {
        (true, false) => {
            let _ = dialog.show_modal();
        }
        (false, true) => dialog.close(),
        _ => {}
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn set_open<T>(_: &T, _: bool) {}
