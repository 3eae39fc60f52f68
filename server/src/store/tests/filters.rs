//! Every filter finds what the same question to the deploys themselves finds.

use backstep_domain::*;
use rand::{SeedableRng as _, rngs::StdRng};

use super::{database::Database, given::*, long_history::*};
use crate::store::Store;

on_each_database!(
    by_kind_status_and_author,
    by_text,
    by_date,
    only_what_can_be_rolled_back_to,
    only_rollbacks,
    any_of_them_together,
    filtered_pages_join,
    a_text_of_nothing_but_spaces_does_not_restrict,
    an_edited_description_is_what_is_searched
);

const COUNT: u32 = 140;

/// Two Deployments, so that what belongs to the other would be seen.
async fn filled(db: &Database) -> (Store, Deployment, Vec<Deploy>) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    let deploys = long_history(&prod, COUNT, 7);
    insert(&store, &deploys).await;
    insert(&store, &long_history(&other, 40, 8)).await;
    (store, prod, deploys)
}

/// Ten days after the last deploy, so that the window's edge is within the history.
fn seen(deploys: &[Deploy]) -> Seen<'_> {
    let now = deploys.last().unwrap().created_at.plus(10 * DAY);
    Seen { deploys, policy: Policy::default(), now }
}

/// Asks the store and the deploys; answers how many were found.
async fn ask(store: &Store, of: &Deployment, seen: &Seen<'_>, filter: &HistoryFilter) -> usize {
    let when = seen.eligible_when();
    let found = store.history(&of.id, filter, &when, None, COUNT).await.unwrap();
    let numbers: Vec<_> = found.iter().map(|d| d.number).collect();
    assert_eq!(numbers, seen.find(filter), "{filter:?}");
    for deploy in &found {
        assert_eq!(deploy, &seen.deploys[deploy.number.get() as usize - 1]);
    }
    found.len()
}

async fn by_kind_status_and_author(db: &Database) {
    let (store, prod, deploys) = filled(db).await;
    let seen = seen(&deploys);
    for kind in DeployKind::ALL {
        let filter = HistoryFilter { kind: Some(*kind), ..HistoryFilter::default() };
        assert!(ask(&store, &prod, &seen, &filter).await > 10);
    }
    for status in DeployStatus::ALL {
        let filter = HistoryFilter { status: Some(*status), ..HistoryFilter::default() };
        assert!(ask(&store, &prod, &seen, &filter).await > 0);
    }
    for name in AUTHORS {
        let filter = HistoryFilter { author: Some(author(name).id), ..HistoryFilter::default() };
        assert!(ask(&store, &prod, &seen, &filter).await > 10);
    }
    for id in ["demo:ADA", "demo:a", "%", "", "nul\0"] {
        let filter = HistoryFilter { author: Some(id.to_owned()), ..HistoryFilter::default() };
        assert_eq!(ask(&store, &prod, &seen, &filter).await, 0, "an author is meant whole");
    }
}

async fn by_text(db: &Database) {
    let (store, prod, deploys) = filled(db).await;
    let seen = seen(&deploys);
    let mut found = Vec::new();
    for text in TEXTS {
        let filter = HistoryFilter { text: Some(text.to_owned()), ..HistoryFilter::default() };
        found.push((text, ask(&store, &prod, &seen, &filter).await));
    }
    // The data has what this is about: signs that mean something to `like`, and letters beyond ASCII in both cases.
    let of = |text: &str| found.iter().find(|(t, _)| *t == text).unwrap().1;
    assert!(of("%") > 0 && of("%") < COUNT as usize && of("_") > 0 && of("_") < COUNT as usize, "{found:?}");
    assert!(of("\\") > 0 && of("łódź") > 0 && of("日本") > 0 && of("😀") > 0 && of("'") > 0, "{found:?}");
    assert!(of("ünï") > 20, "both cases: {found:?}");
    assert_eq!((of("revenue"), of("no such text")), (of("REVENUE"), 0));
    assert!(of("snake_case") < of("snake_case") + of("camelcase"), "{found:?}");
    let nul = HistoryFilter { text: Some("fix\0".to_owned()), ..HistoryFilter::default() };
    assert_eq!(ask(&store, &prod, &seen, &nul).await, 0);
}

/// From the first moment on, up to before the second.
async fn by_date(db: &Database) {
    let (store, prod, deploys) = filled(db).await;
    let seen = seen(&deploys);
    let at = |index: usize| deploys[index].created_at;
    for (since, until) in [
        (Some(at(50)), None),
        (None, Some(at(50))),
        (Some(at(50).plus(1)), None),
        (None, Some(at(50).plus(1))),
        (Some(at(20)), Some(at(100))),
        (Some(at(100)), Some(at(20))),
        (Some(at(50)), Some(at(50))),
        (Some(Millis(i64::MIN)), Some(Millis(i64::MAX))),
    ] {
        ask(&store, &prod, &seen, &HistoryFilter { since, until, ..HistoryFilter::default() }).await;
    }
    let exact = HistoryFilter { since: Some(at(50)), until: Some(at(50).plus(1)), ..HistoryFilter::default() };
    assert!(ask(&store, &prod, &seen, &exact).await >= 1);
}

/// By the domain's rule, wherever the window begins.
async fn only_what_can_be_rolled_back_to(db: &Database) {
    let (store, prod, deploys) = filled(db).await;
    let filter = HistoryFilter { eligible_only: true, ..HistoryFilter::default() };
    let mut counts = Vec::new();
    let begins = deploys[0].created_at;
    for days in [0, 30, 60, 90, 100, 150, 200, 300, 2000] {
        let seen = Seen { now: begins.plus(days * DAY), ..seen(&deploys) };
        counts.push(ask(&store, &prod, &seen, &filter).await);
    }
    // An edge of the window, to the millisecond: a deploy that stopped to be live just then.
    let ended = deploys.iter().filter_map(|d| d.live_until).nth(5).unwrap();
    for around in [-1, 0, 1] {
        let seen = Seen { now: ended.plus(90 * DAY + around), ..seen(&deploys) };
        counts.push(ask(&store, &prod, &seen, &filter).await);
    }
    assert!(counts[0] > counts[5] && counts[5] > counts[8], "the window moves: {counts:?}");
    assert_eq!(store.present(&prod.id).await.unwrap().before_live, seen(&deploys).before_live());
}

async fn only_rollbacks(db: &Database) {
    let (store, prod, deploys) = filled(db).await;
    let filter = HistoryFilter { rollbacks_only: true, ..HistoryFilter::default() };
    assert!(ask(&store, &prod, &seen(&deploys), &filter).await > 10);
}

async fn any_of_them_together(db: &Database) {
    let (store, prod, deploys) = filled(db).await;
    let seen = seen(&deploys);
    let mut random = StdRng::seed_from_u64(11);
    let mut some = 0;
    for _ in 0..400 {
        let filter = any_filter(&mut random, &deploys);
        some += usize::from(ask(&store, &prod, &seen, &filter).await > 0);
    }
    assert!(some > 100, "most filters would find nothing: {some}");
}

async fn filtered_pages_join(db: &Database) {
    let (store, prod, deploys) = filled(db).await;
    let seen = seen(&deploys);
    let when = seen.eligible_when();
    let mut random = StdRng::seed_from_u64(12);
    for limit in [1, 2, 3, 7, 50] {
        for _ in 0..4 {
            let filter = any_filter(&mut random, &deploys);
            let (mut joined, mut before) = (Vec::new(), None);
            loop {
                let page = store.history(&prod.id, &filter, &when, before, limit).await.unwrap();
                assert!(page.len() <= limit as usize);
                let Some(last) = page.last() else { break };
                before = Some(last.number);
                joined.extend(page.iter().map(|d| d.number));
                assert!(joined.len() <= COUNT as usize, "a deploy came twice: {joined:?}");
            }
            assert_eq!(joined, seen.find(&filter), "{filter:?}");
        }
    }
}

async fn a_text_of_nothing_but_spaces_does_not_restrict(db: &Database) {
    let (store, prod, deploys) = filled(db).await;
    for text in ["", "  ", "\t\n"] {
        let filter = HistoryFilter { text: Some(text.to_owned()), ..HistoryFilter::default() };
        assert_eq!(ask(&store, &prod, &seen(&deploys), &filter).await, COUNT as usize);
    }
}

async fn an_edited_description_is_what_is_searched(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    insert(&store, &[superseded(&prod, 1), superseded(&prod, 2)]).await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.describe(&DeployId::new("prod-1"), "ÄHNLICH wie 100%", &author("Bob"), START).await.unwrap();
    tx.commit().await.unwrap();
    let found = async |text: &str| {
        let filter = HistoryFilter { text: Some(text.to_owned()), ..HistoryFilter::default() };
        history(&store, &prod, &filter).await.into_iter().map(|d| d.number).collect::<Vec<_>>()
    };
    assert_eq!(found("ähnlich").await, [number(1)]);
    assert_eq!(found("0%").await, [number(1)]);
    assert_eq!(found("deploy 1").await, [], "the old description is not searched any more");
    assert_eq!(found("build-1").await, [number(1)], "the rest is");
}
