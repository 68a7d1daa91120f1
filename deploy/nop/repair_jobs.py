"""The worker fetches single locations that operators' pushes named and we lack (PU-15, RE-12)."""

from __future__ import annotations

import psycopg
import structlog
from procrastinate import App, RetryStrategy

from nop_ingest.repair import pull_one
from nop_registry.database import connect
from nop_registry.errors import NopError
from nop_registry.sealing import load_key
from nop_registry.settings import Settings
from nop_registry.store import sources

log = structlog.get_logger()


def add_task(jobs: App, url: str, settings: Settings) -> None:
    """Teach the queue the task `repair`. What an operator does wrong, the next pull mends."""
    key = load_key(settings)

    @jobs.task(
        name="repair",
        queue="repair",
        retry=RetryStrategy(
            max_attempts=5, exponential_wait=2, retry_exceptions=[psycopg.OperationalError]
        ),
    )
    def repair(name: str, country_code: str, party_id: str, location_id: str) -> None:
        with connect(url) as connection:
            source = sources.get_source(connection, name)
            connection.commit()
            if source.versions_url is None and not source.module_urls:
                return  # it pushes only: there is nowhere to ask
            try:
                found = pull_one(
                    connection, source, country_code, party_id, location_id, key=key,
                    country=settings.country,
                )  # fmt: skip
            except NopError as error:
                log.warning("repair failed", source=name, location=location_id, reason=str(error))
                return
        if not found:
            log.warning("repair found nothing", source=name, location=location_id)
