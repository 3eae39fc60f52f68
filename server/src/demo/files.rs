//! The demo's files: DAGs in several versions, and the `.env` of a Compose project.

/// The tree of DAG files in one of its versions: path and text. Versions differ as real ones do.
pub fn dags(version: u32) -> Vec<(&'static str, String)> {
    let markets = if version >= 3 { r#"MARKETS = ["de", "fr", "it", "es"]"# } else { r#"MARKETS = ["de", "fr"]"# };
    let mut revenue = include_str!("dags/daily_revenue.py").to_owned();
    if version >= 4 {
        revenue = revenue.replace("15 5 * * *", "45 4 * * *");
    }
    if version >= 6 {
        // The bug of the night: the rate is taken for the amount.
        revenue = revenue.replace(r#"row["amount"] * row["rate"]"#, r#"row["rate"]"#);
    }
    let mut customers = include_str!("dags/customer_360.py").to_owned();
    if version >= 2 {
        customers = customers.replace(r#""web", "newsletter"]"#, r#""web", "newsletter", "loyalty"]"#);
    }
    let mut tree = vec![
        ("daily_revenue.py", revenue),
        ("customer_360.py", customers),
        ("lib/__init__.py", String::new()),
        ("lib/markets.py", format!("\"\"\"The markets we sell in.\"\"\"\n\n{markets}\n")),
        ("lib/warehouse.py", include_str!("dags/warehouse.py").to_owned()),
        (".airflowignore", "lib/\n".to_owned()),
    ];
    if version >= 2 {
        tree.push(("stock_alerts.py", include_str!("dags/stock_alerts.py").to_owned()));
    }
    if version >= 5 {
        tree.push(("sql/customer_360.sql", "select * from core.customer_360 where updated_at > :since\n".to_owned()));
    }
    tree
}

/// A Compose project's `.env` with more in it than the image: what a rollback must leave alone.
pub fn env(image: &str) -> String {
    format!(
        "# Compose environment of the demo Deployment. Backstep rewrites the image line and nothing else.\n\
         AIRFLOW_IMAGE_NAME={image}\n\
         AIRFLOW_UID=50000\n\
         AIRFLOW__CORE__EXECUTOR=CeleryExecutor\n\
         AIRFLOW__CELERY__WORKER_CONCURRENCY=16\n\
         AIRFLOW_CONN_WAREHOUSE=postgres://demo@warehouse.internal/analytics\n\
         AIRFLOW_VAR_MARKET_LIMIT=4\n"
    )
}
