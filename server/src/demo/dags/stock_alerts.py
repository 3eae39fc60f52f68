"""Tells the warehouse what runs low."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.decorators import dag, task

from lib.warehouse import query


@dag(schedule=timedelta(hours=1), start_date=datetime(2026, 1, 1), catchup=False, tags=["stock"])
def stock_alerts():
    @task
    def low() -> list[dict]:
        return query("select sku, on_hand, reorder_at from stock where on_hand < reorder_at")

    @task
    def tell(rows: list[dict]) -> None:
        for row in rows:
            print(f"{row['sku']}: {row['on_hand']} left")

    tell(low())


stock_alerts()
