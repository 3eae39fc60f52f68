//! Follows a Deployment's events for as long as somebody listens: through interruptions, hidden pages and proxies that
//! do not let streams pass. With fetch, not `EventSource`: a panel has to send its token.

use std::{cell::Cell, rc::Rc};

use backstep_domain::DeploymentId;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, AbortSignal, Headers, ReadableStreamDefaultReader, RequestCredentials, RequestInit, Response,
};

use super::{
    parse::EventParser,
    wait::{event, sleep},
};
use crate::api::{ServerAddress, Token};

const FIRST_WAIT_MS: i32 = 1_000;
const LONGEST_WAIT_MS: i32 = 10_000;
const ASK_EVERY_MS: i32 = 5_000;

pub async fn follow(
    server: &ServerAddress,
    deployment: &DeploymentId,
    stop: Option<&AbortSignal>,
    changed: Rc<dyn Fn()>,
) {
    let mut parser = EventParser::default();
    let mut wait = FIRST_WAIT_MS;
    let stopped = || stop.is_some_and(AbortSignal::aborted);
    while !stopped() {
        shown(stop).await;
        if stopped() {
            return;
        }
        let connection = Connection::new(stop);
        ask_while_silent(&connection, changed.clone());
        let heard = read(server, deployment, &connection, &mut parser, &*changed).await;
        connection.close();
        match heard {
            Ended::Heard => wait = FIRST_WAIT_MS,
            Ended::Failed => {}
            Ended::Refused => return,
        }
        if !hidden() && !stopped() {
            sleep(wait, stop).await;
            wait = (wait * 2).min(LONGEST_WAIT_MS);
        }
    }
}

/// Some proxies keep a stream back until it ends. While nothing comes through, the page asks by itself.
fn ask_while_silent(connection: &Connection, changed: Rc<dyn Fn()>) {
    let (silent, over) = (connection.silent.clone(), connection.controller.as_ref().map(AbortController::signal));
    wasm_bindgen_futures::spawn_local(async move {
        loop {
            sleep(ASK_EVERY_MS, over.as_ref()).await;
            if !silent.get() {
                return;
            }
            changed();
        }
    });
}

enum Ended {
    /// The stream was open for a while.
    Heard,
    /// It could not be opened.
    Failed,
    /// The server says no; to ask again would change nothing.
    Refused,
}

/// One attempt, which ends with the listeners, with the page being hidden, or by itself.
struct Connection {
    controller: Option<AbortController>,
    ended: Option<Closure<dyn FnMut()>>,
    outer: Option<AbortSignal>,
    /// Open, and nothing was heard yet.
    silent: Rc<Cell<bool>>,
}

impl Connection {
    fn new(stop: Option<&AbortSignal>) -> Self {
        let controller = AbortController::new().ok();
        let inner = controller.clone();
        let outer = stop.cloned();
        let watched = outer.clone();
        let ended = Closure::<dyn FnMut()>::new(move || {
            let over = hidden() || watched.as_ref().is_some_and(AbortSignal::aborted);
            if let Some(controller) = inner.as_ref().filter(|_| over) {
                controller.abort();
            }
        });
        let function = ended.as_ref().unchecked_ref();
        if let Some(document) = document() {
            let _ = document.add_event_listener_with_callback("visibilitychange", function);
        }
        if let Some(stop) = &outer {
            let _ = stop.add_event_listener_with_callback("abort", function);
        }
        Self { controller, ended: Some(ended), outer, silent: Rc::new(Cell::new(true)) }
    }

    fn close(mut self) {
        self.silent.set(false);
        if let Some(ended) = self.ended.take() {
            let function = ended.as_ref().unchecked_ref();
            if let Some(document) = document() {
                let _ = document.remove_event_listener_with_callback("visibilitychange", function);
            }
            if let Some(stop) = &self.outer {
                let _ = stop.remove_event_listener_with_callback("abort", function);
            }
        }
        if let Some(controller) = self.controller.take() {
            controller.abort();
        }
    }
}

async fn read(
    server: &ServerAddress,
    deployment: &DeploymentId,
    connection: &Connection,
    parser: &mut EventParser,
    changed: &dyn Fn(),
) -> Ended {
    parser.restart();
    let Some(response) = open(server, deployment, connection, parser).await else { return Ended::Failed };
    match response.status() {
        // A panel's token may be renewed meanwhile.
        401 if server.embedded => return Ended::Failed,
        401 | 403 | 404 => return Ended::Refused,
        _ => {}
    }
    let body = response.body().filter(|_| response.ok());
    let reader = body.and_then(|body| body.get_reader().dyn_into::<ReadableStreamDefaultReader>().ok());
    let Some(reader) = reader else { return Ended::Failed };
    while let Ok(piece) = JsFuture::from(reader.read()).await {
        let done = Reflect::get(&piece, &"done".into()).map_or(true, |d| d.is_truthy());
        let Ok(value) = Reflect::get(&piece, &"value".into()) else { break };
        if done {
            break;
        }
        connection.silent.set(false);
        if parser.feed(&Uint8Array::new(&value).to_vec()) > 0 {
            changed();
        }
    }
    Ended::Heard
}

async fn open(
    server: &ServerAddress,
    deployment: &DeploymentId,
    connection: &Connection,
    parser: &EventParser,
) -> Option<Response> {
    let headers = Headers::new().ok()?;
    headers.set("Accept", "text/event-stream").ok()?;
    // On the first time too: the server then answers with an event at once, which closes the gap between the page's
    // rendering and now.
    headers.set("Last-Event-ID", parser.last_id.as_deref().unwrap_or("0")).ok()?;
    if let Some(bearer) = server.token.as_ref().and_then(Token::bearer) {
        headers.set("Authorization", &bearer).ok()?;
    }
    let init = RequestInit::new();
    init.set_headers(&headers);
    init.set_credentials(if server.embedded { RequestCredentials::Omit } else { RequestCredentials::SameOrigin });
    init.set_signal(connection.controller.as_ref().map(AbortController::signal).as_ref());
    let url = format!("{}/events/deployments/{deployment}", server.base_url);
    let answer = JsFuture::from(web_sys::window()?.fetch_with_str_and_init(&url, &init)).await.ok()?;
    answer.dyn_into().ok()
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

fn hidden() -> bool {
    document().is_some_and(|d| d.visibility_state() == web_sys::VisibilityState::Hidden)
}

/// Waits until the page is shown, or until `stop`.
async fn shown(stop: Option<&AbortSignal>) {
    while hidden() && !stop.is_some_and(AbortSignal::aborted) {
        let Some(document) = document() else { return };
        event(&document, "visibilitychange", stop).await;
    }
}
