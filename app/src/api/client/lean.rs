use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};
use server_fn::{
    Http, Protocol,
    client::Client,
    codec::{Encoding, Json},
    error::{FromServerFnError, ServerFnErrorErr},
    server::Server,
};

use super::{ApiClient, send};
use crate::api::Failure;

/// How the browser calls a server function: the same bytes as with `Http<In, Json>`, but all that does not depend on the
/// function is there once, for every function.
pub struct Lean<In>(PhantomData<In>);

impl<In, Input, Output, S> Protocol<Input, Output, ApiClient, S, Failure> for Lean<In>
where
    In: Encoding,
    Input: Serialize + Send,
    Output: DeserializeOwned + Send,
    S: Server<Failure>,
    ApiClient: Client<Failure>,
    Http<In, Json>: Protocol<Input, Output, ApiClient, S, Failure>,
{
    const METHOD: http::Method = In::METHOD;

    fn run_server<F, Fut>(
        request: S::Request,
        server_fn: F,
    ) -> impl Future<Output = Result<S::Response, Failure>> + Send
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, Failure>> + Send,
    {
        <Http<In, Json> as Protocol<Input, Output, ApiClient, S, Failure>>::run_server(request, server_fn)
    }

    async fn run_client(path: &str, input: Input) -> Result<Output, Failure> {
        let fields = serde_qs::to_string(&input)
            .map_err(|error| Failure::from_server_fn_error(ServerFnErrorErr::Serialization(error.to_string())))?;
        let answer = send(path, In::METHOD, fields).await?;
        serde_json::from_str(&answer)
            .map_err(|error| Failure::from_server_fn_error(ServerFnErrorErr::Deserialization(error.to_string())))
    }
}
