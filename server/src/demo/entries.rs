//! The demo's history: four months of plausible deploys, told as a list.

use backstep_domain::{Mechanism, Scope};

/// Who did it in the demo.
#[derive(Clone, Copy, Debug)]
pub enum By {
    Ci,
    Dana,
    Imre,
    Edda,
}

/// How it ended.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// It went live.
    Live,
    Failed(&'static str),
    Cancelled(&'static str),
}

/// What it brought.
#[derive(Clone, Copy, Debug)]
pub enum Brought {
    Image(&'static str, &'static str),
    Dags(u32),
    Both(&'static str, &'static str, u32),
    /// Back to the entry at this place in the list, from 1.
    Rollback(u32, Scope),
}

/// One deploy of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub hours_ago: f64,
    pub by: By,
    pub brought: Brought,
    pub description: &'static str,
    pub end: End,
}

const fn entry(hours_ago: f64, by: By, brought: Brought, description: &'static str) -> Entry {
    Entry { hours_ago, by, brought, description, end: End::Live }
}

const fn ended(mut entry: Entry, end: End) -> Entry {
    entry.end = end;
    entry
}

const DAY: f64 = 24.0;

/// What CI would say of Runtimes that the built-in catalogue does not list to the patch.
pub const AIRFLOW: &[(&str, &str)] = &[
    ("11.10.0", "2.9.3"),
    ("11.12.0", "2.9.3"),
    ("11.18.0", "2.9.3"),
    ("12.9.0", "2.10.5"),
    ("12.10.0", "2.10.5"),
    ("3.1-12", "3.1.8"),
    ("3.2-6", "3.2.1"),
];

/// A Deployment of the demo.
pub struct DemoDeployment {
    pub name: &'static str,
    pub description: &'static str,
    pub mechanism: Mechanism,
    pub repository: &'static str,
    pub rollback_enabled: bool,
    pub entries: &'static [Entry],
}

pub const DEPLOYMENTS: &[DemoDeployment] = &[
    DemoDeployment {
        name: "analytics-prod",
        description: "Revenue, customers and stock. Image and DAGs are deployed apart.",
        mechanism: Mechanism::DagDeploy,
        repository: "registry.acme.internal/analytics/airflow",
        rollback_enabled: true,
        entries: ANALYTICS,
    },
    DemoDeployment {
        name: "billing-prod",
        description: "Invoices. The image contains the DAGs.",
        mechanism: Mechanism::Image,
        repository: "registry.acme.internal/billing/airflow",
        rollback_enabled: true,
        entries: BILLING,
    },
    DemoDeployment {
        name: "ml-features",
        description: "Feature pipelines. DAGs follow the branch main by git-sync.",
        mechanism: Mechanism::GitSync,
        repository: "registry.acme.internal/ml/airflow",
        rollback_enabled: false,
        entries: FEATURES,
    },
];

const ANALYTICS: &[Entry] = &[
    entry(124.0 * DAY, By::Imre, Brought::Both("2026.07.1", "11.10.0", 1), "First deploy from the new pipeline"),
    entry(119.0 * DAY, By::Ci, Brought::Dags(2), "Add stock alerts, loyalty as a source"),
    entry(
        111.2 * DAY,
        By::Imre,
        Brought::Image("2026.08.1", "11.1.0"),
        "Runtime 11.1.0 for the new deferrable sensors",
    ),
    entry(110.9 * DAY, By::Imre, Brought::Rollback(1, Scope::Image), "Triggers crash since the image deploy, INC-2207"),
    entry(103.0 * DAY, By::Ci, Brought::Dags(3), "Italy and Spain join daily_revenue"),
    ended(
        entry(88.3 * DAY, By::Ci, Brought::Image("2026.08.2", "11.12.0"), "Monthly base image"),
        End::Failed("The registry did not have the image: manifest unknown. Push it and deploy again."),
    ),
    entry(88.1 * DAY, By::Ci, Brought::Image("2026.08.3", "11.12.0"), "Monthly base image, pushed this time"),
    entry(71.0 * DAY, By::Dana, Brought::Dags(4), "daily_revenue half an hour earlier, finance asked for it"),
    entry(47.5 * DAY, By::Imre, Brought::Image("2026.10.1", "12.9.0"), "Airflow 2.10.5"),
    entry(26.0 * DAY, By::Ci, Brought::Dags(5), "SQL of customer_360 in its own file"),
    ended(
        entry(9.1 * DAY, By::Ci, Brought::Dags(6), "Currency conversion, merged from a feature branch"),
        End::Cancelled("#12 came before its rollout started"),
    ),
    entry(9.0 * DAY, By::Ci, Brought::Image("2026.11.1", "12.10.0"), "Security fixes of November"),
    entry(3.2, By::Ci, Brought::Dags(6), "Currency conversion for daily_revenue (#482)"),
];

const BILLING: &[Entry] = &[
    entry(126.0 * DAY, By::Imre, Brought::Image("4.0.0", "9.0.0"), "Invoices on Airflow 2.7"),
    entry(118.0 * DAY, By::Imre, Brought::Image("4.1.0", "11.18.0"), "Airflow 2.9 and the new tax tables"),
    ended(
        entry(62.0 * DAY, By::Ci, Brought::Image("4.2.0", "11.18.0"), "Dunning runs twice a week"),
        End::Failed("The image target did not answer within 600 s; what ran before still runs."),
    ),
    entry(61.8 * DAY, By::Ci, Brought::Image("4.2.1", "11.18.0"), "Dunning runs twice a week, second try"),
    entry(20.0 * DAY, By::Ci, Brought::Image("4.3.0", "12.9.0"), "E-invoicing for Belgium"),
    entry(1.4 * DAY, By::Edda, Brought::Image("4.3.1", "12.10.0"), "Rounding of reverse-charge invoices"),
];

const FEATURES: &[Entry] = &[
    entry(97.0 * DAY, By::Imre, Brought::Image("0.31", "3.1-12"), "Airflow 3.1"),
    entry(40.0 * DAY, By::Ci, Brought::Image("0.32", "3.2-1"), "Airflow 3.2"),
    entry(38.5 * DAY, By::Ci, Brought::Image("0.33", "3.2-6"), "A Runtime that is not yanked"),
];
