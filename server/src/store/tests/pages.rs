//! The history in pages: newest first, by number and never by offset.

use backstep_domain::{Deploy, DeployId, DeployNumber, Deployment, HistoryFilter};

use super::{database::Database, given::*};
use crate::store::Store;

on_each_database!(
    pages_join_without_gap_or_overlap,
    a_deploy_that_arrives_between_two_pages_moves_nothing,
    a_history_is_of_one_deployment,
    at_the_ends_there_is_nothing,
    a_deploy_reads_back_as_it_was_recorded,
    deploys_above_are_listed_oldest_first
);

const COUNT: u32 = 130;
const NONE: [u32; 0] = [];

async fn filled(db: &Database) -> (Store, Deployment) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let deploys: Vec<_> = (1..=COUNT).map(|n| superseded(&prod, n)).collect();
    insert(&store, &deploys).await;
    (store, prod)
}

async fn page(store: &Store, of: &Deployment, before: Option<u32>, limit: u32) -> Vec<u32> {
    let all = HistoryFilter::default();
    let before = before.map(number);
    let rows = store.history(&of.id, &all, &within_window(None), before, limit).await.unwrap();
    rows.iter().map(|d| d.number.get()).collect()
}

fn down(from: u32, to: u32) -> Vec<u32> {
    (to..=from).rev().collect()
}

async fn pages_join_without_gap_or_overlap(db: &Database) {
    let (store, prod) = filled(db).await;
    for limit in [1, 7, 50, 65, 129, 130, 131, 1000] {
        let (mut joined, mut sizes) = (Vec::new(), Vec::new());
        loop {
            let rows = page(&store, &prod, joined.last().copied(), limit).await;
            if rows.is_empty() {
                break;
            }
            sizes.push(u32::try_from(rows.len()).unwrap());
            joined.extend(rows);
            assert!(joined.len() <= COUNT as usize, "a deploy came twice: {joined:?}");
        }
        assert_eq!(joined, down(COUNT, 1), "{limit}");
        assert!(sizes.iter().rev().skip(1).all(|size| *size == limit), "only the last page is short: {sizes:?}");
    }
}

async fn a_deploy_that_arrives_between_two_pages_moves_nothing(db: &Database) {
    let (store, prod) = filled(db).await;
    assert_eq!(page(&store, &prod, None, 50).await, down(130, 81));
    roll_out(&store, &prod, 131).await;
    assert_eq!(page(&store, &prod, Some(81), 50).await, down(80, 31));
    queue(&store, &prod, 132).await;
    assert_eq!(page(&store, &prod, Some(31), 50).await, down(30, 1));
    assert_eq!(page(&store, &prod, None, 3).await, [132, 131, 130]);
}

async fn a_history_is_of_one_deployment(db: &Database) {
    let (store, prod) = filled(db).await;
    let (other, none) = (another(&store, "other").await, another(&store, "none").await);
    insert(&store, &[superseded(&other, 1), superseded(&other, 2)]).await;
    assert_eq!(page(&store, &other, None, 50).await, [2, 1]);
    assert_eq!(page(&store, &other, Some(130), 50).await, [2, 1]);
    assert_eq!(page(&store, &none, None, 50).await, NONE);
    assert_eq!(page(&store, &deployment("not in the store"), None, 50).await, NONE);
    assert_eq!(page(&store, &prod, None, 1000).await.len(), COUNT as usize);
}

async fn at_the_ends_there_is_nothing(db: &Database) {
    let (store, prod) = filled(db).await;
    assert_eq!(page(&store, &prod, Some(1), 50).await, NONE);
    assert_eq!(page(&store, &prod, None, 0).await, NONE);
    assert_eq!(page(&store, &prod, Some(u32::MAX), 2).await, [130, 129]);
    let above = store.deploys_above(&prod.id, number(130)).await.unwrap();
    assert_eq!(above, Vec::<Deploy>::new());
}

async fn a_deploy_reads_back_as_it_was_recorded(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let deploys = super::long_history::long_history(&prod, 30, 3);
    insert(&store, &deploys).await;
    let full = Deploy {
        id: DeployId::new("0198-full"),
        status_reason: Some("held by Ada: wait".to_owned()),
        kept: vec![backstep_domain::KeptSetting { name: "AIRFLOW__CORE__X".to_owned(), hash: "ab12".to_owned() }],
        rejected: true,
        artifact_missing: true,
        ..superseded(&prod, 31)
    };
    insert(&store, std::slice::from_ref(&full)).await;
    for deploy in deploys.iter().chain([&full]) {
        assert_eq!(store.deploy(&prod.id, deploy.number).await.unwrap(), *deploy);
        assert_eq!(store.deploy_by_id(&deploy.id).await.unwrap(), *deploy);
    }
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert_eq!(tx.deploy(number(31)).await.unwrap(), full);
}

async fn deploys_above_are_listed_oldest_first(db: &Database) {
    let (store, prod) = filled(db).await;
    let numbers = |deploys: Vec<Deploy>| deploys.into_iter().map(|d| d.number).collect::<Vec<DeployNumber>>();
    let above: Vec<_> = (127..=130).map(number).collect();
    assert_eq!(numbers(store.deploys_above(&prod.id, number(126)).await.unwrap()), above);
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert_eq!(numbers(tx.deploys_above(number(126)).await.unwrap()), above);
}
