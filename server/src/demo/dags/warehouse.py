"""The warehouse, as DAGs see it."""

from airflow.providers.common.sql.hooks.sql import DbApiHook
from airflow.hooks.base import BaseHook


def _hook() -> DbApiHook:
    return BaseHook.get_connection("warehouse").get_hook()


def query(sql: str, **parameters) -> list[dict]:
    return [dict(row) for row in _hook().get_records(sql, parameters=parameters)]


def load(table: str, rows: list[dict]) -> int:
    _hook().insert_rows(table, [tuple(row.values()) for row in rows])
    return len(rows)
