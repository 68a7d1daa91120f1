"""`nop audit`: who did what, and the proof that nobody rewrote it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from nop import audit_upkeep, cluster
from nop.output import Json, console, print_json
from nop_registry import settings as settings_module
from nop_registry.database import connect
from nop_registry.sealing import load_key
from nop_registry.store import audit, audit_seals


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The audit log: show, seal, verify.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("seal")(seal)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def list_(
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=10_000)] = 50,
    party: Annotated[
        list[str] | None, typer.Option(help="Only what was done for it, such as IN*ABC.")
    ] = None,
    json: Json = False,
) -> None:
    """What was done."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        events = audit.list_events(connection, parties=party, limit=limit)
    if json:
        print_json(events)
        return
    table = Table("id", "at (UTC)", "who", "for", "from", "action", "object")
    for event in events:
        table.add_row(
            str(event.id), f"{event.at:%F %T}", escape(event.actor),
            "all" if event.acting_for is None else ", ".join(event.acting_for), event.address or "",
            escape(event.action), escape(event.object),
        )  # fmt: skip
    console.print(table)


def seal(json: Json = False) -> None:
    """Seal what was written since the last seal; the worker does it every hour."""
    settings = settings_module.load()
    with connect(cluster.ensure(settings), autocommit=True) as connection:
        made = audit_upkeep.seal(connection, settings)
    if json:
        print_json({"sealed": made.events if made else 0, "number": made and made.number})
    else:
        console.print(f"Sealed {made.events} events." if made else "There was nothing to seal.")


def verify(json: Json = False) -> None:
    """Compute every seal again; exit code 1 and the names of the seals when something is wrong."""
    settings = settings_module.load()
    path = audit_upkeep.seals_file(settings)
    lines = path.read_bytes().splitlines() if path.exists() else []
    with connect(cluster.ensure(settings)) as connection:
        found = audit_seals.verify(connection, load_key(settings), lines)
    if json:
        print_json(found)
    else:
        console.print(
            f"{found.seals} seals over {found.events} events; {found.unsealed} not sealed yet."
        )
        for problem in found.problems:
            console.print(f"[bold red]{escape(problem)}[/]")
        if not found.problems:
            console.print("Nothing was changed since it was sealed.")
    if found.problems:
        raise typer.Exit(1)
