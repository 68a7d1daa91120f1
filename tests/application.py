"""The application on a test's database: made once in each process, begun anew for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient
from loopback import serve

from nop.asgi import Application, create_app
from nop.calls_out import call_out
from nop_registry import settings

_idle: list[Application] = []


@contextmanager
def application(database_url: str) -> Iterator[Application]:
    """The application, not yet begun, with settings of the environment as it is now.

    Registering 200 routes takes a tenth of a second. What the application keeps (pools, hubs, the
    pace of callers) belongs to its lifespans, so the next test finds nothing of this one.
    """
    app = _idle.pop() if _idle else create_app(database_url)
    app.state.clear()
    app.state.update(
        {"settings": settings.load(), "call_out": call_out, "database_url": database_url}
    )
    yield app
    _idle.append(app)


@contextmanager
def client_of(database_url: str, **options: Any) -> Iterator[TestClient[Litestar]]:
    """A client of the application while it runs. `options`: TestClient's."""
    with application(database_url) as app, TestClient(app, **options) as opened:
        yield opened


@contextmanager
def serve_application(database_url: str, *arguments: Any, **options: Any) -> Iterator[str]:
    """Where it answers over HTTP; the rest is `serve`'s."""
    with application(database_url) as app, serve(app, *arguments, **options) as url:
        yield url
