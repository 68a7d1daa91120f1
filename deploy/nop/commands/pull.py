"""`nop pull`: one source, now, with a progress bar and the delivery report."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from nop import cluster
from nop.output import Json, console, errors, print_json
from nop_ingest.pull import PullReport, pull
from nop_ingest.tally import Tally, most_common
from nop_registry import settings as settings_module
from nop_registry.database import connect
from nop_registry.sealing import load_key
from nop_registry.store import sources
from nop_registry.store.tiles import roll_up


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pull")(command)


def command(
    name: Annotated[str, typer.Argument(help="Name of the source.")],
    full: Annotated[
        bool, typer.Option("--full", help="Everything, not only what changed.")
    ] = False,
    json: Json = False,
) -> None:
    """Pull a source now. Exit code 1 only when the pull failed."""
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        source = sources.get_source(connection, name)
        connection.commit()
        with _bar() as bar:
            lines = {
                m: bar.add_task(m, total=None, visible=False) for m in ("tariffs", "locations")
            }

            def progress(module: str, done: int, total: int | None) -> None:
                bar.update(lines[module], completed=done, total=total, visible=True)

            report = pull(
                connection, source, key=load_key(settings), country=settings.country, full=full,
                progress=progress,
            )  # fmt: skip
        with connection.transaction():
            roll_up(connection)
    if json:
        print_json(report)
    else:
        _print(report)
    if report.failed:
        raise typer.Exit(1)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:>10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
    )


_LINES = {
    "objects": "received", "created": "new", "changed": "changed", "unchanged": "unchanged",
    "stale": "older than held", "repeated": "listed twice, same content", "rejected": "rejected",
    "nameless": "rejected, without an id", "quarantined": "of parties not agreed on",
    "evses": "EVSEs read", "evses_rejected": "EVSEs rejected",
    "evses_repeated": "EVSEs listed twice", "statuses": "statuses changed",
    "missing": "no longer listed", "retired": "retired",
}  # fmt: skip


def _print(report: PullReport) -> None:
    table = Table(title=f"{report.source} · OCPI {report.version}", title_justify="left")
    table.add_column("")
    for module in report.modules:
        table.add_column(f"{module.module} ({module.mode}, {module.state})", justify="right")
    for field, label in _LINES.items():
        values = [getattr(m.tally, field) for m in report.modules]
        if any(values) or field == "objects":
            table.add_row(label, *(f"{value:,}" for value in values))
    table.add_row("pages", *(f"{m.pages:,}" for m in report.modules))
    table.add_row("seconds", *(f"{m.seconds:,.1f}" for m in report.modules))
    console.print(table)
    for module in report.modules:
        _print_codes(module.module, module.tally)
        if module.error:
            console.print(f"[bold red]{module.module} failed:[/] {escape(module.error)}")
        for note in module.notes:
            console.print(f"{module.module}: {escape(note)}")
    if report.quarantined:
        parties = " · ".join(f"{party} {count:,}" for party, count in report.quarantined.items())
        console.print(f"In quarantine until you agree on the party: {parties}")
    if report.held:
        console.print(f"[bold yellow]Held for a person:[/] {report.held}")


def _print_codes(module: str, tally: Tally) -> None:
    for title, book in (("rejections", tally.rejections), ("notices", tally.notices)):
        if book:
            codes = " · ".join(f"{code} {count:,}" for code, count in most_common(book))
            console.print(f"{module}, {title}: {codes}")
