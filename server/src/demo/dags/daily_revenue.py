"""Revenue by market, every morning."""

from __future__ import annotations

from datetime import datetime

from airflow.decorators import dag, task

from lib.markets import MARKETS
from lib.warehouse import load, query


@dag(schedule="15 5 * * *", start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def daily_revenue():
    @task(retries=2)
    def extract(market: str) -> list[dict]:
        return query("select day, amount, currency from orders where market = :market", market=market)

    @task
    def convert(rows: list[dict]) -> list[dict]:
        return [row | {"amount_eur": row["amount"] * row["rate"]} for row in rows]

    @task
    def publish(rows: list[dict]) -> int:
        return load("finance.daily_revenue", rows)

    for market in MARKETS:
        publish(convert(extract(market)))


daily_revenue()
