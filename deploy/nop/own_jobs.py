"""Jobs that ended in this worker and are still written down as running.

What became of a job is written after it. When that fails (the database was away, or a twin of the
job waits already), it keeps its lock: its worker lives, so nobody starts it again, nor the twin.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate import JobContext
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

log = structlog.get_logger()


class OwnJobs:
    """What this process works on."""

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._worker_id: int | None = None
        self._suspects: set[int] = set()

    async def note(self, work: AsyncCallNext, context: JobContext, worker: Worker) -> object:
        """Middleware: knows of each job that it runs."""
        self._worker_id = worker.worker_id
        number = context.job.id
        assert number is not None  # noqa: S101 - it came from the queue
        self._running.add(number)
        try:
            return await work()
        finally:
            self._running.discard(number)

    async def free_lost(self, manager: JobManager) -> None:
        """Start again what twice in a row is written down as ours and does not run."""
        if self._worker_id is None:
            return
        held = await manager.connector.execute_query_all_async(
            "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker)s",
            worker=self._worker_id,
        )
        lost = {int(row["id"]) for row in held} - self._running
        for number in lost & self._suspects:
            log.warning("job that ended here is started again", job=number)
            await start_again(manager, number)
        self._suspects = lost


async def start_again(manager: JobManager, number: int) -> None:
    """A job whose newer twin is queued gives way to it."""
    try:
        await manager.retry_job_by_id_async(number, retry_at=datetime.now(UTC))
    except UniqueViolation:
        await manager.finish_job_by_id_async(number, Status.FAILED, delete_job=False)
