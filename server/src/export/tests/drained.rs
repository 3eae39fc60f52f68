//! Everything gets there, once and in order, however the cluster behaves.

use std::time::{Duration, Instant};

use super::{
    elastic::{Elastic, Faults, Rules},
    world::*,
};
use crate::store::tests::{
    database::Database,
    given::{START, succeed},
    on_each_database,
};

on_each_database!(
    every_line_is_there_once_and_in_order,
    whatever_the_cluster_does_every_line_is_there_once,
    a_hundred_thousand_lines_in_bounded_memory,
    what_is_asked_for_is_waited_for,
    a_document_says_what_where_and_who,
);

async fn every_line_is_there_once_and_in_order(db: &Database) {
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules::default());
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, ""));
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 120).await;
    succeed(&store, &claim, START.plus(99)).await;
    store.seal().await.unwrap();
    let status = drained(&store).await;
    exporter.stop().await;
    elastic.check();
    assert_eq!(lines_of(&elastic, "prod-1"), numbered(120));
    // And the deploy that was queued, begun, and ended, and the entry of its end.
    assert_eq!((status.sent, status.dropped, status.rejected), (124, 0, 0));
    assert_eq!((status.last_error, status.oldest_at, status.lag_ms), (None, None, 0));
    let seen = elastic.seen.lock().unwrap();
    assert_eq!(seen.documents.len(), 124);
    let indexes: std::collections::BTreeSet<_> = seen.documents.keys().map(|(index, _)| index.as_str()).collect();
    assert_eq!(Vec::from_iter(indexes), ["backstep-audit-2026.05.28", "backstep.prod.2026.05.28"]);
}

async fn whatever_the_cluster_does_every_line_is_there_once(db: &Database) {
    const ROLLOUTS: u64 = 5;
    const LINES: u64 = 300;
    let store = exporting(db).await;
    let faults =
        Faults { item_busy: 0.03, busy: 0.08, unavailable: 0.08, cut_before: 0.08, cut_after: 0.10, too_slow: 0.03 };
    let rules = Rules { seed: 7411, faults, largest: Some(30_000), ..Rules::default() };
    let elastic = Elastic::new(rules);
    // Less than the server takes, and more than it takes: both are met.
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, "max_bulk_bytes = 60000"));
    let mut claims = Vec::new();
    for n in 0..ROLLOUTS {
        claims.push(rollout(&store, &format!("prod{n}")).await);
    }
    for chunk in 0..LINES / 20 {
        for claim in &claims {
            write(&store, claim, chunk * 20 + 1, chunk * 20 + 20).await;
        }
    }
    drained(&store).await;
    exporter.stop().await;
    elastic.check();
    for n in 0..ROLLOUTS {
        assert_eq!(lines_of(&elastic, &format!("prod{n}-1")), numbered(LINES));
    }
    let seen = elastic.seen.lock().unwrap();
    println!("{} requests, answers {:?}", seen.requests.len(), seen.statuses);
    // The faults were met, so that this shows something.
    for status in [429, 503, 413, 409] {
        assert!(seen.statuses.contains_key(&status), "{status}: {:?}", seen.statuses);
    }
}

async fn a_hundred_thousand_lines_in_bounded_memory(db: &Database) {
    const LINES: usize = 100_000;
    const MOST: usize = 1_000_000;
    let store = exporting(db).await;
    let claim = rollout(&store, "prod").await;
    let sql = format!(
        "insert into step_log (deploy_id, seq, step, at, line) with recursive n(i) as (select 1 union all select i + 1 \
         from n where i < {LINES}) select '{}', i, 0, {} + i / 10, 'line ' || i from n",
        claim.deploy.id, START.0
    );
    store.execute(&sql).await.unwrap();
    let elastic = Elastic::new(Rules::default());
    let began = Instant::now();
    // With the patience of a real exporter: an answer to so much takes a busy machine longer than that of the other tests.
    let settings = config(&elastic.start().await, &format!("max_bulk_bytes = {MOST}")).settings().unwrap();
    let exporter = Running::start(&store, "one", settings);
    let status = drained(&store).await;
    let took = began.elapsed();
    exporter.stop().await;
    let seen = elastic.seen.lock().unwrap();
    assert_eq!(status.sent as usize, LINES + 2);
    assert_eq!(seen.documents.len(), LINES + 2);
    assert_eq!(seen.wrongs, Vec::<String>::new());
    assert!(seen.largest <= MOST, "{} bytes in a request", seen.largest);
    assert_eq!(seen.most_at_once, 1, "one request at a time, so no more than that is in memory");
    let sent = seen.requests.iter().flatten().filter_map(|id| super::elastic::line(id)).map(|line| line.1);
    let sent = Vec::from_iter(sent);
    assert!(sent.is_sorted() && sent.len() == LINES, "each once, in order");
    println!(
        "export: {LINES} lines drained in {took:.1?}, {} requests, largest {} bytes",
        seen.requests.len(),
        seen.largest
    );
}

async fn what_is_asked_for_is_waited_for(db: &Database) {
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules { closed: Some((429, Some("1"))), ..Rules::default() });
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, ""));
    rollout(&store, "prod").await;
    until(&store, |status| status.last_error.is_some()).await;
    let began = Instant::now();
    elastic.change(|rules| rules.closed = None);
    drained(&store).await;
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    assert_eq!(elastic.seen.lock().unwrap().statuses[&429], 1, "it was left alone for that long");
    exporter.stop().await;
}

async fn a_document_says_what_where_and_who(db: &Database) {
    let store = exporting(db).await;
    let claim = rollout(&store, "Prod EU").await;
    write(&store, &claim, 1, 1).await;
    store.seal().await.unwrap();
    succeed(&store, &claim, START.plus(99)).await;
    store.seal().await.unwrap();
    let elastic = Elastic::new(Rules::default());
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, ""));
    drained(&store).await;
    exporter.stop().await;
    let documents = elastic.seen.lock().unwrap().documents.clone();
    let of = |index: &str, id: &str| {
        let found = documents.iter().find(|((i, d), _)| i == index && d.starts_with(id));
        found.unwrap_or_else(|| panic!("{index} {id}: {:?}", documents.keys())).1.clone()
    };
    let line = of("backstep.prod-eu.2026.05.28", "Prod EU-1:0:1");
    // Once a database.
    insta::allow_duplicates! {
    insta::assert_snapshot!(serde_json::to_string_pretty(&line).unwrap(), @r#"
    {
      "@timestamp": "2026-05-28T20:26:40.000Z",
      "component": "rollout",
      "date_nano": "2026-05-28T20:26:40.000000000Z",
      "ecs": {
        "version": "8.11.0"
      },
      "event": {
        "action": "rollout.log",
        "category": [
          "configuration"
        ],
        "dataset": "backstep.rollout",
        "id": "Prod EU-1:0:1",
        "kind": "event",
        "module": "backstep",
        "outcome": "unknown",
        "sequence": 3
      },
      "labels": {
        "deploy": "1",
        "deploy_id": "Prod EU-1",
        "deployment_id": "deployment-Prod EU",
        "kind": "image_and_dags",
        "line": "1",
        "step": "0",
        "step_kind": "stage_dags"
      },
      "level": "info",
      "level_numeric": 20,
      "log": {
        "level": "info",
        "logger": "backstep.rollout"
      },
      "log_type": "component",
      "message": "line 1",
      "namespace": "prod-eu",
      "offset": 3,
      "release": "prod-eu",
      "service": {
        "name": "backstep",
        "type": "backstep"
      },
      "user": {
        "id": "demo:ada",
        "name": "Ada"
      },
      "workspace": "workspace-data"
    }
    "#);
    let (key, _) = documents.iter().find(|(_, d)| d["event"]["action"] == "rollout.succeeded").unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&of(&key.0, &key.1)).unwrap(), @r#"
    {
      "@timestamp": "2026-05-28T20:26:40.099Z",
      "component": "rollout",
      "date_nano": "2026-05-28T20:26:40.099000000Z",
      "ecs": {
        "version": "8.11.0"
      },
      "event": {
        "action": "rollout.succeeded",
        "category": [
          "configuration"
        ],
        "dataset": "backstep.rollout",
        "id": "Prod EU-1:status:3",
        "kind": "event",
        "module": "backstep",
        "outcome": "success",
        "sequence": 4
      },
      "labels": {
        "deploy": "1",
        "deploy_id": "Prod EU-1",
        "deployment_id": "deployment-Prod EU",
        "kind": "image_and_dags"
      },
      "level": "info",
      "level_numeric": 20,
      "log": {
        "level": "info",
        "logger": "backstep.rollout"
      },
      "log_type": "component",
      "message": "Deploy #1: succeeded",
      "namespace": "prod-eu",
      "offset": 4,
      "release": "prod-eu",
      "service": {
        "name": "backstep",
        "type": "backstep"
      },
      "user": {
        "id": "demo:ada",
        "name": "Ada"
      },
      "workspace": "workspace-data"
    }
    "#);
    let audit = of("backstep-audit-2026.05.28", "audit:1:");
    insta::assert_snapshot!(serde_json::to_string_pretty(&audit).unwrap(), @r#"
    {
      "@timestamp": "2026-05-28T20:26:40.099Z",
      "component": "audit",
      "date_nano": "2026-05-28T20:26:40.099000000Z",
      "ecs": {
        "version": "8.11.0"
      },
      "event": {
        "action": "rollout.ended",
        "category": [
          "configuration"
        ],
        "dataset": "backstep.audit",
        "hash": "7d3344c165380fa2ed895f9fd3486d18ebadb5679ff58cbe9820dcd41247387b",
        "id": "audit:1:7d3344c165380fa2",
        "kind": "event",
        "module": "backstep",
        "outcome": "success",
        "sequence": 5
      },
      "labels": {
        "audit_id": "1",
        "deploy": "1",
        "deployment_id": "deployment-Prod EU",
        "seal": "1",
        "seal_hash": "7d3344c165380fa2ed895f9fd3486d18ebadb5679ff58cbe9820dcd41247387b"
      },
      "level": "info",
      "level_numeric": 20,
      "log": {
        "level": "info",
        "logger": "backstep.audit"
      },
      "log_type": "component",
      "message": "succeeded",
      "namespace": "prod-eu",
      "offset": 5,
      "release": "prod-eu",
      "service": {
        "name": "backstep",
        "type": "backstep"
      },
      "user": {
        "id": "demo:ada",
        "name": "Ada"
      },
      "workspace": "workspace-data"
    }
    "#);
    }

    // The same for indexes that hold the lines of Astronomer Software: `event` is a text.
    let other = Elastic::new(Rules::default());
    store.execute("update export_settings set enabled = 1").await.unwrap();
    write(&store, &claim_again(&store).await, 2, 2).await;
    let astronomer = "fields = 'astronomer'\nindex = 'vector.%{release}.%Y.%m.%d'";
    let exporter = Running::start(&store, "two", settings(&other.start().await, astronomer));
    drained(&store).await;
    exporter.stop().await;
    let documents = other.seen.lock().unwrap().documents.clone();
    let (_, line) = documents
        .iter()
        .find(|((index, _), d)| index.starts_with("vector.later.") && d["message"] == "line 2")
        .unwrap();
    assert_eq!(line["event"], "line 2");
    assert!(line.get("ecs").is_none() && line.get("user").is_none());
}

async fn claim_again(store: &crate::store::Store) -> crate::store::Claim {
    let claim = rollout(store, "later").await;
    write(store, &claim, 1, 1).await;
    claim
}
