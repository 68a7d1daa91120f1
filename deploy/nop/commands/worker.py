"""`nop worker`: one worker process."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from nop import cluster, worker
from nop.output import Json, print_json
from nop_registry import settings as settings_module


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(command)


def command(
    concurrency: Annotated[int, typer.Option(help="Pulls at once in this process.", min=1)] = 4,
    json: Json = False,
) -> None:
    """Pull what is due until interrupted. Start as many as you like."""
    settings = settings_module.load()
    url = cluster.ensure(settings)
    if json:
        print_json({"worker": "started", "concurrency": concurrency})
    asyncio.run(worker.run(url, settings, concurrency=concurrency))
