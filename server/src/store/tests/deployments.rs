use backstep_domain::{Author, Deployment, DeploymentId, Mechanism};

use super::{database::Database, given::*};
use crate::store::{Store, StoreError};

on_each_database!(
    a_deployment_reads_back_as_it_was_written,
    a_name_is_given_once_in_a_workspace,
    they_are_listed_by_workspace_and_name,
    a_text_finds_names_that_contain_it,
    authors_are_listed_once_by_their_newest_name
);

async fn a_deployment_reads_back_as_it_was_written(db: &Database) {
    let store = db.open().await;
    store.create_workspace(&workspace("data"), None, None, None).await.unwrap();
    let new = Deployment {
        description: "Umsätze, \"nightly\"".to_owned(),
        mechanism: Mechanism::GitSync,
        runtime: Some("3.1-12".parse().unwrap()),
        airflow: Some("3.1.7".parse().unwrap()),
        dags_target: Some("dags".to_owned()),
        image_target: Some("compose".to_owned()),
        rollback_enabled: false,
        ..deployment("prod")
    };
    store.create_deployment(&new, None, None).await.unwrap();
    assert_eq!(store.deployment(&new.id).await.unwrap(), new);
    assert_eq!(store.deployments(None).await.unwrap(), std::slice::from_ref(&new));
    let tx = store.lock_deployment(&new.id).await.unwrap();
    assert_eq!(*tx.deployment(), new);
}

async fn a_name_is_given_once_in_a_workspace(db: &Database) {
    let store = db.open().await;
    prod(&store).await;
    let same = Deployment { id: DeploymentId::new("another"), ..deployment("prod") };
    let before = store.contents().await;
    let error = store.create_deployment(&same, None, None).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken("name")), "{error}");
    assert_eq!(store.contents().await, before);

    store.create_workspace(&workspace("science"), None, None, None).await.unwrap();
    let elsewhere = Deployment { workspace: workspace("science").id, ..same };
    store.create_deployment(&elsewhere, None, None).await.unwrap();
}

async fn they_are_listed_by_workspace_and_name(db: &Database) {
    let store = db.open().await;
    for name in ["science", "Data", "data"] {
        store.create_workspace(&workspace(name), None, None, None).await.unwrap();
        for deployment_name in ["zeta", "Beta", "alpha"] {
            let id = DeploymentId::new(format!("{name}-{deployment_name}"));
            let workspace = workspace(name).id;
            store
                .create_deployment(&Deployment { id, workspace, ..deployment(deployment_name) }, None, None)
                .await
                .unwrap();
        }
    }
    let ids: Vec<_> = store.deployments(None).await.unwrap().into_iter().map(|d| d.id.to_string()).collect();
    let of = |workspace: &str| ["alpha", "Beta", "zeta"].map(|name| format!("{workspace}-{name}"));
    assert_eq!(ids, [of("Data"), of("data"), of("science")].concat());
}

async fn a_text_finds_names_that_contain_it(db: &Database) {
    let store = db.open().await;
    let names =
        ["analytics-prod", "Analytics-Test", "100%", "1000", "a_b", "axb", "back\\slash", "ÜBERSICHT", "o'neil"];
    for name in names {
        another(&store, name).await;
    }
    let cases: [(&str, &[&str]); 14] = [
        ("analytics", &["Analytics-Test", "analytics-prod"]),
        ("TEST", &["Analytics-Test"]),
        ("s-p", &["analytics-prod"]),
        ("%", &["100%"]),
        ("100", &["100%", "1000"]),
        ("_", &["a_b"]),
        ("A_B", &["a_b"]),
        ("\\", &["back\\slash"]),
        ("k\\s", &["back\\slash"]),
        ("übersicht", &["ÜBERSICHT"]),
        ("Über", &["ÜBERSICHT"]),
        ("'", &["o'neil"]),
        ("nothing like it", &[]),
        ("nul\0", &[]),
    ];
    for (text, found) in cases {
        assert_eq!(names_with(&store, Some(text)).await, found, "{text:?}");
    }
    assert_eq!(names_with(&store, None).await.len(), names.len());
    assert_eq!(names_with(&store, Some("")).await.len(), names.len(), "every name contains nothing");
}

async fn names_with(store: &Store, text: Option<&str>) -> Vec<String> {
    let mut names: Vec<_> = store.deployments(text).await.unwrap().into_iter().map(|d| d.name).collect();
    names.sort();
    names
}

async fn authors_are_listed_once_by_their_newest_name(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    let by = |n: u32, id: &str, name: &str| {
        let created_by = Author { id: id.to_owned(), name: name.to_owned() };
        backstep_domain::Deploy { created_by, ..superseded(&prod, n) }
    };
    let renamed = [by(1, "1", "zoe"), by(2, "2", "Bob"), by(3, "3", "ada"), by(4, "1", "Zoé"), by(5, "4", "Bob")];
    insert(&store, &renamed).await;
    insert(&store, &[superseded(&other, 1)]).await;
    let authors = store.authors(&prod.id).await.unwrap();
    let authors: Vec<_> = authors.iter().map(|a| (a.id.as_str(), a.name.as_str())).collect();
    assert_eq!(authors, [("3", "ada"), ("2", "Bob"), ("4", "Bob"), ("1", "Zoé")]);
    // What was recorded under the old name keeps it.
    assert_eq!(store.deploy(&prod.id, number(1)).await.unwrap().created_by.name, "zoe");
}
