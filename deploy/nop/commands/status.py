"""`nop status`: what is in the registry and how fresh it is."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import typer

from nop import cluster
from nop.output import Json, console, print_json
from nop_registry import settings as settings_module
from nop_registry.queries import status


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(command)


def command(json: Json = False) -> None:
    """Counts, statuses and the freshness of every source."""
    found = asyncio.run(_read(cluster.ensure(settings_module.load())))
    if json:
        print_json(found)
        return
    totals = found["totals"]
    console.print(
        f"As of {totals['as_of']:%Y-%m-%d %H:%M:%S} UTC: {totals['locations']:,} locations, "
        f"{totals['evses']:,} EVSEs, {totals['tariffs']:,} tariffs"
    )
    states = ("available", "busy", "out", "unknown", "planned")
    console.print("EVSEs: " + " · ".join(f"{totals[name]:,} {name}" for name in states))
    stale = [s["name"] for s in found["sources"] if s["is_stale"]]
    console.print(f"Sources: {len(found['sources'])}, not fresh: {', '.join(stale) or 'none'}")


async def _read(url: str) -> dict[str, Any]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return {
            "totals": await status.get_totals(connection),
            "sources": await status.list_sources(connection),
        }
