"""Rows into a temporary table by binary COPY, for the set-based statements that follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from psycopg import sql

from nop_registry.database import Connection


def stage(
    connection: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Fill the temporary `table` (emptied at commit) with `rows` of the given column types."""
    fields = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in columns.items()
    )
    connection.execute(
        sql.SQL("CREATE TEMP TABLE IF NOT EXISTS {} ({}) ON COMMIT DELETE ROWS").format(
            sql.Identifier(table), fields
        )
    )
    connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))
    copy_rows(connection, table, columns, rows)


def number_array(numbers: Iterable[int]) -> str:
    """A bigint[] in PostgreSQL's text form: built ten times as fast as by the driver."""
    return "{" + ",".join(map(str, numbers)) + "}"


@lru_cache(maxsize=50_000)
def text_array(texts: tuple[str, ...]) -> str:
    """A text[] in PostgreSQL's text form."""
    quoted = ('"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in texts)
    return "{" + ",".join(quoted) + "}"


def copy_rows(
    connection: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Append `rows` to `table` by binary COPY."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)
