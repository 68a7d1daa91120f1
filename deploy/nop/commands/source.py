"""`nop source`: the feeds that the platform reads."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import psycopg
import typer
from rich.markup import escape
from rich.table import Table

from nop import cluster
from nop.output import Json, console, print_json
from nop_ingest.ocpi.client import OcpiPeer
from nop_registry import settings as settings_module
from nop_registry.database import connect
from nop_registry.errors import InvalidInput
from nop_registry.queries import status
from nop_registry.sealing import load_key
from nop_registry.store import sources

Name = Annotated[str, typer.Argument(help="Lower-case name of the source, such as demo-vidyut.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Operators' feeds: add, list, check, release.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("check")(check)
    group.command("release")(release)
    app.add_typer(group, name="source")


def add(
    name: Name,
    ocpi: Annotated[str | None, typer.Option(help="The operator's OCPI versions URL.")] = None,
    token: Annotated[str | None, typer.Option(help="The token the operator gave us.")] = None,
    upload: Annotated[bool, typer.Option("--upload", help="A source that delivers files.")] = False,
    country: Annotated[
        str | None, typer.Option(help="ISO 3166 alpha-2; default: NOP_COUNTRY.")
    ] = None,
    allow_loopback: Annotated[
        bool, typer.Option("--allow-loopback", help="A test peer on this machine.")
    ] = False,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Label everything of it as simulated.")
    ] = False,
    pull_every: Annotated[int, typer.Option(help="Seconds between pulls.", min=1)] = 900,
    full_every: Annotated[int, typer.Option(help="Seconds between full pulls.", min=1)] = 86_400,
    json: Json = False,
) -> None:
    """Register a feed. Its first pull starts with the next beat of the worker."""
    if (ocpi is None) != upload:
        raise InvalidInput("give either --ocpi VERSIONS_URL or --upload")
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        source = sources.add_source(
            connection,
            name=name,
            kind="upload" if upload else "ocpi",
            country_code=(country or settings.country).upper(),
            versions_url=ocpi,
            token=token,
            key=load_key(settings),
            allow_loopback=allow_loopback,
            simulated=simulated,
            pull_every_s=pull_every,
            full_every_s=full_every,
        )
    if json:
        print_json({"name": source.name, "kind": source.kind, "country": source.country_code})
    else:
        step = f"nop upload FILE --source {name}" if upload else f"nop pull {name}"
        console.print(f"Source [bold]{name}[/] added. Next: {step}")


def list_(json: Json = False) -> None:
    """All sources and their health."""
    rows = asyncio.run(_list(cluster.ensure(settings_module.load())))
    if json:
        print_json(rows)
        return
    table = Table("source", "kind", "state", "locations", "last success", "fresh", "last error")
    for row in rows:
        label = f"{row['name']} (simulated)" if row["simulated"] else row["name"]
        table.add_row(
            label, row["kind"], row["state"], f"{row['locations']:,}",
            str(row["last_success_at"] or "never")[:19], "no" if row["is_stale"] else "yes",
            escape((row["last_error"] or "")[:60]) if row["failures"] else "",
        )  # fmt: skip
    console.print(table)


async def _list(url: str) -> list[dict[str, Any]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await status.list_sources(connection)


def check(name: Name, json: Json = False) -> None:
    """Talk to the operator without writing to the registry: versions, modules, first pages."""
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        source = sources.get_source(connection, name)
    if source.versions_url is None:
        raise InvalidInput(
            f"{name} delivers files; check one with `nop upload FILE --source {name}`"
        )
    found: dict[str, object] = {"source": name, "versions_url": source.versions_url}
    token = source.token(load_key(settings))
    with OcpiPeer(
        source.versions_url, token, allow_loopback=source.allow_loopback, quirks=dict(source.quirks)
    ) as peer:
        endpoints = peer.discover()
        found["version"] = endpoints.version
        for module in endpoints.modules:
            if module in ("locations", "tariffs"):
                page = next(iter(peer.pages(module, limit=10)), None)
                found[module] = {
                    "first_page": len(page.items) if page else 0,
                    "total": page and page.total,
                }
    if json:
        print_json(found)
    else:
        for label, value in found.items():
            console.print(f"{label}: {value}")


def release(
    name: Name,
    accept_removal: Annotated[
        bool, typer.Option("--accept-removal", help="The missing objects are really gone.")
    ] = False,
    json: Json = False,
) -> None:
    """Let a held source go on after a person has looked."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        source = sources.release_source(connection, name, accept_removal=accept_removal)
    if json:
        print_json({"name": source.name, "state": source.state, "removal_approved": accept_removal})
    else:
        console.print(f"Source [bold]{name}[/] is active again.")
