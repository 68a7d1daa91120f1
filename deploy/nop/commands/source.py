"""`nop source`: the feeds that the platform reads."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any

import psycopg
import typer
from rich.markup import escape
from rich.table import Table

from nop import cluster
from nop.output import Json, console, print_json
from nop.secret import read_secret
from nop.source_check import check
from nop_ingest.ocpi.quirks import QUIRKS, describe, parse_quirk
from nop_registry import settings as settings_module
from nop_registry.access import SYSTEM
from nop_registry.database import connect
from nop_registry.errors import InvalidInput
from nop_registry.queries import status
from nop_registry.sealing import load_key
from nop_registry.store import audit, source_parties, sources
from nop_registry.store.peer_parties import parse_party

Name = Annotated[str, typer.Argument(help="Lower-case name of the source, such as demo-vidyut.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Operators' feeds: add, list, check, release.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("check")(check)
    group.command("release")(release)
    group.command("quirks")(quirks)
    group.command("believe")(believe)
    group.command("bind")(bind)
    app.add_typer(group, name="source")


def add(
    name: Name,
    ocpi: Annotated[str | None, typer.Option(help="The operator's OCPI versions URL.")] = None,
    token: Annotated[
        str | None, typer.Option(help="The token the operator gave us, `-` to type it.")
    ] = None,
    ocpi_locations: Annotated[
        str | None, typer.Option(help="An open feed: the URL of its locations, without versions.")
    ] = None,
    ocpi_tariffs: Annotated[
        str | None, typer.Option(help="An open feed: the URL of its tariffs.")
    ] = None,
    party: Annotated[
        str | None, typer.Option(help="Owner of objects that name none (OCPI 2.1.1): IN-TPC.")
    ] = None,
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
    lists = {"locations": ocpi_locations, "tariffs": ocpi_tariffs}
    module_urls = {module: url for module, url in lists.items() if url}
    if [ocpi is not None, bool(module_urls), upload].count(True) != 1:
        raise InvalidInput(
            "give one of --ocpi VERSIONS_URL, --ocpi-locations URL (an open feed) and --upload"
        )
    if module_urls and ocpi_locations is None:
        raise InvalidInput("an open feed needs --ocpi-locations; tariffs alone say nothing")
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        source = sources.add_source(
            connection,
            name=name,
            kind="upload" if upload else "ocpi",
            country_code=(country or settings.country).upper(),
            versions_url=ocpi,
            token=read_secret(token, "token"),
            key=load_key(settings),
            allow_loopback=allow_loopback,
            simulated=simulated,
            pull_every_s=pull_every,
            full_every_s=full_every,
            module_urls=module_urls,
            quirks={"party": "*".join(parse_party(party))} if party else {},
        )
    if json:
        print_json({"name": source.name, "kind": source.kind, "country": source.country_code})
    else:
        step = f"nop upload FILE --source {name}" if upload else f"nop pull {name}"
        console.print(f"Source [bold]{name}[/] added. Next: {step}")


def bind(
    name: Name,
    party: Annotated[list[str], typer.Argument(help="Whose data it brings: IN*ABC, or FR*.")],
    json: Json = False,
) -> None:
    """Say whose data a source brings: accounts and keys that act for all of them may work on it."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        source = sources.get_source(connection, name)
        source_parties.bind_source(connection, source.id, party)
        owned = source_parties.find_owned_by_id(connection, source.id)
        bound = sorted(owned.parties) if owned else []
        audit.record(connection, SYSTEM, "source_bound", f"source:{name}", parties=bound)
    if json:
        print_json({"source": name, "parties": bound})
    else:
        console.print(f"{name} brings data of {', '.join(bound)}.")


def list_(json: Json = False) -> None:
    """All sources and their health."""
    rows = asyncio.run(_list(cluster.ensure(settings_module.load())))
    if json:
        print_json(rows)
        return
    table = Table("source", "kind", "state", "locations", "last success", "fresh", "why")
    for column in table.columns[:3]:
        column.overflow = "fold"  # a name is typed again: never cut short
    for row in rows:
        label = f"{row['name']} (simulated)" if row["simulated"] else row["name"]
        table.add_row(
            label, row["kind"], row["state"], f"{row['locations']:,}",
            str(row["last_success_at"] or "never")[:19], "no" if row["is_stale"] else "yes",
            escape(_reason(row)),
        )  # fmt: skip
    console.print(table)


def _reason(row: dict[str, Any]) -> str:
    """Why it is not pulled, or else what went wrong last."""
    error = row["last_error"] if row["failures"] else None
    return str(row["state_reason"] or error or "")[:60]


async def _list(url: str) -> list[dict[str, Any]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await status.list_sources(connection)


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


def believe(
    name: Name,
    minutes: Annotated[int, typer.Argument(min=15, max=7 * 24 * 60, metavar="minutes")],
    json: Json = False,
) -> None:
    """How long after a source's last word its statuses are shown as live."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        sources.change_ttl(connection, name, timedelta(minutes=minutes))
    if json:
        print_json({"name": name, "minutes": minutes})
    else:
        console.print(f"Statuses of [bold]{name}[/] are believed for {minutes} minutes.")


def quirks(
    name: Name,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE, such as version=2.1.1.")
    ] = None,
    forget: Annotated[
        list[str] | None, typer.Option("--forget", help="Find this one out anew.")
    ] = None,
    json: Json = False,
) -> None:
    """How this operator's server deviates from OCPI: what was found, and what you set."""
    changes = dict(map(parse_quirk, setting or []))
    for unknown in set(forget or []) - set(QUIRKS):
        raise InvalidInput(f"no quirk named {unknown!r}; there are: {', '.join(QUIRKS)}")
    with connect(cluster.ensure(settings_module.load())) as connection:
        source = sources.change_quirks(connection, name, changes, forget or [])
    found = describe(source.quirks)
    if json:
        print_json([deviation._asdict() for deviation in found])
        return
    table = Table("quirk", "value", "by", "meaning")
    for deviation in found:
        by = "found" if deviation.found else "set"
        table.add_row(deviation.name, escape(str(deviation.value)), by, deviation.meaning)
    console.print(table)
