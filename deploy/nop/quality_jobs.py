"""What the worker does for the quality scores: each source hourly, and one when it is asked for."""

from __future__ import annotations

from procrastinate import App

from nop_registry.database import Connection, connect
from nop_registry.store import connect_runs, quality


def add_task(jobs: App, url: str) -> None:
    """Teach the queue the task `quality`."""

    @jobs.task(name="quality", queue="quality")
    def measure(source_id: int) -> None:
        with connect(url) as connection:
            quality.measure(connection, source_id)


def keep_up(connection: Connection) -> None:
    """Have measured what is an hour old; forget what the wizard no longer needs."""
    for source_id in quality.list_outdated(connection):
        quality.ask(connection, source_id)
    connect_runs.tidy(connection)
