"""The web application: the doors' routes around one database pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

import nop_dashboards
import nop_graphql
import nop_ingest
from nop_registry import settings as settings_module
from nop_registry.database import open_pool
from nop_registry.discovery import find_parts
from nop_registry.errors import SettingsError


def create_app(database_url: str | None = None) -> Litestar:
    """The application. Every module of a door that defines ROUTES is served.

    `app.state.pool` is an open AsyncConnectionPool (autocommit), `app.state.settings` the Settings.
    """
    settings = settings_module.load()
    url = database_url or settings.database_url
    if not url:
        raise SettingsError("NOP_DATABASE_URL is not set: start the platform with `nop up`")

    @asynccontextmanager
    async def with_pool(app: Litestar) -> AsyncIterator[None]:
        app.state.settings = settings
        app.state.pool = open_pool(url)
        await app.state.pool.open()
        try:
            yield
        finally:
            await app.state.pool.close()

    routes = [
        route
        for door in (nop_ingest, nop_graphql, nop_dashboards)
        for part in find_parts(door, "ROUTES")
        for route in part
    ]
    lifespans = [with_pool]
    for door in (nop_graphql, nop_dashboards):
        lifespans += find_parts(door, "lifespan")
    return Litestar(
        route_handlers=routes,
        lifespan=lifespans,
        middleware=find_parts(nop_dashboards, "middleware"),
        before_send=find_parts(nop_dashboards, "before_send"),
        openapi_config=None,
    )
