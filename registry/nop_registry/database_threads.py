"""Synchronous storage for asynchronous handlers: a few connections, and threads of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from psycopg_pool import ConnectionPool

from nop_registry.database import Connection

T = TypeVar("T")
_WAIT_S = 5.0


class DatabaseThreads:
    """Connections of one process, opened when they are needed. Usable inside `async with`."""

    def __init__(self, url: str, name: str, *, size: int, statement_timeout_ms: int) -> None:
        """`name`: of the threads; `size`: how many of them, and of connections."""
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=size,
            open=False,
            timeout=_WAIT_S,
            check=ConnectionPool.check_connection,
            kwargs={"options": f"-c statement_timeout={statement_timeout_ms}"},
        )
        self._threads = ThreadPoolExecutor(size, thread_name_prefix=name)

    async def __aenter__(self) -> DatabaseThreads:
        """Allow connections to be made; makes none."""
        self._pool.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End what runs, then the connections."""
        await asyncio.to_thread(self._close)

    async def run(self, act: Callable[[Connection], T]) -> T:
        """Run `act` in one transaction: committed when it returns, rolled back when it raises.

        Raises psycopg.OperationalError when the database cannot be reached.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, act)

    def _run(self, act: Callable[[Connection], T]) -> T:
        with self._pool.connection() as connection:  # commits, or rolls back
            return act(connection)

    def _close(self) -> None:
        self._threads.shutdown(wait=True)
        self._pool.close()
