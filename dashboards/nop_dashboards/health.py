"""Health for machines: `/health/live`, `/health/ready`, `/metrics` (Prometheus)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from litestar import Request, Response, get
from litestar.plugins.prometheus import PrometheusConfig
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest
from psycopg_pool import PoolTimeout

from nop_registry.access import Action
from nop_registry.database import AsyncConnection
from nop_registry.queries import health

middleware = PrometheusConfig(
    app_name="nop",
    prefix="nop_http",
    group_path=True,  # by route, not by address: a scraper must not make a million series
    exclude=["^/events$"],  # a stream has no duration worth a histogram
).middleware
"""Measures request times of this process (taken by the application)."""


@get("/health/live", action=Action.READ_PUBLIC)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", action=Action.READ_PUBLIC)
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """The database answers and its schema is this code's; 503 with the reason otherwise."""
    wanted = health.newest_revision()
    try:
        async with request.app.state.pool.connection() as connection:
            found = await health.find_revision(connection)
    except (psycopg.OperationalError, PoolTimeout):
        return _not_ready("The database cannot be reached.")
    if found != wanted:
        return _not_ready(f"The schema is at {found}, this code needs {wanted}: run `nop migrate`.")
    return Response({"status": "ready", "schema": found}, headers={"Cache-Control": "no-store"})


@get("/metrics", action=Action.READ_PUBLIC)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Figures of the registry (from the database: all processes answer alike) and of this one."""
    registry = CollectorRegistry()
    up = Gauge("nop_database_up", "1 when the database answers", registry=registry)
    try:
        async with request.app.state.pool.connection() as connection:
            await _collect(connection, registry)
        up.set(1)
    except (psycopg.Error, PoolTimeout):
        up.set(0)
    body = generate_latest(registry) + generate_latest(REGISTRY)
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _not_ready(reason: str) -> Response[dict[str, str]]:
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return Response({"status": "not ready", "reason": reason}, status_code=503, headers=headers)


async def _collect(connection: AsyncConnection, registry: CollectorRegistry) -> None:
    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=registry)

    def fill(target: Gauge, rows: Iterable[dict[str, Any]], value: str, *labels: str) -> None:
        for row in rows:
            if row[value] is not None:  # a source that was never pulled has no age
                target.labels(*(row[label] for label in labels)).set(float(row[value]))

    kinds = ("source", "module", "mode", "state")
    deliveries = gauge("nop_deliveries", "Deliveries kept, by state", *kinds)
    fill(deliveries, await health.list_deliveries_by_state(connection), "n", *kinds)
    codes = ("outcome", "severity", "code")
    findings = gauge("nop_findings", "Rejections and notices that stand", *codes)
    fill(findings, await health.list_findings_by_code(connection), "n", *codes)
    freshness = await health.list_freshness(connection)
    ages = gauge("nop_source_age_seconds", "Since the newest complete pull", "source")
    fill(ages, freshness, "age_s", "source")
    stale = gauge("nop_source_stale", "1 when statuses are shown as unknown", "source")
    fill(stale, freshness, "is_stale", "source")
    failures = gauge("nop_source_failures", "Failed pulls in a row", "source")
    fill(failures, freshness, "failures", "source")
    evses = gauge("nop_evses", "Public EVSEs by state", "state")
    for state, count in (await health.count_evses_by_state(connection)).items():
        evses.labels(state).set(count)
    lag = gauge("nop_change_lag_seconds", "Age of the oldest change not yet followed", "follower")
    for follower, age_s in (await health.get_change_lag(connection)).items():
        lag.labels(follower).set(age_s)


ROUTES = [live, ready, metrics]
