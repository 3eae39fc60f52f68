"""One row a customer, from five sources."""

from __future__ import annotations

from datetime import datetime

from airflow.decorators import dag, task

from lib.warehouse import load, query

SOURCES = ["crm", "orders", "support", "web", "newsletter"]


@dag(schedule="0 4 * * *", start_date=datetime(2026, 1, 1), catchup=False, tags=["customers"])
def customer_360():
    @task(retries=3)
    def pull(source: str) -> list[dict]:
        return query(f"select * from staging.{source} where changed_at > :since", since="{{ data_interval_start }}")

    @task
    def join(parts: list[list[dict]]) -> int:
        merged: dict[str, dict] = {}
        for part in parts:
            for row in part:
                merged.setdefault(row["customer_id"], {}).update(row)
        return load("core.customer_360", list(merged.values()))

    join([pull(source) for source in SOURCES])


customer_360()
