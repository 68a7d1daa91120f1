"""Connections to the one PostgreSQL. One driver (psycopg 3) for everything."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import psycopg
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

Connection = psycopg.Connection[TupleRow]
AsyncConnection = psycopg.AsyncConnection[TupleRow]
Row = Mapping[str, Any]

_MIGRATION_LOCK = 0x6E6F70
"""Advisory lock held while tables change ("nop" in ASCII)."""

set_json_dumps(msgspec.json.encode)
set_json_loads(msgspec.json.decode)


def sqlalchemy_url(url: str) -> str:
    """The libpq URL in SQLAlchemy's spelling (Alembic needs it; nothing else does)."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """A connection for one job. Raises psycopg.OperationalError when there is no server."""
    return psycopg.connect(url, autocommit=autocommit)


_CHECKED_FOR_S = 1.0
_checked: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


async def _check(connection: AsyncConnection) -> None:
    """Ask whether the server is still there; not again within a second, under load."""
    now = monotonic()
    if now - _checked.get(connection, -inf) > _CHECKED_FOR_S:
        await AsyncConnectionPool.check_connection(connection)
        _checked[connection] = now


def open_pool(url: str, *, size: int = 8, statement_timeout_ms: int = 5000) -> AsyncConnectionPool:
    """A closed pool for a web process (open it in the lifespan). Runaway reads are cancelled."""
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=5,
        check=_check,
        kwargs={"autocommit": True, "options": f"-c statement_timeout={statement_timeout_ms}"},
    )


async def fetch_all(
    connection: AsyncConnection, sql: str, parameters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """All rows as dicts."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, parameters)
        return await cursor.fetchall()


async def fetch_one(
    connection: AsyncConnection, sql: str, parameters: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """The first row as a dict, or None."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, parameters)
        return await cursor.fetchone()


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema forward (or back, when the revision is an older one) to `revision`."""
    # Here, because only this function needs them and they take a third of a second to import.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "nop_registry:migrations")
    config.attributes["database_url"] = url
    with connect(url, autocommit=True) as connection:
        # Two processes that start at once: the second waits, then finds nothing left to do.
        connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        if revision != "base":
            command.upgrade(config, revision)  # nothing, when the database is further
        if revision != "head" and not revision.startswith("+"):
            command.downgrade(config, revision)
