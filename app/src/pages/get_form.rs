use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// A GET form: what is chosen becomes the address. With script no page is loaded, and empty fields are left out of it.
#[component]
pub fn GetForm(
    #[prop(into)] action: String,
    #[prop(optional)] id: Option<&'static str>,
    #[prop(optional)] class: &'static str,
    /// As in `role="search"`.
    #[prop(optional)]
    role: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let navigate = use_navigate();
    // Where on the page the answer is counts without script; with it, the page stays where it is.
    let path = action.split('#').next().unwrap_or_default().to_owned();
    let send = move |ev: ev::SubmitEvent| {
        if let Some(query) = typed(&ev) {
            ev.prevent_default();
            let there = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
            navigate(&there, NavigateOptions { scroll: false, ..Default::default() });
        }
    };
    view! {
        // The fields are what the address says, also after Back: the browser does not put in what was typed before.
        <form method="get" action=action id=id class=class role=role autocomplete="off" on:submit=send>
            {children()}
        </form>
    }
    .into_any()
}

#[cfg(target_arch = "wasm32")]
fn typed(ev: &ev::SubmitEvent) -> Option<String> {
    use wasm_bindgen::JsCast;

    let form = ev.target()?.dyn_into::<web_sys::HtmlFormElement>().ok()?;
    let data = web_sys::FormData::new_with_form(&form).ok()?;
    let params = web_sys::UrlSearchParams::new().ok()?;
    for entry in js_sys::try_iter(&data).ok()??.flatten() {
        let entry = js_sys::Array::from(&entry);
        if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string())
            && !value.is_empty()
        {
            params.append(&name, &value);
        }
    }
    Some(params.to_string().into())
}

#[cfg(not(target_arch = "wasm32"))]
fn typed(_: &ev::SubmitEvent) -> Option<String> {
    None
}
