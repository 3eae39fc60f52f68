//! The server, as the commands see it: its REST API, and a Deployment by name.

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::Args;
use reqwest::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};

use super::Failure;
use crate::{
    clock::{Ids, TimeOrderedIds},
    http::api::{ProblemBody, dto},
};

/// Which server, and who asks.
#[derive(Clone, Debug, Args)]
pub struct Server {
    /// Address of the server.
    #[arg(
        long,
        env = "BACKSTEP_URL",
        default_value = "http://127.0.0.1:7411",
        global = true,
        value_name = "URL",
        help_heading = "Server"
    )]
    pub url: String,
    /// A token of the server.
    #[arg(long, env = "BACKSTEP_TOKEN", hide_env_values = true, global = true, help_heading = "Server")]
    pub token: Option<String>,
    /// Answer in JSON, in the words of the REST API.
    #[arg(long, global = true, help_heading = "Server")]
    pub json: bool,
}

/// Which Deployment of which server.
#[derive(Clone, Debug, Args)]
pub struct At {
    /// The Deployment: its name, WORKSPACE/NAME, or its id.
    #[arg(short, long, env = "BACKSTEP_DEPLOYMENT", value_name = "NAME|ID", global = true, help_heading = "Server")]
    pub deployment: Option<String>,
    #[command(flatten)]
    pub server: Server,
}

impl At {
    /// The server, and the Deployment that is meant.
    pub async fn connect(&self) -> Result<(Api, dto::Deployment), Failure> {
        let api = Api::new(&self.server)?;
        let meant = self.deployment.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let meant = meant.ok_or_else(|| {
            Failure::usage("Which Deployment? Name it with --deployment NAME or BACKSTEP_DEPLOYMENT.")
        })?;
        let known: dto::Deployments = api.get("deployments", &[]).await?;
        let deployment = find(known.deployments, meant)?;
        Ok((api, deployment))
    }
}

/// By id, by `workspace/name`, or by name where only one Deployment has it.
fn find(known: Vec<dto::Deployment>, meant: &str) -> Result<dto::Deployment, Failure> {
    let full = |d: &dto::Deployment| format!("{}/{}", d.workspace_name, d.name);
    let (mut found, others): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|d| d.id == meant || d.name == meant || full(d) == meant);
    if found.len() > 1 {
        let names: Vec<_> = found.iter().map(full).collect();
        let message = format!("`{meant}` is more than one Deployment. Say which: {}.", names.join(", "));
        return Err(Failure::usage(message));
    }
    found.pop().ok_or_else(|| {
        let names: Vec<_> = others.iter().map(full).collect();
        let there =
            if names.is_empty() { "You see none here".to_owned() } else { format!("There are: {}", names.join(", ")) };
        Failure::usage(format!("There is no Deployment `{meant}`, or you may not see it. {there}."))
    })
}

/// The REST API of a server.
pub struct Api {
    http: reqwest::Client,
    base: reqwest::Url,
    token: Option<String>,
}

impl Api {
    pub fn new(server: &Server) -> Result<Self, Failure> {
        let base = reqwest::Url::parse(&server.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.ok_or_else(|| {
            Failure::usage(format!("`{}` is no address of a server; write it as http://HOST:PORT.", server.url))
        })?;
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("backstep/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::failed(format!("No connection can be set up: {error}.")))?;
        Ok(Self { http, base, token: server.token.clone().filter(|token| !token.trim().is_empty()) })
    }

    /// Reads; `path` is relative to `/api/v1/`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Failure> {
        let request = self.request(Method::GET, path).query(query).timeout(Duration::from_secs(60));
        self.answer(request).await
    }

    /// Reads something long, piece by piece. A reader that went away, as `head` does, has seen enough.
    pub async fn copy(
        &self,
        path: &str,
        query: &[(&str, String)],
        mut to: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let request = self.request(Method::GET, path).query(query);
        let mut response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        while let Some(bytes) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            match to(&bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(Failure::failed(format!("It cannot be written: {error}."))),
            }
        }
        Ok(())
    }

    /// Does something. The key makes it safe to send again.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let request = self.request(Method::POST, path).header("Idempotency-Key", TimeOrderedIds.next());
        self.answer(request.json(body).timeout(Duration::from_secs(120))).await
    }

    pub async fn put_archive<T: DeserializeOwned>(
        &self,
        address: &str,
        digest: &str,
        bytes: u64,
        body: reqwest::Body,
    ) -> Result<T, Failure> {
        let url = self.base.join(address).map_err(|_| Failure::failed("The server answered no usable address."))?;
        if url.origin() != self.base.origin() {
            // The token is meant for this server alone.
            return Err(Failure::failed(format!(
                "The server asks to upload to another place, {url}; nothing was sent."
            )));
        }
        let request = self.with_token(self.http.put(url));
        let request = request.header("Content-Digest", digest).header("Content-Type", "application/gzip");
        self.answer(request.header("Content-Length", bytes).body(body)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let root = self.base.path().trim_end_matches('/');
        let mut url = self.base.clone();
        url.set_path(&format!("{root}/api/v1/{path}"));
        self.with_token(self.http.request(method, url))
    }

    fn with_token(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token.trim()),
            None => request,
        }
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            let message = format!(
                "{} does not answer as a Backstep server of this version does. Is the address right?",
                self.base
            );
            Failure::failed(message)
        })
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let why = match error {
            e if e.is_timeout() => "it does not answer in time",
            e if e.is_connect() => "no connection",
            _ => "the connection broke off",
        };
        let to_do = "Is the server running, and is BACKSTEP_URL right?";
        Failure::failed(format!("{} cannot be reached: {why}. {to_do}", self.base))
    }
}

async fn refused(response: Response) -> Failure {
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
    match serde_json::from_slice::<ProblemBody>(&body) {
        Ok(problem) => problem.into(),
        Err(_) => Failure::failed(format!(
            "The server answers {status}, and not as Backstep does. Is there a proxy in between, or is the address wrong?"
        )),
    }
}

/// Writes an answer as JSON.
pub fn print_json(answer: &impl Serialize) {
    let text = serde_json::to_string_pretty(answer).expect("an answer is plain data");
    print_text(&text);
}

/// Writes a line; a reader that went away, as `head` does, has seen enough.
pub fn print_text(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<dto::Deployment> {
        let deployment = |id: &str, workspace: &str, name: &str| -> dto::Deployment {
            serde_json::from_value(serde_json::json!({
                "id": id, "workspaceId": "w", "workspaceName": workspace, "name": name, "description": "",
                "mechanism": "image", "isDagDeployEnabled": false, "rollbackEnabled": true,
                "rollbackAllowedHere": true, "createdAt": "2026-03-01T12:00:00Z", "heldDeploys": 0, "permissions": [],
                "createdBySubject": {"id": "demo:admin", "subjectType": "USER", "fullName": "Ada"},
            }))
            .unwrap()
        };
        vec![deployment("1", "acme", "prod"), deployment("2", "beta", "prod"), deployment("3", "acme", "dev")]
    }

    #[test]
    fn a_deployment_is_found_by_name_id_or_workspace() {
        let id = |meant| find(known(), meant).map(|d| d.id).map_err(|f| f.message);
        assert_eq!(id("dev").as_deref(), Ok("3"));
        assert_eq!(id("2").as_deref(), Ok("2"));
        assert_eq!(id("beta/prod").as_deref(), Ok("2"));
        assert_eq!(id("prod").unwrap_err(), "`prod` is more than one Deployment. Say which: acme/prod, beta/prod.");
        assert!(id("test").unwrap_err().ends_with("There are: acme/prod, beta/prod, acme/dev."));
    }

    fn api(url: &str) -> Result<Api, Failure> {
        Api::new(&Server { url: url.to_owned(), token: None, json: false })
    }

    #[test]
    fn the_server_may_live_below_a_path() {
        let url = |base: &str| {
            let request = api(base).unwrap().request(Method::GET, "deployments/a b").build().unwrap();
            request.url().to_string()
        };
        assert_eq!(url("http://h:1"), "http://h:1/api/v1/deployments/a%20b");
        assert_eq!(url("https://h/backstep/"), "https://h/backstep/api/v1/deployments/a%20b");
        assert!(api("h:1").is_err() && api("ftp://h").is_err());
    }

    #[tokio::test]
    async fn the_token_goes_to_this_server_alone() {
        let elsewhere = "http://elsewhere.example/dags";
        let sent: Result<dto::UploadedDags, _> =
            api("http://127.0.0.1:9").unwrap().put_archive(elsewhere, "", 0, "".into()).await;
        assert!(sent.unwrap_err().message.contains("nothing was sent"));
    }
}
