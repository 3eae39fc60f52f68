//! Servers that are tormented while clients deploy and roll back: whatever was acknowledged is there, once, and true.

mod checks;
mod client;
mod clocks;
mod frozen;
mod killed;
mod lost_connections;
mod racing;
mod rolling;
mod servers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use self::{
    client::{Client, Said},
    servers::{Deployment, Servers},
};
use super::support::Place;

const DEPLOYMENTS: usize = 3;
/// Clients that write to one Deployment at once.
const CLIENTS: usize = 2;
/// After whatever happened no rollout is under way any more within this time.
const FINAL_WITHIN: Duration = Duration::from_secs(5);

/// Clients at work.
struct Load {
    servers: Arc<Servers>,
    deployments: Vec<Deployment>,
    over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Said>>>,
    outcome: Outcome,
}

/// What a run came to.
#[derive(Debug, Default)]
struct Outcome {
    acknowledged: usize,
    /// From the end of the load until no rollout was under way any more; the longest.
    slowest: Duration,
    violations: Vec<String>,
}

impl Load {
    async fn start(place: Place, servers: usize) -> Self {
        let servers = Arc::new(Servers::start(place, servers));
        let deployments = servers.deployments(DEPLOYMENTS).await;
        let over = Arc::new(AtomicBool::new(false));
        let client = |n: usize| {
            let client = Client::new(n, servers.clone(), deployments[n % DEPLOYMENTS].clone(), over.clone());
            tokio::spawn(client.work())
        };
        let clients = (0..DEPLOYMENTS * CLIENTS).map(client).collect();
        Self { servers, deployments, over, clients, outcome: Outcome::default() }
    }

    /// The clients rest until nothing is under way any more; that it takes too long is a violation.
    async fn rest(&mut self) {
        let rested = self.servers.rest(&self.deployments).await;
        self.outcome.slowest = self.outcome.slowest.max(rested);
        if rested > FINAL_WITHIN {
            self.outcome.violations.push(format!("it took {rested:?} to a final state"));
        }
    }

    /// Ends the load and looks at everything that it was told.
    async fn end(mut self) -> Outcome {
        self.over.store(true, Ordering::Relaxed);
        let mut said = Vec::new();
        for client in self.clients {
            said.extend(client.await.unwrap());
        }
        self.servers.rest(&self.deployments).await;
        self.outcome.acknowledged = said.iter().filter(|said| said.number.is_some()).count();
        let found = checks::violations(&self.servers, &self.deployments, &said).await;
        self.outcome.violations.extend(found);
        self.outcome
    }
}

impl Outcome {
    /// Prints what was done to the servers and what came of it, and fails if anything was violated.
    fn report(&self, what: &str, at_least: usize) {
        println!(
            "torture: {what}, {} acknowledged writes checked, {} violations; final within {} ms",
            self.acknowledged,
            self.violations.len(),
            self.slowest.as_millis()
        );
        assert!(self.violations.is_empty(), "{:#?}", self.violations);
        // A run in which nothing got through proves nothing.
        assert!(self.acknowledged >= at_least, "only {} writes got through", self.acknowledged);
    }
}
