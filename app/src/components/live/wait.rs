//! Waiting that ends early when nobody listens any more, and then leaves neither a timer nor a listener in the page.

use js_sys::{Function, Promise};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, EventTarget};

/// Waits that long, or until `stop`.
pub async fn sleep(ms: i32, stop: Option<&AbortSignal>) {
    let Some(window) = web_sys::window() else { return };
    let mut timer = None;
    until(stop, |resolve| timer = window.set_timeout_with_callback_and_timeout_and_arguments_0(resolve, ms).ok()).await;
    if let Some(timer) = timer {
        window.clear_timeout_with_handle(timer);
    }
}

/// Waits for one event, or until `stop`.
pub async fn event(target: &EventTarget, name: &str, stop: Option<&AbortSignal>) {
    let mut heard = None;
    until(stop, |resolve| {
        let _ = target.add_event_listener_with_callback(name, resolve);
        heard = Some(resolve.clone());
    })
    .await;
    if let Some(heard) = heard {
        let _ = target.remove_event_listener_with_callback(name, &heard);
    }
}

/// Waits until `start` has its function called, or `stop` is aborted.
async fn until(stop: Option<&AbortSignal>, mut start: impl FnMut(&Function)) {
    if stop.is_some_and(AbortSignal::aborted) {
        return;
    }
    let mut stopped = None;
    let wait = Promise::new(&mut |resolve, _| {
        start(&resolve);
        if let Some(stop) = stop {
            let _ = stop.add_event_listener_with_callback("abort", &resolve);
        }
        stopped = Some(resolve);
    });
    let _ = JsFuture::from(wait).await;
    if let (Some(stop), Some(stopped)) = (stop, stopped) {
        let _ = stop.remove_event_listener_with_callback("abort", &stopped);
    }
}
