//! Forms that were refused, kept to be shown again until their time is over.

use super::{database::Database, given::*};

on_each_database!(a_form_is_kept_until_its_end, a_sweep_removes_only_forms_that_are_over);

async fn a_form_is_kept_until_its_end(db: &Database) {
    let store = db.open().await;
    let json = r#"{"typed":"Žofie's \"why\" \\ 100%","error":null}"#;
    store.keep_form("f", json, START.plus(10)).await.unwrap();
    assert_eq!(store.kept_form("f", START.plus(9)).await.unwrap().as_deref(), Some(json));
    // Showing it does not end it: the page can be loaded again.
    assert_eq!(store.kept_form("f", START.plus(9)).await.unwrap().as_deref(), Some(json));
    assert_eq!(store.kept_form("f", START.plus(10)).await.unwrap(), None);
    assert_eq!(store.kept_form("F", START).await.unwrap(), None);
}

async fn a_sweep_removes_only_forms_that_are_over(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    roll_out(&store, &prod, 1).await;
    store.create_upload(&upload(&prod, "u"), None).await.unwrap();
    let without = store.contents().await;
    for (id, until) in [("before", 9), ("now", 10), ("after", 11)] {
        store.keep_form(id, "{}", START.plus(until)).await.unwrap();
    }
    store.sweep(START.plus(10)).await.unwrap();
    assert_eq!(store.texts("select id from forms").await, ["after"]);
    store.sweep(START.plus(11)).await.unwrap();
    assert_eq!(store.contents().await, without, "nothing else is swept");
}
