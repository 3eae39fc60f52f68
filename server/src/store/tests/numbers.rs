//! Deploys are numbered 1, 2, 3 ... without gaps, whoever writes at the same time.

use backstep_domain::{Deploy, DeployId, DeployNumber, DeployStatus, Deployment, HistoryFilter};
use futures::future::{join_all, try_join_all};

use super::{database::Database, given::*};
use crate::store::{Store, StoreError};

on_each_database!(
    those_who_record_at_once_get_numbers_without_gaps,
    each_deployment_has_numbers_of_its_own,
    a_deploy_that_was_not_committed_leaves_no_gap,
    of_those_who_take_the_same_number_one_gets_it,
    a_gap_is_refused_by_the_schema,
    a_deploy_that_is_refused_leaves_nothing
);

/// Records a deploy with the next number, as the use cases do.
async fn record(store: &Store, of: &Deployment, id: usize) -> Result<DeployNumber, StoreError> {
    let mut tx = store.lock_deployment(&of.id).await?;
    let next = tx.present().await?.newest.map_or(DeployNumber::FIRST, |n| n.next());
    let id = DeployId::new(format!("{}-id-{id}", of.name));
    tx.insert_deploy(&Deploy { id, status: DeployStatus::Held, ..deploy(of, next.get()) }).await?;
    tx.commit().await?;
    Ok(next)
}

fn to(n: u32) -> Vec<DeployNumber> {
    (1..=n).map(number).collect()
}

async fn numbers(store: &Store, of: &Deployment) -> Vec<DeployNumber> {
    history(store, of, &HistoryFilter::default()).await.into_iter().rev().map(|d| d.number).collect()
}

async fn those_who_record_at_once_get_numbers_without_gaps(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let other = db.open_beside(&store).await;
    let tasks = (0..32).map(|id| {
        let (store, prod) = (if id % 2 == 0 { store.clone() } else { other.clone() }, prod.clone());
        tokio::spawn(async move { record(&store, &prod, id).await.unwrap() })
    });
    let mut given = try_join_all(tasks).await.unwrap();
    given.sort();
    assert_eq!(given, to(32));
    assert_eq!(numbers(&store, &prod).await, to(32));
}

async fn each_deployment_has_numbers_of_its_own(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    let both = join_all((0..24).map(|id| record(&store, if id % 3 == 0 { &prod } else { &other }, id))).await;
    assert!(both.iter().all(Result::is_ok), "{both:?}");
    assert_eq!(numbers(&store, &prod).await, to(8));
    assert_eq!(numbers(&store, &other).await, to(16));
}

async fn a_deploy_that_was_not_committed_leaves_no_gap(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    record(&store, &prod, 1).await.unwrap();
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.insert_deploy(&deploy(&prod, 2)).await.unwrap();
    assert_eq!(tx.present().await.unwrap().newest, Some(number(2)), "who writes sees it");
    drop(tx);
    assert_eq!(record(&store, &prod, 2).await.unwrap(), number(2));
    assert_eq!(numbers(&store, &prod).await, to(2));
}

/// Past the lock: the schema alone holds it.
async fn of_those_who_take_the_same_number_one_gets_it(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let inserts: Vec<_> = (0..8).map(|id| row(&prod, &format!("id-{id}"), 1)).collect();
    let results = join_all(inserts.iter().map(|sql| store.execute(sql))).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
    assert_eq!(store.integer("select count(*) from deploys").await, 1);
}

fn row(of: &Deployment, id: &str, number: i64) -> String {
    format!(
        "insert into deploys (id, deployment_id, number, kind, cause, revision, created_at, author_id, author_name, \
         description) values ('{id}', '{}', {number}, 'image', '{{}}', '{{}}', 0, 'a', 'a', '')",
        of.id
    )
}

async fn a_gap_is_refused_by_the_schema(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    insert(&store, &[superseded(&prod, 1), superseded(&prod, 2)]).await;
    for wrong in [4, 5, 1_000_000, 2, 1, 0, -1] {
        let error = store.execute(&row(&prod, "x", wrong)).await.expect_err("it is no next number").to_string();
        assert!(error.contains("deploy numbers have no gaps"), "{wrong}: {error}");
    }
    let error = store.execute(&row(&other, "x", 2)).await.unwrap_err().to_string();
    assert!(error.contains("deploy numbers have no gaps"), "{error}");
    store.execute(&row(&prod, "x", 3)).await.unwrap();
    store.execute(&row(&other, "y", 1)).await.unwrap();

    // The trigger is what refuses it.
    store.drop_triggers("deploys").await;
    store.execute(&row(&prod, "z", 17)).await.unwrap();
}

async fn a_deploy_that_is_refused_leaves_nothing(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let before = store.contents().await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    let error = tx.insert_deploy(&deploy(&prod, 2)).await.unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error}");
    drop(tx);
    assert_eq!(store.contents().await, before);
}
