//! A page of the history of a million deploys, against fifty rows read by the primary key of the same file.

mod entries;
mod load;
mod raw;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use backstep::store::{EligibleWhen, Store};
use backstep_bench::{Figure, Rounds, Target, median};
use backstep_domain::{DeployNumber, DeployStatus, HistoryFilter};
use rand::{Rng, SeedableRng, rngs::StdRng};

use self::{load::Loaded, raw::Raw};

const PAGE: u32 = 50;
/// What the flatness is measured against.
const FEW: u32 = 10_000;
/// Pages of one kind are read for this long, or this often, before it is the next kind's turn.
const TURN: Duration = Duration::from_millis(400);
const PAGES: usize = 400;

const RAW_FIRST: &str = "raw, first page";
const RAW_DEEP: &str = "raw, deep page";
const FIRST: &str = "first page";
const DEEP: &str = "deep page";
const FIRST_OF_FEW: &str = "first page of 10k";
const DEEP_OF_FEW: &str = "deep page of 10k";
const FAILED: &str = "status failed";
const HELD: &str = "status held, none";
const COMMON: &str = "text, common";
const RARE: &str = "text, rare";
const DIGEST: &str = "text, no such digest";
const ELIGIBLE: &str = "eligible only";
const ELIGIBLE_END: &str = "eligible only, past the last";

/// A kind of page.
enum Kind {
    RawFirst,
    RawDeep,
    /// By the store, of many or of few deploys.
    Ours {
        series: &'static str,
        of_few: bool,
        from: Begin,
        filter: HistoryFilter,
    },
}

/// Where a page begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    Newest,
    /// Anywhere.
    Deep,
    /// Below all that can be rolled back to, as whoever reads all of it asks in the end.
    PastTheWindow,
}

/// A database, through the store and without it.
struct Opened {
    loaded: Loaded,
    store: Store,
    raw: Raw,
}

/// Loads the databases into `folder` and measures.
pub async fn measure(folder: &Path, deploys: u32, rounds: usize) -> anyhow::Result<Vec<Figure>> {
    let many = open(folder, deploys).await?;
    let few = open(folder, FEW).await?;
    let kinds = kinds();
    check(&many, &kinds).await?;
    check(&few, &kinds).await?;
    let mut random = StdRng::seed_from_u64(7411);
    let measured = Rounds::measure(rounds, &kinds, async |kind, round| {
        let mut samples = Vec::new();
        let turn = Instant::now();
        while samples.len() < PAGES && (turn.elapsed() < TURN || samples.is_empty()) {
            let opened = if matches!(kind, Kind::Ours { of_few: true, .. }) { &few } else { &many };
            let deep = random.random_range(PAGE + 1..opened.loaded.deploys);
            samples.push(opened.read(kind, deep).await?);
        }
        round.add(kind.series(), median(&samples).context("a turn has a sample")?);
        anyhow::Ok(())
    })
    .await?;
    many.store.close().await;
    few.store.close().await;
    figures(&measured).context("every series was measured")
}

fn figures(rounds: &Rounds) -> Option<Vec<Figure>> {
    let limit = Some(Target::AtMost(3.0));
    let flat = Some(Target::AtMost(1.1));
    let ours = |ours, peer, target| Figure::ours_over_peer(rounds, ours, peer, target);
    Some(vec![
        ours(FIRST, RAW_FIRST, limit)?,
        ours(DEEP, RAW_DEEP, limit)?,
        ours(FAILED, RAW_FIRST, limit)?,
        ours(HELD, RAW_FIRST, limit)?,
        ours(COMMON, RAW_FIRST, None)?,
        ours(RARE, RAW_FIRST, None)?,
        ours(DIGEST, RAW_FIRST, None)?,
        ours(ELIGIBLE, RAW_FIRST, None)?,
        ours(ELIGIBLE_END, RAW_FIRST, None)?,
        ours(FIRST, FIRST_OF_FEW, flat)?,
        ours(DEEP, DEEP_OF_FEW, flat)?,
        ours(DEEP, FIRST, flat)?,
    ])
}

fn kinds() -> Vec<Kind> {
    let ours = |series, filter| Kind::Ours { series, of_few: false, from: Begin::Newest, filter };
    let page = |series, of_few, from| Kind::Ours { series, of_few, from, filter: HistoryFilter::default() };
    let eligible = HistoryFilter { eligible_only: true, ..HistoryFilter::default() };
    let status = |status| HistoryFilter { status: Some(status), ..HistoryFilter::default() };
    let text = |text: &str| HistoryFilter { text: Some(text.to_owned()), ..HistoryFilter::default() };
    vec![
        Kind::RawFirst,
        page(FIRST, false, Begin::Newest),
        page(FIRST_OF_FEW, true, Begin::Newest),
        Kind::RawDeep,
        page(DEEP, false, Begin::Deep),
        page(DEEP_OF_FEW, true, Begin::Deep),
        ours(FAILED, status(DeployStatus::Failed)),
        ours(HELD, status(DeployStatus::Held)),
        ours(COMMON, text(entries::COMMON_WORD)),
        ours(RARE, text(entries::RARE_WORD)),
        ours(DIGEST, text(&entries::unknown_digest())),
        ours(ELIGIBLE, eligible.clone()),
        Kind::Ours { series: ELIGIBLE_END, of_few: false, from: Begin::PastTheWindow, filter: eligible },
    ]
}

impl Kind {
    fn series(&self) -> &'static str {
        match self {
            Self::RawFirst => RAW_FIRST,
            Self::RawDeep => RAW_DEEP,
            Self::Ours { series, .. } => series,
        }
    }
}

async fn open(folder: &Path, deploys: u32) -> anyhow::Result<Opened> {
    let loaded = load::load(folder, deploys).await?;
    Ok(Opened { store: loaded.open().await?, raw: Raw::open(&loaded)?, loaded })
}

impl Opened {
    /// Reads one page; answers the seconds.
    async fn read(&self, kind: &Kind, deep: u32) -> anyhow::Result<f64> {
        let above_all = self.loaded.deploys + 1;
        let begin = Instant::now();
        match kind {
            Kind::RawFirst => drop(self.raw.page(&self.loaded.deployment, above_all, PAGE)?),
            Kind::RawDeep => drop(self.raw.page(&self.loaded.deployment, deep, PAGE)?),
            Kind::Ours { from, filter, .. } => drop(self.ours(filter, self.before(*from, deep)).await?),
        }
        Ok(begin.elapsed().as_secs_f64())
    }

    fn before(&self, from: Begin, deep: u32) -> Option<DeployNumber> {
        match from {
            Begin::Newest => None,
            Begin::Deep => DeployNumber::new(deep),
            Begin::PastTheWindow => DeployNumber::new(self.loaded.deploys.saturating_sub(entries::IN_WINDOW)),
        }
    }

    async fn ours(
        &self,
        filter: &HistoryFilter,
        before: Option<DeployNumber>,
    ) -> anyhow::Result<Vec<backstep_domain::Deploy>> {
        let newest = DeployNumber::new(self.loaded.deploys).context("a number above zero")?;
        let since = entries::created_at(newest).minus(i64::from(entries::IN_WINDOW - 10) * entries::STEP);
        let eligible = EligibleWhen { created_or_live_since: since, before_live: None };
        Ok(self.store.history(&self.loaded.deployment, filter, &eligible, before, PAGE).await?)
    }
}

/// The store and SQLite answer the same rows, and the filters find what they should.
async fn check(opened: &Opened, kinds: &[Kind]) -> anyhow::Result<()> {
    let (id, all) = (&opened.loaded.deployment, opened.loaded.deploys);
    for before in [all + 1, all / 2, PAGE + 1, 7] {
        let ours = opened.ours(&HistoryFilter::default(), DeployNumber::new(before)).await?;
        ensure!(raw::as_raw(&ours) == opened.raw.rows(id, before, PAGE)?, "the pages below {before} differ");
    }
    for kind in kinds {
        let Kind::Ours { series, filter, from, .. } = kind else { continue };
        let found = opened.ours(filter, opened.before(*from, all / 2)).await?;
        let expected = match *series {
            HELD | DIGEST | ELIGIBLE_END => 0,
            RARE => 1,
            _ => PAGE as usize,
        };
        ensure!(found.len() == expected, "{series}: {} rows instead of {expected}", found.len());
        let fits = |d: &backstep_domain::Deploy| {
            let text = filter.text.as_deref().unwrap_or_default();
            filter.status.is_none_or(|status| d.status == status) && d.description.to_lowercase().contains(text)
        };
        ensure!(found.iter().all(fits), "{series}: a row that was not asked for");
    }
    Ok(())
}
