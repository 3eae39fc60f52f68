use std::future::Future;

use futures::{Sink, Stream, stream};
use gloo_net::http::{Request, RequestBuilder, Response};
use http::Method;
use leptos::prelude::use_context;
use send_wrapper::SendWrapper;
use server_fn::{
    Bytes, ContentType,
    client::Client,
    codec::{GetUrl, JsonEncoding},
    error::{FromServerFnError, IntoAppError, ServerFnErrorErr},
    redirect::REDIRECT_HEADER,
    request::{ClientReq, browser::BrowserFormData},
    response::ClientRes,
};
use web_sys::{AbortController, RequestCredentials};

use super::{Answer, ServerAddress, Token};
use crate::api::Failure;

/// Sends server functions to the server that the context names.
///
/// The context is read while the request is built. That happens inside the future of a resource or an action, and
/// Leptos polls those with the owner they were created under, so each panel finds its own address. Where there is no
/// address (the panel is gone, or code forgot to provide one) nothing is sent: a request that falls back to some other
/// server or token would be worse than none.
pub struct ApiClient;

pub struct ApiRequest(SendWrapper<Inner>);

struct Inner {
    request: Request,
    embedded: bool,
    abort: AbortOnDrop,
}

/// Whoever drops the future is not interested any more: the browser need not load the answer.
struct AbortOnDrop(Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            controller.abort();
        }
    }
}

pub struct ApiResponse {
    response: SendWrapper<Response>,
    embedded: bool,
}

/// Sends what is encoded already, and answers the body; a failure that the server sends is read here. Nothing of it knows
/// which function is called.
pub(super) fn send(path: &str, method: Method, fields: String) -> Answer {
    let accepts = <JsonEncoding as ContentType>::CONTENT_TYPE;
    let form = <GetUrl as ContentType>::CONTENT_TYPE;
    // Here, not in the future: the context is the one of whoever calls.
    let request: Result<ApiRequest, Failure> = match method {
        Method::GET => ClientReq::try_new_req_query(path, form, accepts, &fields, method),
        _ => ClientReq::try_new_req_text(path, form, accepts, fields, method),
    };
    Box::pin(SendWrapper::new(async move {
        let answer = <ApiClient as Client<Failure>>::send(request?).await?;
        let (failed, redirected) =
            (ClientRes::<Failure>::status(&answer) >= 400, ClientRes::<Failure>::has_redirect(&answer));
        let to = ClientRes::<Failure>::location(&answer);
        let text: String = ClientRes::<Failure>::try_into_string(answer).await?;
        if failed {
            return Err(serde_json::from_str(&text)
                .unwrap_or_else(|error| ServerFnErrorErr::Deserialization(error.to_string()).into_app_error()));
        }
        if redirected {
            server_fn::redirect::call_redirect_hook(&to);
        }
        Ok(text)
    }))
}

fn wrong<E: FromServerFnError>(text: impl ToString) -> E {
    ServerFnErrorErr::Request(text.to_string()).into_app_error()
}

fn unused<E: FromServerFnError>() -> E {
    wrong("no server function of Backstep is sent like this")
}

/// A request up to its body.
fn start<E: FromServerFnError>(
    path: &str,
    content_type: &str,
    accepts: &str,
    query: Option<&str>,
    method: Method,
) -> Result<(RequestBuilder, bool, AbortOnDrop), E> {
    let server = use_context::<ServerAddress>().ok_or_else(|| wrong("no server is set for this part of the page"))?;
    let mut url = format!("{}{path}", server.base_url);
    if let Some(query) = query.filter(|q| !q.is_empty()) {
        url.push('?');
        url.push_str(query);
    }
    let builder = match method {
        Method::GET => Request::get(&url),
        Method::POST => Request::post(&url),
        _ => return Err(unused()),
    };
    let controller = AbortController::new().ok();
    let signal = controller.as_ref().map(AbortController::signal);
    let mut builder =
        builder.header("Content-Type", content_type).header("Accept", accepts).abort_signal(signal.as_ref());
    builder = match server.token.as_ref().and_then(Token::bearer) {
        Some(bearer) => builder.header("Authorization", &bearer),
        None => builder,
    };
    builder =
        builder.credentials(if server.embedded { RequestCredentials::Omit } else { RequestCredentials::SameOrigin });
    Ok((builder, server.embedded, AbortOnDrop(controller)))
}

impl ApiRequest {
    fn new(request: Request, embedded: bool, abort: AbortOnDrop) -> Self {
        Self(SendWrapper::new(Inner { request, embedded, abort }))
    }
}

impl<E: FromServerFnError> ClientReq<E> for ApiRequest {
    type FormData = BrowserFormData;

    fn try_new_req_query(
        path: &str,
        content_type: &str,
        accepts: &str,
        query: &str,
        method: Method,
    ) -> Result<Self, E> {
        let (builder, embedded, abort) = start(path, content_type, accepts, Some(query), method)?;
        Ok(Self::new(builder.build().map_err(wrong)?, embedded, abort))
    }

    fn try_new_req_text(
        path: &str,
        content_type: &str,
        accepts: &str,
        body: String,
        method: Method,
    ) -> Result<Self, E> {
        let (builder, embedded, abort) = start(path, content_type, accepts, None, method)?;
        Ok(Self::new(builder.body(body).map_err(wrong)?, embedded, abort))
    }

    fn try_new_req_bytes(_: &str, _: &str, _: &str, _: Bytes, _: Method) -> Result<Self, E> {
        Err(unused())
    }

    fn try_new_req_form_data(_: &str, _: &str, _: &str, _: Self::FormData, _: Method) -> Result<Self, E> {
        Err(unused())
    }

    fn try_new_req_multipart(_: &str, _: &str, _: Self::FormData, _: Method) -> Result<Self, E> {
        Err(unused())
    }

    fn try_new_req_streaming(
        _: &str,
        _: &str,
        _: &str,
        _: impl Stream<Item = Bytes> + Send + 'static,
        _: Method,
    ) -> Result<Self, E> {
        Err(unused())
    }
}

impl<E: FromServerFnError> ClientRes<E> for ApiResponse {
    fn try_into_string(self) -> impl Future<Output = Result<String, E>> + Send {
        SendWrapper::new(async move { self.response.text().await.map_err(wrong) })
    }

    fn try_into_bytes(self) -> impl Future<Output = Result<Bytes, E>> + Send {
        SendWrapper::new(async move { self.response.binary().await.map(Bytes::from).map_err(wrong) })
    }

    fn try_into_stream(self) -> Result<impl Stream<Item = Result<Bytes, Bytes>> + Send + Sync + 'static, E> {
        Err::<stream::Empty<_>, E>(unused())
    }

    fn status(&self) -> u16 {
        self.response.status()
    }

    fn status_text(&self) -> String {
        self.response.status_text()
    }

    fn location(&self) -> String {
        self.response.headers().get("Location").unwrap_or_else(|| self.response.url())
    }

    /// In a panel never: the page around it is not ours to move.
    fn has_redirect(&self) -> bool {
        !self.embedded && self.response.headers().get(REDIRECT_HEADER).is_some()
    }
}

impl<E, I, O> Client<E, I, O> for ApiClient
where
    E: FromServerFnError,
    I: FromServerFnError,
    O: FromServerFnError,
{
    type Request = ApiRequest;
    type Response = ApiResponse;

    fn send(request: ApiRequest) -> impl Future<Output = Result<ApiResponse, E>> + Send {
        SendWrapper::new(async move {
            let Inner { request, embedded, mut abort } = request.0.take();
            let response = request.send().await.map_err(wrong)?;
            // The answer's body is still to be read, so it must not be aborted from here on.
            abort.0.take();
            Ok(ApiResponse { response: SendWrapper::new(response), embedded })
        })
    }

    async fn open_websocket(
        _: &str,
    ) -> Result<(impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static, impl Sink<Bytes> + Send + 'static), E> {
        Err::<(stream::Empty<_>, futures::sink::Drain<Bytes>), E>(unused())
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        wasm_bindgen_futures::spawn_local(future);
    }
}
