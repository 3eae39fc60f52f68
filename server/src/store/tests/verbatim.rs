//! Text is stored as it is, whatever it would mean to SQL, to `like` or to JSON.

use backstep_domain::*;

use super::{database::Database, given::*};
use crate::store::{Key, RolloutEnd, Store};

on_each_database!(text_is_stored_as_it_is, what_programs_say_is_stored_without_nul);

const TEXTS: [&str; 16] = [
    "'; drop table deploys; --",
    "\" or \"\"=\"",
    "x' or 1=1 /*",
    "$1 ? :name @name",
    "\\' \\\\ \\u0041 \\x00",
    "%_\\%",
    "NULL",
    "{\"a\": [1, null]}",
    "line\nline\r\n\ttab",
    "  spaces at both ends  ",
    "Žluťoučký kůň İi ß ﬁ",
    "e\u{301} is not \u{e9}",
    "日本語 العربية",
    "👩‍🚀 😀",
    "\u{202e}right to left\u{feff}",
    "",
];

async fn text_is_stored_as_it_is(db: &Database) {
    let store = db.open().await;
    store.create_workspace(&workspace("data"), None, None, None).await.unwrap();
    for (n, text) in (1..).zip(TEXTS) {
        write_and_read(&store, n, text).await;
    }
    assert_eq!(store.workspaces().await.unwrap().len(), TEXTS.len() + 1, "every table is still there");
    assert_eq!(store.integer("select count(*) from deploys").await, i64::try_from(TEXTS.len()).unwrap());
}

/// `text` in every place that takes text.
async fn write_and_read(store: &Store, n: u32, text: &str) {
    let own = || text.to_owned();
    let by = Author { id: format!("{n}{text}"), name: own() };

    let workspace = Workspace { id: WorkspaceId::new(own()), name: own(), created_at: START };
    store.create_workspace(&workspace, None, None, None).await.unwrap();
    assert_eq!(store.workspace(&workspace.id).await.unwrap(), workspace);

    let id = DeploymentId::new(format!("{n}{text}"));
    let of = Deployment { id, workspace: workspace.id, description: own(), created_by: by.clone(), ..deployment(text) };
    store.create_deployment(&of, None, None).await.unwrap();
    assert_eq!(store.deployment(&of.id).await.unwrap(), of);
    assert!(store.deployments(Some(text)).await.unwrap().contains(&of), "{text:?}");

    let git = Some(Git { commit_sha: own(), branch: Some(own()), author_name: Some(own()), ..Git::default() });
    let upload = Upload { description: own(), git: git.clone(), created_by: by.clone(), ..upload(&of, text) };
    let author = by.id.as_str();
    let key = Key { author: author.to_owned(), key: own(), body_hash: own(), resource: own() };
    store.create_upload(&upload, Some(&key)).await.unwrap();
    assert_eq!(store.upload(&upload.id).await.unwrap(), upload);
    assert_eq!(store.remembered(author, text).await.unwrap().map(|r| r.resource), Some(own()));

    let id = DeployId::new(format!("deploy {text}"));
    let queued =
        Deploy { id, git, created_by: by.clone(), description: own(), status_reason: Some(own()), ..deploy(&of, 1) };
    let hold = Hold { since: START, by: by.clone(), why: own(), rollback: None, until: None };
    let change = SettingChange { setting: own(), old: own(), new: own(), at: START, by: by.clone() };
    let mut tx = store.lock_deployment(&of.id).await.unwrap();
    tx.insert_deploy(&queued).await.unwrap();
    tx.set_hold(&hold).await.unwrap();
    tx.update_deployment(&of, std::slice::from_ref(&change)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.deploy(&of.id, number(1)).await.unwrap(), queued);
    assert_eq!(store.present(&of.id).await.unwrap().hold, Some(hold));
    assert_eq!(store.setting_changes(&of.id).await.unwrap(), [change]);
    assert_eq!(store.authors(&of.id).await.unwrap(), std::slice::from_ref(&by));
    let filter = HistoryFilter { text: Some(own()), author: Some(by.id.clone()), ..HistoryFilter::default() };
    assert_eq!(history(store, &of, &filter).await.len(), 1, "{text:?}");

    roll_out_saying(store, text).await;
    let described = store.deploy(&of.id, number(1)).await.unwrap();
    assert_eq!(described.status_reason, Some(own()));

    store.keep_form(text, text, START.plus(1)).await.unwrap();
    assert_eq!(store.kept_form(text, START).await.unwrap(), Some(own()));
}

async fn roll_out_saying(store: &Store, text: &str) {
    let own = || text.to_owned();
    let claim = store.claim_rollout(text, START, LEASE).await.unwrap().unwrap();
    assert_eq!(claim.owner, text);
    store.plan_steps(&claim, &[StepKind::Verify]).await.unwrap();
    store.log_lines(&claim, 0, &[(START, own())]).await.unwrap();
    assert_eq!(store.log(&claim.deploy.id, 0, 10).await.unwrap()[0].text, text);
    store.end_step(&claim, 0, StepStatus::Failed, Some(text), START).await.unwrap();
    assert_eq!(store.steps(&claim.deploy.id).await.unwrap()[0].error, Some(own()));
    let mut tx = store.lock_deployment(&claim.deploy.deployment).await.unwrap();
    tx.request_cancel(&claim.deploy.id, text).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.cancel_requested(&claim.deploy.id).await.unwrap(), Some(own()));
    store.finish_rollout(&claim, RolloutEnd::Failed { reason: own() }, START).await.unwrap();
}

/// PostgreSQL's text takes no NUL, and an operator's program must not be able to stop a rollout by printing one.
async fn what_programs_say_is_stored_without_nul(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let git = Git { commit_sha: "c0\0ffee".to_owned(), branch: Some("b\0".to_owned()), ..Git::default() };
    let queued = Deploy { git: Some(git), ..deploy(&prod, 1) };
    insert(&store, std::slice::from_ref(&queued)).await;
    assert_eq!(store.deploy(&prod.id, number(1)).await.unwrap(), queued);
    let claim = claim(&store, "one").await;
    store.plan_steps(&claim, &[StepKind::Verify]).await.unwrap();
    store.log_lines(&claim, 0, &[(START, "a\0b".to_owned()), (START, "c".to_owned())]).await.unwrap();
    store.end_step(&claim, 0, StepStatus::Failed, Some("\0broken"), START).await.unwrap();
    store.finish_rollout(&claim, RolloutEnd::Failed { reason: "it broke\0".to_owned() }, START).await.unwrap();
    let log: Vec<_> = store.log(&claim.deploy.id, 0, 10).await.unwrap().into_iter().map(|l| l.text).collect();
    assert_eq!(log, ["a\u{fffd}b", "c"]);
    assert_eq!(store.steps(&claim.deploy.id).await.unwrap()[0].error.as_deref(), Some("\u{fffd}broken"));
    let failed = store.deploy(&prod.id, number(1)).await.unwrap();
    assert_eq!(failed.status_reason.as_deref(), Some("it broke\u{fffd}"));
}
