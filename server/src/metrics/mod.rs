//! What is counted and timed while the server works, for Prometheus. See docs/operations.md.

mod labels;
mod now;

use std::{sync::Arc, time::Duration};

use backstep_domain::Problem;
use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use self::labels::{Request, Rollout, SignIn, Step, Timed, outcome_of};
pub use self::now::Now;

/// From a file of the interface to a page with a long history, in seconds.
const ANSWERS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 20.0];
/// From a renamed link to the hour after which a step is given up, in seconds.
const STEPS: [f64; 10] = [0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// Everything that this process counted. Cheap to clone; the clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Families>);

#[derive(Debug)]
struct Families {
    registry: Registry,
    requests: Family<Request, Counter>,
    answered: Family<Timed, Histogram, fn() -> Histogram>,
    streams: Gauge,
    rollouts: Family<Rollout, Counter>,
    steps: Family<Step, Histogram, fn() -> Histogram>,
    renewals_failed: Counter,
    leases_lost: Counter,
    sign_ins: Family<SignIn, Counter>,
    replays: Counter,
}

impl Default for Families {
    fn default() -> Self {
        let mut all = Self {
            registry: Registry::with_prefix("backstep"),
            requests: Family::default(),
            answered: Family::new_with_constructor(|| Histogram::new(ANSWERS)),
            streams: Gauge::default(),
            rollouts: Family::default(),
            steps: Family::new_with_constructor(|| Histogram::new(STEPS)),
            renewals_failed: Counter::default(),
            leases_lost: Counter::default(),
            sign_ins: Family::default(),
            replays: Counter::default(),
        };
        all.register();
        // A series that begins with its first failure shows no increase.
        for kind in ["deploy", "rollback"] {
            for outcome in ["succeeded", "failed", "cancelled"] {
                drop(all.rollouts.get_or_create(&Rollout { kind, outcome }));
            }
        }
        all
    }
}

impl Families {
    fn register(&mut self) {
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        let to = &mut self.registry;
        to.register("build", "The version that runs", build);
        to.register("http_requests", "Requests answered", self.requests.clone());
        let help = "From a request to the head of its answer";
        to.register_with_unit("http_request_duration", help, Unit::Seconds, self.answered.clone());
        to.register("event_streams", "Event streams that are open", self.streams.clone());
        to.register("rollouts", "Rollouts that this server brought to an end", self.rollouts.clone());
        let help = "A step of a rollout, from its row to its end";
        to.register_with_unit("rollout_step_duration", help, Unit::Seconds, self.steps.clone());
        let help = "Renewals of a rollout's lease that did not get through";
        to.register("rollout_lease_renewals_failed", help, self.renewals_failed.clone());
        to.register("rollout_leases_lost", "Rollouts that another server went on with", self.leases_lost.clone());
        to.register("sign_ins", "Attempts to sign in", self.sign_ins.clone());
        let help = "Requests whose Idempotency-Key had come before; nothing was done twice";
        to.register("idempotent_replays", help, self.replays.clone());
    }
}

impl Metrics {
    /// An answer. `route` is a template of the table of routes.
    pub fn answered(&self, method: &http::Method, route: String, status: u16, took: Duration) {
        let method = known(method);
        self.0.requests.get_or_create(&Request { method, route: route.clone(), status }).inc();
        self.0.answered.get_or_create(&Timed { method, route }).observe(took.as_secs_f64());
    }

    /// An event stream, open until what this answers is dropped.
    #[must_use]
    pub fn stream(&self) -> OpenStream {
        self.0.streams.inc();
        OpenStream(self.0.streams.clone())
    }

    /// A rollout's end.
    pub fn rolled_out(&self, rollback: bool, outcome: &'static str) {
        let kind = if rollback { "rollback" } else { "deploy" };
        self.0.rollouts.get_or_create(&Rollout { kind, outcome }).inc();
    }

    /// A step's end.
    pub fn step(&self, step: &'static str, succeeded: bool, took: Duration) {
        let outcome = if succeeded { "succeeded" } else { "failed" };
        self.0.steps.get_or_create(&Step { step, outcome }).observe(took.as_secs_f64());
    }

    /// The database did not answer in time for a lease.
    pub fn renewal_failed(&self) {
        self.0.renewals_failed.inc();
    }

    /// Another server has the rollout now.
    pub fn lease_lost(&self) {
        self.0.leases_lost.inc();
    }

    /// An attempt to sign in, `method` one of a few words.
    pub fn sign_in<T>(&self, method: &'static str, attempt: &Result<T, Problem>) {
        self.0.sign_ins.get_or_create(&SignIn { method, outcome: outcome_of(attempt) }).inc();
    }

    /// A request that was answered with what another with its key had done.
    pub fn replayed(&self) {
        self.0.replays.inc();
    }

    /// What was counted, and what is read `now`, in the text format of OpenMetrics.
    pub fn encode(&self, now: &Now) -> String {
        let mut text = String::new();
        let encoded = text::encode_registry(&mut text, &self.0.registry)
            .and_then(|()| text::encode_registry(&mut text, &now.registry()))
            .and_then(|()| text::encode_eof(&mut text));
        encoded.expect("a String takes whatever is written to it");
        text
    }
}

/// Counts an open stream while it lives.
#[derive(Debug)]
pub struct OpenStream(Gauge);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A caller may write any word as a method; each would be a series of its own.
fn known(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use backstep_domain::ProblemCode;

    use super::*;

    #[test]
    fn a_stream_counts_while_it_lives() {
        let metrics = Metrics::default();
        let (one, two) = (metrics.stream(), metrics.clone().stream());
        assert!(metrics.encode(&Now::default()).contains("\nbackstep_event_streams 2\n"));
        drop((one, two));
        assert!(metrics.encode(&Now::default()).contains("\nbackstep_event_streams 0\n"));
    }

    #[test]
    fn methods_that_nobody_knows_are_one() {
        let metrics = Metrics::default();
        for method in ["BREW", "PROPFIND"] {
            metrics.answered(&method.parse().unwrap(), "unmatched".to_owned(), 405, Duration::ZERO);
        }
        let text = metrics.encode(&Now::default());
        assert!(text.contains("requests_total{method=\"other\",route=\"unmatched\",status=\"405\"} 2\n"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn attempts_are_told_apart_by_what_came_of_them() {
        let metrics = Metrics::default();
        metrics.sign_in("password", &Ok(()));
        for code in [ProblemCode::Unauthenticated, ProblemCode::TooManyRequests, ProblemCode::Unavailable] {
            metrics.sign_in("password", &Err::<(), _>(Problem::new(code, "no")));
        }
        let text = metrics.encode(&Now::default());
        for outcome in ["succeeded", "refused", "locked_out", "failed"] {
            let line = format!("backstep_sign_ins_total{{method=\"password\",outcome=\"{outcome}\"}} 1\n");
            assert!(text.contains(&line), "{text}");
        }
    }
}
