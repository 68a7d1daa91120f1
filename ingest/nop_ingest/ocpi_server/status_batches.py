"""Status PATCHes of many connections in few transactions.

One thread with a connection of its own writes. What comes while it writes is the next batch, and
batches that hold several begin at least `PACE_S` apart: they grow with the load, and a lone PATCH
waits for nobody. A request is answered when its batch has been committed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
import structlog

from nop_ingest.push_statuses import Claim, Verdict, report_claims, write_claims
from nop_registry.database import Connection, connect

MOST = 1000
"""Claims in one transaction."""
PACE_S = 0.004  # a transaction costs as much as ten claims more in it
_REPORT_EVERY_S = 5.0
_PATIENCE_S = 10.0  # with a source that somebody else writes
_STATEMENT_MS = 10_000
_log = structlog.get_logger(__name__)

Result = Verdict | Exception


class _Waiting(NamedTuple):
    claim: Claim
    done: asyncio.Future[Verdict]
    until: float
    """Of the loop's clock: then the request is told that it failed."""


class StatusBatches:
    """The one writer of this process. Make it inside the running loop, and close it."""

    def __init__(self, url: str) -> None:
        self._writer = _Writer(url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="statuses")
        self._waiting: list[_Waiting] = []
        self._news = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._run())

    async def submit(self, claim: Claim) -> Verdict:
        """What became of the claim, once that is durable. Raises psycopg.Error if it is not."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Verdict] = loop.create_future()
        self._waiting.append(_Waiting(claim, done, loop.time() + _PATIENCE_S))
        self._news.set()
        return await done

    async def close(self) -> None:
        """Write what waits, then end."""
        self._closing = True
        self._news.set()
        await self._task
        self._thread.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._waiting:
                if self._closing:
                    break
                self._news.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), _REPORT_EVERY_S)
            began = loop.time()
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            results = await loop.run_in_executor(
                self._thread, self._writer.write, [item.claim for item in batch]
            )
            busy = _tell(batch, results, began)
            self._waiting += busy
            several = 1 < len(batch) < MOST and not self._closing
            if several or (busy and len(busy) == len(self._waiting)):
                await asyncio.sleep(began + PACE_S - loop.time())
        await loop.run_in_executor(self._thread, self._writer.close)


def _tell(batch: Sequence[_Waiting], results: Sequence[Result], now: float) -> list[_Waiting]:
    """Answer those whose claims were tried; returns the others."""
    busy = []
    for item, result in zip(batch, results, strict=True):
        if item.done.done():  # the request was given up; its claim was written all the same
            continue
        if result == "busy" and now < item.until:
            busy.append(item)
        elif result == "busy":
            item.done.set_exception(psycopg.OperationalError("this source is being written"))
        elif isinstance(result, Exception):
            item.done.set_exception(result)
        else:
            item.done.set_result(result)
    return busy


class _Writer:
    """Lives in the thread. Nothing here raises: a failure is the result of its claim."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._counts: dict[tuple[int, str], Counter[Verdict]] = {}
        self._reported_at = datetime.now(UTC)
        self._noted: dict[int, datetime] = {}

    def write(self, claims: Sequence[Claim]) -> list[Result]:
        results: list[Result] = []
        if claims:
            results = self._write_together(claims)
            for claim, result in zip(claims, results, strict=True):
                if not isinstance(result, Exception) and result != "busy":
                    counts = self._counts.setdefault(
                        (claim.source_id, claim.ocpi_version), Counter()
                    )
                    counts[result] += 1
        if (datetime.now(UTC) - self._reported_at).total_seconds() >= _REPORT_EVERY_S:
            self._report()
        return results

    def close(self) -> None:
        self._report()
        self._drop()

    def _write_together(self, claims: Sequence[Claim]) -> list[Result]:
        failure: Exception | None = None
        for _ in range(2):
            try:
                return self._transact(claims)
            except psycopg.OperationalError as error:  # the server was away: once more, anew
                self._drop()
                failure = error
            except Exception as error:
                _log.warning("status_batch_failed", claims=len(claims), reason=str(error))
                self._noted.clear()  # it was undone
                return [self._write_alone(claim) for claim in claims]
        assert failure is not None  # noqa: S101 - both attempts failed
        return [failure] * len(claims)

    def _write_alone(self, claim: Claim) -> Result:
        """One claim in its own transaction: a bad one costs only itself."""
        try:
            return self._transact([claim])[0]
        except Exception as error:
            self._drop()
            return error

    def _transact(self, claims: Sequence[Claim]) -> list[Result]:
        if self._connection is None:
            self._connection = connect(self._url)
            self._connection.execute(
                f"SET statement_timeout = {_STATEMENT_MS}; SET application_name = 'nop statuses'"
            )
            self._connection.commit()
        with self._connection.transaction():
            now = datetime.now(UTC)
            return list(write_claims(self._connection, claims, now, self._noted))

    def _report(self) -> None:
        self._reported_at = datetime.now(UTC)
        counts, self._counts = self._counts, {}
        if not counts or self._connection is None:
            return
        try:
            with self._connection.transaction():
                for (source, version), told in sorted(counts.items()):
                    report_claims(self._connection, source, version, dict(told))
        except Exception as error:  # figures: no reason to end
            _log.warning("status_report_failed", reason=str(error))
            self._drop()

    def _drop(self) -> None:
        self._noted.clear()
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
