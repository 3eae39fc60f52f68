//! What a cluster does not take, and what it must not be told.

use std::time::Duration;

use super::{
    elastic::{Elastic, Rules},
    world::*,
};
use crate::store::tests::{database::Database, given::START, on_each_database};

on_each_database!(
    what_is_refused_for_good_is_put_aside_and_holds_nothing_up,
    a_line_that_is_too_large_goes_without_most_of_its_message,
    a_line_that_is_always_too_large_is_put_aside,
    wrong_credentials_lose_nothing_and_are_shown_nowhere,
);

async fn what_is_refused_for_good_is_put_aside_and_holds_nothing_up(db: &Database) {
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules { refuses: Some("line 7"), ..Rules::default() });
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 20).await;
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, ""));
    let status = drained(&store).await;
    exporter.stop().await;
    let mut expected = numbered(20);
    expected.remove(6);
    assert_eq!(lines_of(&elastic, "prod-1"), expected);
    assert_eq!((status.sent, status.rejected), (21, 1));
    assert_eq!(status.newest_rejected[0].document, "prod-1:0:7");
    assert!(status.last_error.unwrap().contains("document_parsing_exception"));
    let sends = elastic.seen.lock().unwrap().requests.iter().flatten().filter(|id| *id == "prod-1:0:7").count();
    assert_eq!(sends, 1, "it is not tried again");
}

async fn a_line_that_is_too_large_goes_without_most_of_its_message(db: &Database) {
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules { largest: Some(4_000), ..Rules::default() });
    let claim = rollout(&store, "prod").await;
    let long = "ü".repeat(4_000);
    let lines = [(START, "before".to_owned()), (START, long), (START, "after".to_owned())];
    store.log_lines(&claim, 0, &lines).await.unwrap();
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, ""));
    let status = drained(&store).await;
    exporter.stop().await;
    elastic.check();
    let lines = lines_of(&elastic, "prod-1");
    assert_eq!((lines.len(), lines[0].as_str(), lines[2].as_str()), (3, "before", "after"));
    assert!(lines[1].len() < 1_100 && lines[1].ends_with("ü…"));
    assert_eq!((status.sent, status.rejected), (5, 0));
    let seen = elastic.seen.lock().unwrap();
    let marked = seen.documents.values().filter(|d| d["labels"]["truncated"] == "true").count();
    assert_eq!(marked, 1);
}

async fn a_line_that_is_always_too_large_is_put_aside(db: &Database) {
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules { largest: Some(100), ..Rules::default() });
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 3).await;
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, ""));
    let status = drained(&store).await;
    exporter.stop().await;
    assert_eq!((status.sent, status.rejected), (0, 5));
    assert!(status.last_error.unwrap().contains("413"));
}

async fn wrong_credentials_lose_nothing_and_are_shown_nowhere(db: &Database) {
    let store = exporting(db).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "canary-4711").unwrap();
    let secret = format!("username = 'backstep'\npassword_file = '{}'", file.display());
    let elastic = Elastic::new(Rules { authorization: Some("ApiKey another".to_owned()), ..Rules::default() });
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 5).await;
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, &secret));
    let found = until(&store, |status| status.last_error.is_some()).await;
    assert!(found.last_error.as_ref().unwrap().contains("401") && found.last_error.unwrap().contains("(hidden)"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((status(&store).await.waiting, status(&store).await.rejected), (7, 0));
    let kept = format!("{:?}", store.contents().await);
    assert!(!kept.contains("canary-4711") && !kept.contains("YmFja3N0ZXA6Y2FuYXJ5LTQ3MTE="), "{kept}");
    // "backstep:canary-4711" in base64.
    elastic.change(|rules| rules.authorization = Some("Basic YmFja3N0ZXA6Y2FuYXJ5LTQ3MTE=".to_owned()));
    assert_eq!(drained(&store).await.sent, 7);
    exporter.stop().await;
}
