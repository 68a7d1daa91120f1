"""The registry for the portal's handlers: synchronous storage, a few connections, own threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from litestar import Litestar
from litestar.connection import ASGIConnection
from psycopg_pool import ConnectionPool

from nop_registry.database import Connection

T = TypeVar("T")

_CONNECTIONS = 4  # and threads
_WAIT_S = 5.0
_STATEMENT_TIMEOUT_MS = 15_000


class Database:
    """Connections of one process, opened when they are needed."""

    def __init__(self, url: str) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=_CONNECTIONS,
            open=False,
            timeout=_WAIT_S,
            check=ConnectionPool.check_connection,
            kwargs={"options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MS}"},
        )
        self._threads = ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="portal")

    def open(self) -> None:
        """Allow connections to be made; makes none."""
        self._pool.open()

    def close(self) -> None:
        """End what runs, then the connections."""
        self._threads.shutdown(wait=True)
        self._pool.close()

    async def run(self, act: Callable[[Connection], T]) -> T:
        """Run `act` in one transaction: committed when it returns, rolled back when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, act)

    def _run(self, act: Callable[[Connection], T]) -> T:
        with self._pool.connection() as connection:  # commits, or rolls back
            return act(connection)


async def in_database(
    request: ASGIConnection[Any, Any, Any, Any], act: Callable[[Connection], T]
) -> T:
    """Run `act` in one transaction for this request. What it raises comes through."""
    database: Database = request.app.state.portal_database
    return await database.run(act)


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """`app.state.portal_database` while the application runs."""
    database = Database(str(app.state.pool.conninfo))
    database.open()
    app.state.portal_database = database
    try:
        yield
    finally:
        await asyncio.to_thread(database.close)
