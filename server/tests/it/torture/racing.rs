//! Everybody rolls back at once: 1,600 requests in `cargo xtask test`, 10,000 in `cargo xtask torture`.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::super::support::{Place, Server};

const CLIENTS: usize = 32;
const SHORT: usize = 1_600;
const LONG: usize = 10_000;

/// One wins; each of the others learns who, from whichever server.
#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_roll_back_at_once_one_does() {
    let place = Place::new().on_postgres().await;
    let servers = Arc::new([Server::start(&place), Server::start(&place)]);
    let id = servers[0].deployment().await;
    for version in 1..=2 {
        let number = servers[0].deploy(&id, version).await["number"].as_u64().unwrap();
        servers[0].settled(&id, number).await;
    }
    let (mut asked, mut live) = (0, 2);
    let requests = if std::env::var_os("BACKSTEP_TORTURE_LONG").is_some() { LONG } else { SHORT };
    while asked < requests {
        let plan = servers[0].get(&format!("/api/v1/deployments/{id}/deploys/{}/plan", live - 1)).await;
        let start = Arc::new(Barrier::new(CLIENTS));
        let racers = (0..CLIENTS).map(|n| {
            let (servers, start) = (servers.clone(), start.clone());
            let path = format!("/api/v1/deployments/{id}/deploys/{}/rollback", live - 1);
            let body = json!({ "description": format!("{n}"), "fingerprint": plan["fingerprint"], "scope": "dags",
                               "hold": false });
            tokio::spawn(async move {
                start.wait().await;
                let answer = servers[n % 2].send(Method::POST, &path, Some(body)).await;
                (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
            })
        });
        let racers: Vec<_> = racers.collect();
        let mut answers = Vec::new();
        for racer in racers {
            answers.push(racer.await.unwrap());
        }
        asked += CLIENTS;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(status, _)| (200..300).contains(status));
        let [(_, winner)] = won.as_slice() else { panic!("{} won: {won:?}", won.len()) };
        let number = winner["number"].as_u64().unwrap();
        assert_eq!(number, live + 1);
        for (status, answer) in lost {
            assert_eq!(status, 409, "{answer}");
            // The winner's rollout may be over when the loser's turn comes.
            let names = [&answer["winner"], &answer["plan"]["from"]["number"]];
            assert!(names.iter().any(|n| n.as_u64() == Some(number)), "{answer}");
        }
        let deploy = servers[0].settled(&id, number).await;
        assert_eq!(deploy["status"], "DEPLOYED", "{deploy}");
        live = number;
    }
    let rounds = asked / CLIENTS;
    println!("racing: {asked} rollbacks from {CLIENTS} clients, {rounds} winners, {} told who won", asked - rounds);
}
