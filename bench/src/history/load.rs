//! A database with many deploys, in the store's own schema.
//!
//! The store writes the first thousand itself; SQL in SQLite multiplies those, through the same tables with all their
//! triggers, indexes and foreign keys. A million by single inserts through the driver would take longer than all the rest.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, ensure};
use backstep::store::Store;
use backstep_domain::{Author, DeployNumber, Deployment, DeploymentId, Mechanism, Millis, Workspace, WorkspaceId};
use rusqlite::{Connection, params};

use super::entries::{self, STEP};

/// Deploys that the store writes; a multiple of every period in `entries`.
const TEMPLATES: u32 = 1_000;
/// Copies of all templates in one transaction.
const COPIES_AT_ONCE: u32 = 50;

const DEPLOYMENT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A database that is loaded.
pub struct Loaded {
    pub path: PathBuf,
    pub deployment: DeploymentId,
    pub deploys: u32,
}

/// Makes the database with one Deployment of `deploys` deploys, or takes the one that is there.
pub async fn load(folder: &Path, deploys: u32) -> anyhow::Result<Loaded> {
    ensure!(deploys.is_multiple_of(TEMPLATES), "the number of deploys is a multiple of {TEMPLATES}");
    let loaded = Loaded {
        path: folder.join(format!("history-{deploys}.db")),
        deployment: DeploymentId::new(DEPLOYMENT),
        deploys,
    };
    let begin = Instant::now();
    if !loaded.path.exists() {
        let unfinished = folder.join(format!("unfinished-{deploys}.db"));
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", unfinished.display()));
        }
        write_templates(&unfinished, &loaded.deployment).await?;
        multiply(&unfinished, deploys)?;
        std::fs::rename(&unfinished, &loaded.path)?;
    }
    // Brings the schema up to date too, should the file be an older one.
    loaded.open().await?.close().await;
    let bytes = std::fs::metadata(&loaded.path)?.len();
    println!(
        "{deploys} deploys: {:.0} MB, {} bytes each; loaded in {:.1} s",
        bytes as f64 / 1e6,
        bytes / u64::from(deploys),
        begin.elapsed().as_secs_f64()
    );
    loaded.check().await?;
    Ok(loaded)
}

impl Loaded {
    pub async fn open(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&format!("sqlite://{}", self.path.display())).await?)
    }

    /// The store reads a copy as it reads what it wrote itself.
    async fn check(&self) -> anyhow::Result<()> {
        let store = self.open().await?;
        let present = store.present(&self.deployment).await?;
        ensure!(present.newest.map(DeployNumber::get) == Some(self.deploys), "the newest deploy has another number");
        for n in [1, TEMPLATES, self.deploys / 2 + 1, self.deploys] {
            let number = DeployNumber::new(n).context("a number above zero")?;
            let found = store.deploy(&self.deployment, number).await?;
            let template = DeployNumber::new((n - 1) % TEMPLATES + 1).context("a number above zero")?;
            let written = entries::deploy(&self.deployment, template)?;
            ensure!(
                found.revision == written.revision && found.git == written.git,
                "{number} is no copy of {template}"
            );
            ensure!(found.kept == written.kept && found.status == written.status, "{number} is no copy of {template}");
        }
        store.close().await;
        Ok(())
    }
}

async fn write_templates(path: &Path, id: &DeploymentId) -> anyhow::Result<()> {
    let store = Store::open(&format!("sqlite://{}", path.display())).await?;
    let workspace = Workspace { id: WorkspaceId::new("ws"), name: "Data Platform".to_owned(), created_at: Millis(0) };
    store.create_workspace(&workspace, None, None, None).await?;
    let deployment = Deployment {
        id: id.clone(),
        workspace: workspace.id,
        name: "analytics-prod".to_owned(),
        description: String::new(),
        mechanism: Mechanism::DagDeploy,
        runtime: None,
        airflow: None,
        dags_target: None,
        image_target: None,
        rollback_enabled: true,
        created_at: Millis(0),
        created_by: Author { id: "token:admin".to_owned(), name: "Administrator".to_owned() },
    };
    store.create_deployment(&deployment, None, None).await?;
    let mut tx = store.lock_deployment(id).await?;
    for n in 1..=TEMPLATES {
        tx.insert_deploy(&entries::deploy(id, DeployNumber::new(n).context("a number above zero")?)?).await?;
    }
    tx.commit().await?;
    store.close().await;
    Ok(())
}

/// What is copied of a deploy, and what is the copy's own: number, id, times, and the number in its description.
const COPY: [&str; 3] = [
    "insert into deploys (id, deployment_id, number, kind, cause, revision, git, created_at, author_id, author_name, \
     description) select substr(t.id, 1, 24) || printf('%012x', t.number + c.shift), t.deployment_id, \
     t.number + c.shift, t.kind, t.cause, t.revision, t.git, t.created_at + c.later, t.author_id, t.author_name, \
     replace(t.description, '(#', '(#' || c.shift || '+') from copies c cross join deploy_templates t",
    "insert into deploy_states (deployment_id, number, kind, rollback, author_id, created_at, status, reason, \
     description, revision, search_text, started_at, ended_at, live_from, live_until, rejected, artifact_missing, kept) \
     select t.deployment_id, t.number + c.shift, t.kind, t.rollback, t.author_id, t.created_at + c.later, t.status, \
     t.reason, replace(t.description, '(#', '(#' || c.shift || '+'), t.revision, \
     replace(t.search_text, '(#', '(#' || c.shift || '+'), t.started_at + c.later, t.ended_at + c.later, \
     t.live_from + c.later, t.live_until + c.later, t.rejected, t.artifact_missing, t.kept \
     from copies c cross join state_templates t",
    "insert into deploy_events (deploy_id, at, kind, body) select substr(e.deploy_id, 1, 24) || \
     printf('%012x', e.number + c.shift), e.at + c.later, e.kind, e.body from copies c cross join event_templates e",
];

/// The first template has the rare word, and no copy has it.
const TEMPLATES_SQL: &str = "
    create temp table deploy_templates as select * from deploys order by number;
    create temp table state_templates as select * from deploy_states order by number;
    create temp table event_templates as
        select e.*, d.number from deploy_events e join deploys d on d.id = e.deploy_id order by d.number;
    create temp table copies (shift integer primary key, later integer not null);
";

fn multiply(path: &Path, deploys: u32) -> anyhow::Result<()> {
    let mut db = Connection::open(path)?;
    // Not what is measured, and worth nothing before it is complete: it need not be durable on the way.
    db.execute_batch("pragma foreign_keys = on; pragma synchronous = off; pragma cache_size = -400000;")?;
    db.execute_batch(TEMPLATES_SQL)?;
    let without_rare = format!(" for {} counts", entries::RARE_WORD);
    for (table, column) in
        [("deploy_templates", "description"), ("state_templates", "description"), ("state_templates", "search_text")]
    {
        let sql = format!("update temp.{table} set {column} = replace({column}, ?1, '') where number = 1");
        db.execute(&sql, params![without_rare])?;
    }
    let copies = deploys / TEMPLATES;
    for first in (1..copies).step_by(COPIES_AT_ONCE as usize) {
        let tx = db.transaction()?;
        tx.execute("delete from copies", [])?;
        for copy in first..copies.min(first + COPIES_AT_ONCE) {
            let shift = copy * TEMPLATES;
            tx.execute("insert into copies (shift, later) values (?1, ?2)", params![shift, i64::from(shift) * STEP])?;
        }
        for sql in COPY {
            tx.execute(sql, [])?;
        }
        tx.commit()?;
    }
    // The newest is live.
    db.execute("update deploy_states set live_until = null where number = ?1", params![deploys])?;
    db.execute_batch("pragma synchronous = full; pragma wal_checkpoint(truncate);")?;
    Ok(())
}
