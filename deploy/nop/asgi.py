"""The web application: the doors' routes around one database pool."""

from __future__ import annotations

import gc
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp
from psycopg_pool import PoolTimeout

import nop_dashboards
import nop_graphql
import nop_ingest
from nop.body_deadline import in_time
from nop.calls_out import call_out
from nop_ingest.ocpi_server.envelope import OcpiRefusal
from nop_registry import settings as settings_module
from nop_registry.access import PERMISSIONS
from nop_registry.database import open_pool
from nop_registry.discovery import find_parts
from nop_registry.errors import NopError, SettingsError

log = structlog.get_logger()


class Application(Litestar):
    """Litestar, and before it the doors that serve some paths as plain ASGI applications."""

    direct: tuple[tuple[re.Pattern[str], ASGIApp], ...] = ()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            for pattern, serve in self.direct:
                if pattern.match(scope["path"]):
                    scope["litestar_app"] = self
                    return await serve(scope, receive, send)  # with a deadline of its own
            receive = in_time(scope, receive)
        await super().__call__(scope, receive, send)


def create_app(database_url: str | None = None) -> Application:
    """The application. Every module of a door that defines ROUTES is served.

    `app.state.settings` are the Settings; while it runs, `app.state.pool` is an open
    AsyncConnectionPool (autocommit) of the database at `app.state.database_url`.

    Raises SettingsError when no database is named, or a route does not say what it allows.
    """
    settings = settings_module.load()
    url = database_url or settings.database_url
    if not url:
        raise SettingsError("NOP_DATABASE_URL is not set: start the platform with `nop up`")

    routes = [
        route
        for door in (nop_ingest, nop_graphql, nop_dashboards)
        for part in find_parts(door, "ROUTES")
        for route in part
    ]
    lifespans = [_with_pool]
    for door in (nop_ingest, nop_graphql, nop_dashboards):
        lifespans += find_parts(door, "lifespan")
    elsewhere = _nowhere(
        {
            root: act
            for door in (nop_ingest, nop_dashboards)
            for part in find_parts(door, "ELSEWHERE")
            for root, act in part.items()
        }
    )
    app = Application(
        route_handlers=routes,
        exception_handlers={404: elsewhere, 405: elsewhere},
        lifespan=lifespans,
        middleware=find_parts(nop_dashboards, "middleware"),
        before_send=find_parts(nop_dashboards, "before_send"),
        after_exception=[_note_fault],
        openapi_config=None,
    )
    _check_declared(app)
    app.state.update({"settings": settings, "call_out": call_out, "database_url": url})
    app.direct = tuple(part for parts in find_parts(nop_ingest, "DIRECT") for part in parts)
    return app


@asynccontextmanager
async def _with_pool(app: Litestar) -> AsyncIterator[None]:
    app.state.pool = open_pool(app.state.database_url)
    await app.state.pool.open()
    try:
        yield
    finally:
        await app.state.pool.close()


def _nowhere(parts: Mapping[str, Any]) -> Any:
    """Answers 404 and 405 that no route's own handlers see, each door in its own manner: ELSEWHERE
    names the first part of its paths; `""` is for all others."""

    def answer(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        act = parts.get(request.scope["path"].split("/")[1], parts[""])
        found: Response[Any] = act(request, error)
        return found

    return answer


async def _note_fault(error: Exception, scope: Any) -> None:
    """Our own mistakes, for the log: what has an answer of its own was not one."""
    told = (NopError, OcpiRefusal, psycopg.OperationalError, psycopg.DataError, PoolTimeout)
    if isinstance(error, told) or (isinstance(error, HTTPException) and error.status_code < 500):
        return
    log.error("request failed", path=scope["path"], exc_info=error)


def _check_declared(app: Litestar) -> None:
    """Deny by default: nothing is served that does not say what it lets somebody do.

    Raises SettingsError that names the routes.
    """
    undeclared = sorted(
        f"{' '.join(sorted(handler.http_methods))} {route.path}"
        if isinstance(handler, HTTPRouteHandler)
        else route.path
        for route in app.routes
        for handler in (
            route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]
        )
        if handler.opt.get("action") not in PERMISSIONS
        and not (isinstance(handler, HTTPRouteHandler) and handler.http_methods == {"OPTIONS"})
    )
    if undeclared:
        raise SettingsError(f"routes without action=, see nop_registry.access: {undeclared}")


def create_web() -> Application:
    """The application as the one of its process, for `nop web`."""
    app = create_app()
    gc.collect()
    gc.freeze()  # what lives as long as the process: a full collection would stall it for 50 ms
    return app
