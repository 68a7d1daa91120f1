"""`nop migrate`: the tables brought to a revision."""

from __future__ import annotations

from typing import Annotated

import typer

from nop import cluster
from nop.migration import bring_schema_forward
from nop.output import Json, print_json
from nop_registry import settings as settings_module


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(command)


def command(
    revision: Annotated[str, typer.Argument(help="Such as 0005, base or head.")] = "head",
    json: Json = False,
) -> None:
    """Bring the database's tables forward (or, to an older revision, back)."""
    settings = settings_module.load()
    reached = bring_schema_forward(cluster.ensure(settings), settings.country, revision)
    if json:
        print_json({"revision": reached})
    else:
        print(f"The database is at revision {reached}." if reached else "The database is empty.")
