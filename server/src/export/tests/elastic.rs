//! A cluster: it takes `_bulk` as Elasticsearch does, and fails as it does, by a seed.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, Uri, header};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How often what goes wrong, 0 to 1.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// 429 for single lines.
    pub item_busy: f64,
    /// 429 as a whole, `Retry-After: 0`.
    pub busy: f64,
    /// 503 as a whole, by a proxy: no JSON.
    pub unavailable: f64,
    /// The connection is cut; nothing was taken.
    pub cut_before: f64,
    /// The connection is cut in the middle of the answer; everything was taken.
    pub cut_after: f64,
    /// No answer for longer than the client waits; everything was taken.
    pub too_slow: f64,
}

/// What a cluster is.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub seed: u64,
    pub faults: Faults,
    /// What `Authorization` has to be.
    pub authorization: Option<String>,
    /// 413 above it.
    pub largest: Option<usize>,
    /// Lines with this in their message are refused for good, as by a mapping.
    pub refuses: Option<&'static str>,
    /// How long every answer takes.
    pub takes: Duration,
    /// Status and `Retry-After` of every answer from now on.
    pub closed: Option<(u16, Option<&'static str>)>,
}

#[derive(Default)]
pub struct Seen {
    /// What is in the indexes, by index and id.
    pub documents: BTreeMap<(String, String), Value>,
    /// The ids of each request that came in, in their order.
    pub requests: Vec<Vec<String>>,
    /// How many documents there were when each of them came.
    pub accepted: HashMap<String, usize>,
    /// Answers of each status, also those of single lines.
    pub statuses: BTreeMap<u16, usize>,
    /// What a client must not do.
    pub wrongs: Vec<String>,
    pub largest: usize,
    pub at_once: usize,
    pub most_at_once: usize,
}

#[derive(Clone)]
pub struct Elastic {
    rules: Arc<Mutex<Rules>>,
    pub seen: Arc<Mutex<Seen>>,
    chance: Arc<Mutex<StdRng>>,
}

impl Elastic {
    pub fn new(rules: Rules) -> Self {
        let chance = StdRng::seed_from_u64(rules.seed);
        Self { rules: Arc::new(Mutex::new(rules)), seen: Arc::default(), chance: Arc::new(Mutex::new(chance)) }
    }

    /// Its address.
    pub async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = self.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    pub fn router(&self) -> Router {
        Router::new().fallback(bulk).with_state(self.clone())
    }

    pub fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.rules.lock().unwrap());
    }

    fn happens(&self, chance: f64) -> bool {
        chance > 0.0 && self.chance.lock().unwrap().random_bool(chance)
    }

    fn wrong(&self, what: impl Into<String>) -> Response {
        let what = what.into();
        self.seen.lock().unwrap().wrongs.push(what.clone());
        error(400, "illegal_argument_exception", &what)
    }

    /// That the client did nothing that it must not, and that it kept to the order.
    pub fn check(&self) {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.wrongs, Vec::<String>::new());
        let ids: Vec<_> = seen.documents.keys().map(|(_, id)| id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is in two indexes");
        let accepted: HashMap<_, _> = seen.accepted.iter().filter_map(|(id, at)| Some((line(id)?, *at))).collect();
        for (n, request) in seen.requests.iter().enumerate() {
            let lines: Vec<_> = request.iter().filter_map(|id| line(id)).collect();
            let in_this: HashSet<_> = lines.iter().cloned().collect();
            let mut last: HashMap<String, u64> = HashMap::new();
            for (stream, seq) in lines {
                let last = last.insert(stream.clone(), seq);
                assert!(last.is_none_or(|last| last < seq), "request {n}: {stream} {seq} after {last:?}");
                // All before it are in the index since an earlier request, or in this one.
                for earlier in 1..seq {
                    let earlier = (stream.clone(), earlier);
                    let there = accepted.get(&earlier).is_some_and(|at| *at < n) || in_this.contains(&earlier);
                    assert!(there, "request {n} has {stream} {seq}, and {} was not there yet", earlier.1);
                }
            }
        }
    }
}

/// Rollout and number of a line: `prod-1:0:17`.
pub fn line(id: &str) -> Option<(String, u64)> {
    let mut parts = id.split(':');
    let (rollout, step, seq) = (parts.next()?, parts.next()?, parts.next()?);
    step.parse::<u64>().ok()?;
    if rollout == "audit" { None } else { Some((rollout.to_owned(), seq.parse().ok()?)) }
}

/// A request that is being answered; a client that goes away takes it with it.
struct UnderWay(Elastic);

impl UnderWay {
    fn begin(elastic: &Elastic) -> Self {
        let mut seen = elastic.seen.lock().unwrap();
        seen.at_once += 1;
        seen.most_at_once = seen.most_at_once.max(seen.at_once);
        Self(elastic.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.seen.lock().unwrap().at_once -= 1;
    }
}

async fn bulk(State(elastic): State<Elastic>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let _under_way = UnderWay::begin(&elastic);
    let rules = elastic.rules.lock().unwrap().clone();
    tokio::time::sleep(rules.takes).await;
    let answer = answer(&elastic, &rules, &uri, &headers, &body).await;
    let mut seen = elastic.seen.lock().unwrap();
    seen.largest = seen.largest.max(body.len());
    *seen.statuses.entry(answer.status().as_u16()).or_default() += 1;
    answer
}

async fn answer(elastic: &Elastic, rules: &Rules, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
    if uri.path() != "/_bulk" {
        return elastic.wrong(format!("{uri} is no bulk API"));
    }
    let given = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap());
    if rules.authorization.as_deref() != given {
        // With what was sent, as some proxies do.
        return error(
            401,
            "security_exception",
            &format!("unable to authenticate with [{}]", given.unwrap_or("nothing")),
        );
    }
    if let Some((status, retry_after)) = rules.closed {
        let mut answer = error(status, "es_rejected_execution_exception", "closed");
        if let Some(after) = retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, after.parse().unwrap());
        }
        return answer;
    }
    if rules.largest.is_some_and(|largest| body.len() > largest) {
        return (StatusCode::PAYLOAD_TOO_LARGE, "<html>too large</html>").into_response();
    }
    if elastic.happens(rules.faults.busy) {
        let mut answer = error(429, "circuit_breaking_exception", "too much");
        answer.headers_mut().insert(header::RETRY_AFTER, "0".parse().unwrap());
        return answer;
    }
    if elastic.happens(rules.faults.unavailable) {
        return (StatusCode::SERVICE_UNAVAILABLE, "<html>no upstream</html>").into_response();
    }
    if elastic.happens(rules.faults.cut_before) {
        return cut();
    }
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/x-ndjson") {
        return elastic.wrong("no NDJSON");
    }
    let lines = match pairs(body) {
        Ok(lines) => lines,
        Err(wrong) => return elastic.wrong(wrong),
    };
    let items = take(elastic, rules, lines);
    if elastic.happens(rules.faults.cut_after) {
        return cut();
    }
    if elastic.happens(rules.faults.too_slow) {
        tokio::time::sleep(super::world::TIMEOUT * 2).await;
    }
    let errors = items.iter().any(|item| item["create"].get("error").is_some());
    let filtered = uri.query().is_some_and(|query| query.contains("filter_path=errors,items.*.status,items.*.error"));
    let items: Vec<Value> = items.into_iter().map(|item| if filtered { filter(item) } else { item }).collect();
    Json(json!({ "took": 3, "errors": errors, "items": items })).into_response()
}

/// Index and id of each line, with its document.
fn pairs(body: &[u8]) -> Result<Vec<(String, String, Value)>, String> {
    let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
    let text = text.strip_suffix('\n').ok_or("the request does not end with a newline")?;
    let lines: Vec<&str> = text.split('\n').collect();
    if !lines.len().is_multiple_of(2) {
        return Err("an action without a document".to_owned());
    }
    let pair = |pair: &[&str]| {
        let action: Value = serde_json::from_str(pair[0]).map_err(|e| format!("{e}: {}", pair[0]))?;
        let document: Value = serde_json::from_str(pair[1]).map_err(|e| format!("{e}: {}", pair[1]))?;
        let fields = action.as_object().filter(|action| action.len() == 1).and_then(|action| action.get("create"));
        let text = |name: &str| fields.and_then(|f| f.get(name)).and_then(Value::as_str).map(str::to_owned);
        let (index, id) = text("_index").zip(text("_id")).ok_or_else(|| format!("no create: {action}"))?;
        if fields.and_then(Value::as_object).is_none_or(|fields| fields.len() != 2) || !document.is_object() {
            return Err(format!("unknown: {action}"));
        }
        if index.is_empty() || index.chars().any(|c| c.is_uppercase() || " \"*\\<|,>/?#:".contains(c)) || id.len() > 512
        {
            return Err(format!("invalid_index_name_exception: {index}"));
        }
        Ok((index, id, document))
    };
    lines.chunks(2).map(pair).collect()
}

fn take(elastic: &Elastic, rules: &Rules, lines: Vec<(String, String, Value)>) -> Vec<Value> {
    let mut seen = elastic.seen.lock().unwrap();
    let request = seen.requests.len();
    seen.requests.push(lines.iter().map(|(_, id, _)| id.clone()).collect());
    let mut items = Vec::new();
    for (index, id, document) in lines {
        let message = document["message"].as_str().unwrap_or_default();
        let (status, error) = if elastic.happens(rules.faults.item_busy) {
            (429, Some(("es_rejected_execution_exception", "rejected execution of coordinating operation")))
        } else if rules.refuses.is_some_and(|text| message.contains(text)) {
            (400, Some(("document_parsing_exception", "failed to parse field [message]")))
        } else if seen.documents.contains_key(&(index.clone(), id.clone())) {
            (409, Some(("version_conflict_engine_exception", "document already exists")))
        } else {
            (201, None)
        };
        *seen.statuses.entry(status).or_default() += 1;
        let mut item = json!({ "_index": index, "_id": id, "status": status });
        match error {
            Some((kind, reason)) => item["error"] = json!({ "type": kind, "reason": reason, "index": index }),
            None => {
                item["result"] = json!("created");
                seen.documents.insert((index, id.clone()), document);
                seen.accepted.insert(id, request);
            }
        }
        items.push(json!({ "create": item }));
    }
    items
}

/// `filter_path=errors,items.*.status,items.*.error`
fn filter(item: Value) -> Value {
    let mut left = json!({ "status": item["create"]["status"] });
    if let Some(error) = item["create"].get("error") {
        left["error"] = error.clone();
    }
    json!({ "create": left })
}

fn error(status: u16, kind: &str, reason: &str) -> Response {
    let error = json!({ "type": kind, "reason": reason, "root_cause": [{ "type": kind, "reason": reason }] });
    (StatusCode::from_u16(status).unwrap(), Json(json!({ "error": error, "status": status }))).into_response()
}

/// An answer that begins, and then the connection is gone.
fn cut() -> Response {
    let broken = futures::stream::iter([Ok(Bytes::from_static(b"{\"took\":1,")), Err(std::io::Error::other("cut"))]);
    Response::new(Body::from_stream(broken))
}
