"""`nop web`: one web process in the foreground."""

from __future__ import annotations

import contextlib
import os
from typing import Annotated

import msgspec
import psycopg
import typer
import uvicorn

from nop import cluster
from nop.migration import refuse_newer
from nop.output import Json, print_json
from nop.up import address
from nop_registry import settings as settings_module

_DRAIN_SECONDS = 3
"""Live event streams never end by themselves: a stop does not wait longer for them."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("web")(command)


def command(
    host: Annotated[str | None, typer.Option(help="Address; default: NOP_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; default: NOP_PORT.", min=1, max=65535)
    ] = None,
    json: Json = False,
) -> None:
    """Serve the map, GraphQL, uploads and health until interrupted."""
    settings = settings_module.load()
    settings = msgspec.structs.replace(
        settings, host=host or settings.host, port=port or settings.port
    )
    url = cluster.ensure(settings)
    with contextlib.suppress(psycopg.OperationalError):  # away: it says so whenever it is asked
        refuse_newer(url)
    os.environ["NOP_DATABASE_URL"] = url
    if json:
        print_json({"address": address(settings)})
    uvicorn.run(
        "nop.asgi:create_web",
        factory=True,
        host=settings.host,
        port=settings.port,
        access_log=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
