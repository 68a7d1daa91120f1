"""The worker: pulls what is due, retries what broke, keeps the map cells and partitions up to date.

Workers scale by count. One of them leads (an advisory lock): it schedules and does the upkeep.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

from nop import (
    audit_upkeep,
    connect_jobs,
    handshake_jobs,
    name_jobs,
    quality_jobs,
    repair_jobs,
    upload_jobs,
)
from nop.migration import refuse_newer
from nop.own_jobs import OwnJobs, start_again
from nop_ingest.pull import PullBusy, pull
from nop_registry.database import connect
from nop_registry.errors import NopError, SettingsError
from nop_registry.sealing import load_key
from nop_registry.settings import Settings
from nop_registry.store import (
    handshakes,
    site_documents,
    sources,
    tiles,
    upkeep,
    upload_work,
)

log = structlog.get_logger()
BEAT_S = 1.0
STALLED_AFTER_S = 30.0
_OWN_FAULT = "The platform itself failed while it pulled; the worker's log says why."


class OutdatedProgram(psycopg.OperationalError):
    """The tables are a newer program's now.

    Of this kind, since the queue gives such jobs to another worker.
    """


class Stopping(Exception):
    """The worker is asked to stop: the pull goes on after its last page another time."""


def create_jobs(url: str, settings: Settings, stopping: threading.Event) -> App:
    """The queue on our own PostgreSQL, with all kinds of jobs."""
    jobs = App(connector=PsycopgConnector(conninfo=url))
    key = load_key(settings)
    handshake_jobs.add_task(jobs, url, settings)
    repair_jobs.add_task(jobs, url, settings)
    name_jobs.add_task(jobs, url)
    upload_jobs.add_task(jobs, url, settings, stopping)
    connect_jobs.add_task(jobs, url, settings)
    quality_jobs.add_task(jobs, url)

    # What a peer does wrong is retried by the schedule, with the source's own back-off;
    # the queue retries what went wrong on our side.
    @jobs.task(
        name="pull",
        queue="pull",
        retry=RetryStrategy(
            max_attempts=5,
            exponential_wait=2,
            retry_exceptions=[psycopg.OperationalError, Stopping],
        ),
    )
    def pull_source(name: str) -> None:
        def progress(module: str, done: int, total: int | None) -> None:
            if stopping.is_set():
                raise Stopping

        with connect(url) as connection:
            source = sources.get_source(connection, name)
            connection.commit()
            try:
                report = pull(
                    connection, source, key=key, country=settings.country, progress=progress
                )
            except PullBusy:
                return
            except NopError as error:
                log.warning("pull failed", source=name, reason=str(error))
                return
            except (psycopg.OperationalError, Stopping):
                raise
            except Exception:  # a fault of ours: told where people look, and not tried in haste
                connection.rollback()
                with connection.transaction():
                    sources.note_failure(connection, source, _OWN_FAULT)
                raise
        if report.failed or report.held:
            reasons = [m.error for m in report.modules if m.error]
            log.warning("pull incomplete", source=name, held=report.held, reasons=reasons)

    return jobs


async def run(url: str, settings: Settings, *, concurrency: int = 4) -> None:
    """Work until SIGTERM or SIGINT.

    Raises SettingsError when the tables are a newer program's, also if they become so meanwhile.
    """
    await asyncio.to_thread(refuse_newer, url)
    stopping = threading.Event()
    outdated: list[SettingsError] = []

    async def with_own_tables(work: AsyncCallNext, _: JobContext, worker: Worker) -> object:
        try:
            await asyncio.to_thread(refuse_newer, url)
        except SettingsError as error:
            outdated.append(error)
            worker.stop()  # type: ignore[no-untyped-call]
            raise OutdatedProgram(str(error)) from None
        return await work()

    jobs, own = create_jobs(url, settings, stopping), OwnJobs()
    async with jobs.open_async():
        lead = asyncio.create_task(_lead(jobs, url, settings))
        watch = asyncio.create_task(_watch(jobs, own))
        try:
            await jobs.run_worker_async(
                concurrency=concurrency,
                fetch_job_polling_interval=2.0,
                update_heartbeat_interval=STALLED_AFTER_S / 3,
                stalled_worker_timeout=STALLED_AFTER_S,
                shutdown_graceful_timeout=0.1,
                worker_middleware=[own.note, with_own_tables],
            )
        finally:
            stopping.set()
            for task in (lead, watch):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
    if outdated:
        raise outdated[0]


async def _watch(jobs: App, own: OwnJobs) -> None:
    while True:
        await asyncio.sleep(STALLED_AFTER_S / 3)
        try:
            await own.free_lost(jobs.job_manager)
        except ConnectorException as error:
            log.warning("the queue cannot be read", reason=str(error))


async def _lead(jobs: App, url: str, settings: Settings) -> None:
    """Lead while this process can; another worker takes over when it ends."""
    while True:
        try:
            connection = await asyncio.to_thread(connect, url, autocommit=True)
            try:
                while not await asyncio.to_thread(upkeep.lead, connection):  # noqa: ASYNC110 - a lock
                    await asyncio.sleep(5)
                await _beat(jobs, connection, settings)
            finally:
                connection.close()
        except psycopg.OperationalError as error:
            log.warning("upkeep lost the database", reason=str(error))
        except Exception:  # nobody waits for this task: without it no source would be pulled again
            log.exception("upkeep failed")
        await asyncio.sleep(2)


async def _beat(jobs: App, connection: psycopg.Connection[Any], settings: Settings) -> None:
    tidied = recovered = datetime.min.replace(tzinfo=UTC)
    outdated: list[int] = []
    while True:
        now = datetime.now(UTC)
        if (now - tidied).total_seconds() > 3600:  # at first: events need this month's partition
            tidy = functools.partial(
                upkeep.tidy, tombstones_kept=timedelta(days=settings.tombstone_days)
            )
            await asyncio.to_thread(_in_transaction, connection, tidy)
            await asyncio.to_thread(_in_transaction, connection, handshakes.tidy)
            await asyncio.to_thread(_in_transaction, connection, upload_work.forget_old_files)
            await asyncio.to_thread(_in_transaction, connection, quality_jobs.keep_up)
            await asyncio.to_thread(_in_transaction, connection, audit_upkeep.tidy)
            await asyncio.to_thread(audit_upkeep.seal, connection, settings)
            await jobs.job_manager.delete_old_jobs(nb_hours=6, include_failed=True)
            tidied = now
            outdated = await asyncio.to_thread(site_documents.list_outdated, connection)
        if outdated:  # after an upgrade, a part in each beat
            part, outdated = outdated[: site_documents.BATCH], outdated[site_documents.BATCH :]
            rebuild = functools.partial(site_documents.rebuild_outdated, locations=part)
            await asyncio.to_thread(_in_transaction, connection, rebuild)
        await _schedule(jobs, connection)
        due = await asyncio.to_thread(handshake_jobs.list_due, connection, settings)
        await handshake_jobs.enqueue(jobs, due)
        await asyncio.to_thread(_in_transaction, connection, tiles.roll_up)
        if (now - recovered).total_seconds() > STALLED_AFTER_S / 2:
            await _recover(jobs)
            await asyncio.to_thread(_in_transaction, connection, upload_work.wake_for_idle)
            recovered = now
        await asyncio.sleep(0 if outdated else BEAT_S)


def _in_transaction(
    connection: psycopg.Connection[Any], act: Callable[[psycopg.Connection[Any]], object]
) -> object:
    with connection.transaction():
        return act(connection)


async def _schedule(jobs: App, connection: psycopg.Connection[Any]) -> None:
    """Enqueue each source that is due, once: a queued or running pull is not doubled."""
    for source in await asyncio.to_thread(sources.list_sources_to_pull, connection):
        lock = f"pull:{source.name}"
        with contextlib.suppress(AlreadyEnqueued):
            await jobs.configure_task("pull", lock=lock, queueing_lock=lock).defer_async(
                name=source.name
            )


async def _recover(jobs: App) -> None:
    """Jobs whose worker died start again."""
    manager = jobs.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
        log.warning("job recovered from a dead worker", job=job.id, task=job.task_name)
        if job.id is not None:
            await start_again(manager, job.id)
