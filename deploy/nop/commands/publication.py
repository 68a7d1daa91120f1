"""`nop withdraw` and `nop withhold`: what of a source is not, or no longer, given to others."""

from __future__ import annotations

from typing import Annotated

import typer

from nop import cluster
from nop.output import Json, console, print_json
from nop_registry import settings as settings_module
from nop_registry.database import connect
from nop_registry.store.emissions import withhold_fields
from nop_registry.store.withdrawal import withdraw_source

Name = Annotated[str, typer.Argument(help="Name of the source.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("withdraw")(withdraw)
    app.command("withhold")(withhold)


def withdraw(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, in words that everyone may read.")],
    json: Json = False,
) -> None:
    """Take a source out of publication. OCPI consumers are told that everything was removed."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        locations = withdraw_source(connection, name, reason)
    if json:
        print_json({"source": name, "locations": locations})
    else:
        console.print(
            f"{locations:,} locations of {name} are withdrawn. "
            f"To bring them back: nop source release {name}"
        )


def withhold(
    name: Name,
    fields: Annotated[
        list[str] | None, typer.Argument(help="OCPI fields, such as images; none: all are given.")
    ] = None,
    json: Json = False,
) -> None:
    """Say which fields of a source its licence keeps from OCPI consumers (all others are given)."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        withhold_fields(connection, name, fields or [])
    if json:
        print_json({"source": name, "withheld": sorted(set(fields or []))})
    else:
        told = ", ".join(sorted(set(fields or []))) or "nothing"
        console.print(f"Of {name} consumers do not get: {told}")
