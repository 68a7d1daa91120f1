"""`nop upload`: a file of an operator, previewed, or committed with --commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from nop import cluster
from nop.output import Json, console, errors, print_json
from nop_ingest.formats.nop_csv import template as csv_template
from nop_ingest.upload_report import Counts, UploadReport, write_findings
from nop_ingest.uploads import Progress as OnProgress
from nop_ingest.uploads import upload_file
from nop_registry import settings as settings_module
from nop_registry.database import connect
from nop_registry.errors import InvalidInput
from nop_registry.store import sources
from nop_registry.store.tiles import roll_up

SHOWN_FINDINGS = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("upload")(command)


def command(
    file: Annotated[Path | None, typer.Argument(help="CSV or XLSX.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option(help="Whose file it is (`nop source add`).")] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Take it; without, only tell what it would do.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write every finding to this CSV file.")
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print our own CSV, to fill in.")
    ] = False,
    json: Json = False,
) -> None:
    """Check a file of an operator and, with --commit, take its good rows."""
    if template:
        print_json({"template": csv_template()}) if json else print(csv_template(), end="")
        return
    if file is None or source is None:
        raise InvalidInput("say which file of which source: nop upload FILE --source NAME")
    if not file.is_file():
        raise InvalidInput(f"there is no file {file}")
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        found = sources.get_source(connection, source)
        connection.commit()
        with _bar() as bar:
            done = upload_file(
                connection, found, file, file.name, country=settings.country, commit=commit,
                progress=_follow(bar),
            )  # fmt: skip
        if commit:
            with connection.transaction():
                roll_up(connection)
    if report is not None:
        with report.open("w", encoding="utf-8-sig", newline="") as out:
            write_findings(done.findings, out)
    if json:
        print_json(done)
    else:
        _print(done, report)
    if done.state == "refused":
        raise typer.Exit(1)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), console=errors, transient=True,
    )  # fmt: skip


def _follow(bar: Progress) -> OnProgress:
    line = bar.add_task("reading", total=None)

    def progress(stage: str, done: int, total: int | None) -> None:
        bar.update(line, description=stage, completed=done, total=total)

    return progress


def _print(done: UploadReport, written: Path | None) -> None:
    if done.message:
        console.print(escape(done.message))
    if done.state == "already-committed":
        return
    name = escape(done.filename)
    console.print(f"[bold]{name}[/] · {done.format} · upload {done.upload_id} · {done.state}")
    rows = Table("rows", "", "by code (each row once)", box=None)
    rows.add_row("accepted", f"{done.accepted:,}", "")
    rows.add_row("flagged", f"{done.flagged:,}", _codes(done.flagged_by_code))
    rows.add_row("rejected", f"{done.rejected:,}", _codes(done.rejected_by_code))
    rows.add_row("[bold]sum", f"[bold]{done.rows:,}", "")
    console.print(rows)
    objects = Table("", *Counts.__struct_fields__, box=None)
    for label, counts in (("Locations", done.locations), ("EVSEs", done.evses)):
        objects.add_row(label, *(f"{getattr(counts, f):,}" for f in Counts.__struct_fields__))
    console.print(objects)
    _print_findings(done, written)
    if done.state == "preview":
        console.print("Nothing was changed. To take the good rows: add [bold]--commit[/].")


def _print_findings(done: UploadReport, written: Path | None) -> None:
    if not done.findings:
        return
    table = Table("row", "column", "value", "code", "what to do")
    for f in done.findings[:SHOWN_FINDINGS]:
        value = escape((f.value or "")[:40])
        where = str(f.row) if f.row is not None else "file"
        table.add_row(where, escape(f.column), value, f.code, escape(f.message))
    console.print(table)
    more = len(done.findings) + done.findings_left_off - SHOWN_FINDINGS
    if written is not None:
        console.print(f"All {len(done.findings):,} findings are in {escape(str(written))}.")
    elif more > 0:
        console.print(f"{more:,} more findings: --report FILE.csv writes them all.")


def _codes(book: dict[str, int]) -> str:
    return " · ".join(f"{code} {count:,}" for code, count in book.items())
