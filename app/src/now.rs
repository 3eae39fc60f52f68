//! The present, for relative times. The server says what time it is, the page is rendered and hydrated with that, and
//! only then does the browser's clock take over: so both sides render the same text.

use backstep_domain::Millis;
use leptos::prelude::*;

/// The time of the request; the server provides it as a context to every page.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug)]
pub struct RequestTime(pub Millis);

/// The present and whether the browser has taken over, for everything that shows a time.
#[derive(Clone, Copy)]
pub struct Now {
    pub at: RwSignal<Millis>,
    /// Only in the browser after hydration: times may be shown in its own time zone.
    pub in_browser: RwSignal<bool>,
}

/// Provides the present to all components below. Called once by the page's root, and by each panel.
pub fn provide_now() -> Now {
    // While routes are listed at start-up there is no request; nothing of that is shown.
    let at = SharedValue::new(|| clock().unwrap_or(Millis(0))).into_inner();
    let now = Now { at: RwSignal::new(at), in_browser: RwSignal::new(false) };
    Effect::new(move |_| {
        let refresh = move || {
            if let Some(time) = clock() {
                now.at.try_set(time);
            }
        };
        refresh();
        now.in_browser.set(true);
        let every = std::time::Duration::from_secs(20);
        if let Ok(timer) = set_interval_with_handle(refresh, every) {
            on_cleanup(move || timer.clear());
        }
    });
    provide_context(now);
    now
}

pub fn use_now() -> Now {
    use_context().unwrap_or_else(provide_now)
}

#[cfg(target_arch = "wasm32")]
#[expect(clippy::unnecessary_wraps, reason = "the server may not know, the browser always does")]
#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are whole and far below 2^53")]
fn clock() -> Option<Millis> {
    Some(Millis(js_sys::Date::now() as i64))
}

#[cfg(not(target_arch = "wasm32"))]
fn clock() -> Option<Millis> {
    #[cfg(feature = "ssr")]
    return use_context::<RequestTime>().map(|t| t.0);
    #[cfg(not(feature = "ssr"))]
    return None;
}
