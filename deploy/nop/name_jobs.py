"""The worker shows the name that a party gave itself on stations stored before (DM-5)."""

from __future__ import annotations

import psycopg
from procrastinate import App, RetryStrategy

from nop_registry.database import connect
from nop_registry.store import party_names


def add_task(jobs: App, url: str) -> None:
    """Teach the queue the task `party_name`."""

    @jobs.task(
        name=party_names.TASK,
        queue=party_names.TASK,
        retry=RetryStrategy(
            max_attempts=5, exponential_wait=2, retry_exceptions=[psycopg.OperationalError]
        ),
    )
    def show_name(country_code: str, party_id: str) -> None:
        with connect(url) as connection:
            party_names.show_name(connection, country_code, party_id)
