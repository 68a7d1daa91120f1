"""`nop up`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nop import up
from nop.cluster import say_on_stderr
from nop.output import Json, print_json
from nop_registry import settings as settings_module
from nop_registry.settings import Settings

_PAGES = {
    "map": "/",
    "graphql": "/graphql",
    "coverage": "/coverage",
    "portal": "/portal",
    "health": "/health/ready",
    "metrics": "/metrics",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(bring_up)


def bring_up(
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when it answers; `nop down` stops it.")
    ] = False,
    json: Json = False,
) -> None:
    """Start everything: database, web server, worker, demo nation. Ctrl-C stops it."""
    settings = settings_module.load()
    if detach:
        record = up.bring_up_detached(settings, _echo)
        _announce(settings, record, "Stop it with `nop down`.", json)
        return
    up.bring_up(
        settings,
        say_on_stderr,
        lambda record: _announce(settings, record, "Ctrl-C stops it.", json),
    )


def _echo(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


def _announce(settings: Settings, record: up.Record, how_to_stop: str, json: bool) -> None:
    addresses = {name: record.address + path for name, path in _PAGES.items()}
    if json:
        print_json({**addresses, "home": str(settings.home), "pid": record.supervisor.pid})
    else:
        lines = [f"  {name:<10}{address}" for name, address in addresses.items()]
        lines.append(f"  {'logs':<10}{settings.home / 'log'}")
        print("\n".join(["", *lines, "", how_to_stop]))
    sys.stdout.flush()
