//! The WASM bundle: `hydrate()` for the app, `mount()` for the embedded panel. `start.js` and `panel.js` call them.

#![recursion_limit = "256"]

use std::any::Any;

use backstep_app::{
    App,
    api::{ServerAddress, Token},
    components::{Panel, PanelNews},
};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

/// Takes over the page that the server rendered.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    hydrate_body(|| {
        provide_context(ServerAddress::default());
        view! { <App/> }
    });
}

/// A panel in somebody else's page. Its end is `unmount()`.
#[wasm_bindgen]
pub struct PanelHandle {
    /// Unmounts when dropped.
    mounted: Option<Box<dyn Any>>,
    token: Token,
    renewed: ArcRwSignal<u64>,
}

#[wasm_bindgen]
impl PanelHandle {
    /// Sends another token from now on, and asks again for what is shown.
    pub fn renew_token(&self, token: String) {
        self.token.renew(token);
        self.renewed.update(|n| *n += 1);
    }

    /// Takes the panel out of the page: no request, no timer, no stream of it goes on.
    pub fn unmount(&mut self) {
        self.mounted.take();
    }
}

/// Shows the panel inside `element`. `tell(name, detail)` is called with the panel's events.
#[wasm_bindgen]
pub fn mount(
    element: HtmlElement,
    server: &str,
    deployment: &str,
    token: Option<String>,
    tell: js_sys::Function,
) -> PanelHandle {
    console_error_panic_hook::set_once();
    let token = Token::new(token.unwrap_or_default());
    let base_url = server.trim_end_matches('/').to_owned();
    let address = ServerAddress { base_url, token: Some(token.clone()), embedded: true };
    let deployment = backstep_domain::DeploymentId::new(deployment);
    let renewed = ArcRwSignal::new(0);
    let signal = renewed.clone();
    let tell = send_wrapper::SendWrapper::new(tell);
    let mounted = mount_to_renderer(&element, move || {
        let news = Callback::new(move |news| {
            let (name, detail) = words(&news);
            // A listener that throws is the affair of the page around the panel.
            let _ = tell.call2(&JsValue::NULL, &name.into(), &detail);
        });
        let renewed = Signal::derive(move || signal.get());
        view! { <Panel server=address deployment=deployment news=news renewed=renewed/> }
    });
    PanelHandle { mounted: Some(Box::new(mounted)), token, renewed }
}

/// The event's name without its prefix, and its detail.
fn words(news: &PanelNews) -> (&'static str, JsValue) {
    match news {
        PanelNews::Ready => ("ready", JsValue::UNDEFINED),
        PanelNews::RollbackStarted(number) => ("rollback-started", number.get().into()),
        PanelNews::Error(message) => ("error", message.into()),
        PanelNews::AuthRequired => ("auth-required", JsValue::UNDEFINED),
    }
}
