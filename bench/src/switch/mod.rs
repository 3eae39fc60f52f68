//! Rolling back the DAGs of 2,000 files, ten of which differ.
//!
//! - `switch`: what the directory target does in the step `switch_dags`, and the commit that records it;
//! - `rollback to live`: from POST to the new tree live and durable, through HTTP, use case and engine;
//! - `rollback to succeeded`: on to every file compared again and the deploy recorded as succeeded.
//!
//! Against the floor (link, rename, sync of the folder, one commit), `git reset --hard` with local objects, and `tar xzf`.
//! Both peers leave it to the kernel when the files reach the disk; ours are there.

mod floor;
mod ours;
mod peers;
mod recorded;
mod server;
mod timed;
mod tree;

use std::{collections::BTreeMap, path::Path, time::Instant};

use anyhow::Context as _;
use backstep_bench::{Figure, Round, Rounds, Target};

use self::{
    floor::Floor,
    ours::Ours,
    peers::{Git, Tar},
    server::Server,
    tree::Tree,
};

const FILES: usize = 2_000;
const FEW: usize = 200;
const MANY: usize = 20_000;

const FLOOR: &str = "floor";
const SWITCH: &str = "switch";
const LIVE: &str = "rollback to live";
const SUCCEEDED: &str = "rollback to succeeded";
const GIT: &str = "git reset --hard";
const TAR: &str = "tar xzf";

/// The series of a number of files.
struct Series {
    switch: &'static str,
    live: &'static str,
    succeeded: &'static str,
}

fn series(files: usize) -> Series {
    match files {
        FEW => Series {
            switch: "switch of 200",
            live: "rollback of 200 to live",
            succeeded: "rollback of 200 to succeeded",
        },
        MANY => Series {
            switch: "switch of 20k",
            live: "rollback of 20k to live",
            succeeded: "rollback of 20k to succeeded",
        },
        _ => Series { switch: SWITCH, live: LIVE, succeeded: SUCCEEDED },
    }
}

/// What is done in turn. Each does an even number of switches, so that every turn begins with the same version.
enum Action {
    Floor,
    Git,
    Tar,
    Switch(usize),
    RollBack(usize),
}

/// Everything that is switched.
struct Setting {
    tree: Tree,
    floor: Floor,
    git: Git,
    tar: Tar,
    ours: BTreeMap<usize, Ours>,
    servers: BTreeMap<usize, Server>,
}

/// Sets everything up below `folder` and measures.
pub async fn measure(folder: &Path, rounds: usize) -> anyhow::Result<Vec<Figure>> {
    let begin = Instant::now();
    let mut setting = Setting::new(folder).await?;
    println!("the trees are staged and were compared in {:.1} s", begin.elapsed().as_secs_f64());
    let mut actions = vec![Action::Floor, Action::Switch(FILES), Action::RollBack(FILES), Action::Git, Action::Tar];
    actions.extend([FEW, MANY].map(Action::Switch));
    actions.extend([FEW, MANY].map(Action::RollBack));
    let measured = Rounds::measure(rounds, &actions, async |action, round| setting.turn(action, round).await).await?;
    for server in setting.servers.into_values() {
        server.stop().await?;
    }
    figures(&measured).context("every series was measured")
}

fn figures(rounds: &Rounds) -> Option<Vec<Figure>> {
    let mut figures = Vec::new();
    for ours in [SWITCH, LIVE, SUCCEEDED] {
        figures.push(Figure::ours_over_peer(rounds, ours, FLOOR, Some(Target::AtMost(10.0)))?);
        figures.push(Figure::peer_over_ours(rounds, GIT, ours, Some(Target::AtLeast(5.0)))?);
        figures.push(Figure::peer_over_ours(rounds, TAR, ours, Some(Target::AtLeast(50.0)))?);
    }
    let flat = Some(Target::AtMost(1.1));
    let (few, many) = (series(FEW), series(MANY));
    figures.push(Figure::ours_over_peer(rounds, many.switch, few.switch, flat)?);
    figures.push(Figure::ours_over_peer(rounds, many.live, few.live, flat)?);
    figures.push(Figure::ours_over_peer(rounds, many.succeeded, few.succeeded, None)?);
    Some(figures)
}

impl Setting {
    async fn new(folder: &Path) -> anyhow::Result<Self> {
        let tree = Tree::write(folder, FILES)?;
        let (floor, git, tar) = (Floor::new(folder, &tree)?, Git::new(folder, &tree)?, Tar::new(folder));
        let (mut ours, mut servers) = (BTreeMap::new(), BTreeMap::new());
        for files in [FILES, FEW, MANY] {
            let other;
            let tree = if files == FILES {
                &tree
            } else {
                other = Tree::write(folder, files)?;
                &other
            };
            let (switch, mut server) = (Ours::new(folder, tree).await?, Server::start(folder, tree).await?);
            switch.check(tree).await?;
            server.check(tree).await?;
            ours.insert(files, switch);
            servers.insert(files, server);
        }
        floor.check(&tree)?;
        git.check(&tree)?;
        tar.check(&tree)?;
        Ok(Self { tree, floor, git, tar, ours, servers })
    }

    async fn turn(&mut self, action: &Action, round: &mut Round) -> anyhow::Result<()> {
        match action {
            Action::Floor => {
                for at in 0..20 {
                    let begin = Instant::now();
                    self.floor.switch(at % 2)?;
                    round.add(FLOOR, begin.elapsed().as_secs_f64());
                }
            }
            Action::Git => {
                for at in 0..4 {
                    let begin = Instant::now();
                    self.git.reset(at % 2)?;
                    round.add(GIT, begin.elapsed().as_secs_f64());
                }
            }
            Action::Tar => {
                for at in 0..2 {
                    self.tar.empty()?;
                    let begin = Instant::now();
                    self.tar.unpack(&self.tree, at)?;
                    round.add(TAR, begin.elapsed().as_secs_f64());
                }
            }
            Action::Switch(files) => {
                let ours = self.ours.get(files).context("it was set up")?;
                for at in 0..20 {
                    ours.stage(at % 2).await?;
                    let begin = Instant::now();
                    ours.switch(at % 2).await?;
                    round.add(series(*files).switch, begin.elapsed().as_secs_f64());
                }
            }
            Action::RollBack(files) => {
                let server = self.servers.get_mut(files).context("it was set up")?;
                for _ in 0..4 {
                    let took = server.roll_back().await?;
                    round.add(series(*files).live, took.live);
                    round.add(series(*files).succeeded, took.succeeded);
                }
            }
        }
        Ok(())
    }
}
