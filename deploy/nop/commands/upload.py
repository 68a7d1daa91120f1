"""`nop upload`: a file of an operator, previewed, or committed with --commit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from nop import cluster, own_formats, replay, sending
from nop.output import Json, console, errors, print_json
from nop.upload_jobs import process
from nop_ingest.upload_report import Counts, RowFinding, StatusCounts, UploadReport, write_findings
from nop_ingest.uploads import UploadBusy
from nop_registry import settings as settings_module
from nop_registry.access import SYSTEM
from nop_registry.database import Connection, connect
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput, NopError
from nop_registry.store import sources, upload_files, upload_work
from nop_registry.store.tiles import roll_up

SHOWN_FINDINGS = 20
_PAGE = 10_000
_KEY_VARIABLE = "NOP_KEY"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("upload")(command)


def command(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="CSV, XLSX, JSON, XML …; the files of a tar one by one.", show_default=False
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Whose file it is (`nop source add`).")] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Take it; without, only tell what it would do.")
    ] = False,
    part: Annotated[
        bool, typer.Option("--part", help="A part of the inventory: what it does not list stays.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write every finding to this CSV file.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="Print our own csv, xlsx, geojson or json, to fill in.")
    ] = None,
    guide: Annotated[
        bool, typer.Option("--guide", help="Print what each column and field means.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of our own JSON.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="Send it to that platform, such as https://nop.example.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help=f"The API key for --url; better in {_KEY_VARIABLE}.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a file of an operator and, with --commit, take its good rows."""
    if template:
        return own_formats.print_template(template, as_json=json)
    if guide:
        return own_formats.print_guide(as_json=json)
    if schema:
        return own_formats.print_schema()
    if file is None or (source is None and url is None):
        raise InvalidInput("say which file of which source: nop upload FILE --source NAME")
    if not file.is_file():
        raise InvalidInput(f"there is no file {file}")
    take = _sender(url, key, source, report, commit=commit, whole=not part)
    if replay.is_archive(file):
        return _replay(file, take, report, as_json=json)
    done = take(file)
    if json:
        print_json(done)
    else:
        _print(done, report)
    if done.state == "refused":
        raise typer.Exit(1)
    return None


def _sender(
    url: str | None,
    key: str | None,
    source: str | None,
    written: Path | None,
    *,
    commit: bool,
    whole: bool,
) -> Callable[[Path], UploadReport]:
    """Takes a file: there, or into this installation."""
    if url is None:
        name = source or ""
        return lambda file: _take_here(file, name, commit=commit, whole=whole, written=written)
    key = key or os.environ.get(_KEY_VARIABLE)
    if not key:
        raise InvalidInput(f"say the API key: --key, or the variable {_KEY_VARIABLE}")
    errand = sending.Errand(url, key, source, commit=commit, whole=whole)

    def send(file: Path) -> UploadReport:
        with _bar() as bar:
            return sending.send(errand, file, written, _follow(bar))

    return send


def _replay(
    file: Path, take: Callable[[Path], UploadReport], written: Path | None, *, as_json: bool
) -> None:
    """The files of a tar, one after another."""
    if written is not None:
        raise InvalidInput("--report is for one file: unpack the tar, or read each upload's report")

    def tell(one: replay.Member) -> None:
        if not as_json:
            console.print(
                f"{escape(one.filename)} · {one.state} · {one.rows:,} rows: "
                f"{one.accepted:,} accepted, {one.flagged:,} flagged, {one.rejected:,} rejected"
            )

    done = replay.replay(file, take, tell)
    if as_json:
        print_json(done)
    else:
        console.print(f"[bold]{escape(done.filename)}[/] · {len(done.files):,} files")
        console.print(_rows(done))
        _print_statuses(done.statuses)
    if any(one.state == "refused" for one in done.files):
        raise typer.Exit(1)


def _take_here(
    file: Path, name: str, *, commit: bool, whole: bool, written: Path | None
) -> UploadReport:
    """Into this installation's own database, by the same path as any other file."""
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        source = sources.get_source(connection, name)
        if source.kind != "upload":
            raise InvalidInput(f"{name} is an OCPI source: use `nop pull {name}`")
        upload_id = upload_files.create_upload(
            connection, source_id=source.id, filename=file.name, whole=whole, actor=SYSTEM
        )
        with file.open("rb") as stream:
            offset = 0
            while data := stream.read(upload_files.CHUNK_BYTES):
                offset = upload_files.append_chunk(connection, upload_id, offset, data)
        upload_files.finish_receiving(connection, upload_id, commit=commit, defer=False)
        connection.commit()
        upload = _found(connection, upload_id)
        try:
            with _bar() as bar:
                done = process(connection, upload, country=settings.country, progress=_follow(bar))
        except UploadBusy as error:  # told here: nobody shall take it later
            with connection.transaction():
                upload_work.note_state(connection, upload_id, "failed", error=str(error))
            raise
        if done is None:
            raise InvalidInput(_found(connection, upload_id).error or "the file was withdrawn")
        if commit:
            with connection.transaction():
                roll_up(connection)
        if written is not None:
            _write(connection, upload_id, written)
    return done


def _found(connection: Connection, upload_id: int) -> upload_files.Upload:
    with connection.transaction():
        found = upload_files.find_upload(connection, upload_id)
    if found is None:
        raise NopError(f"upload {upload_id} is gone")
    return found


def _write(connection: Connection, upload_id: int, path: Path) -> None:
    def pages() -> Iterator[list[RowFinding]]:
        after = 0
        while page := upload_files.list_row_findings(connection, upload_id, after, _PAGE):
            after = page[-1].n
            yield [
                RowFinding(f.row, f.column, f.value, f.code, Severity(f.severity), f.message)
                for f in page
            ]

    with path.open("w", encoding="utf-8-sig", newline="") as out:
        write_findings(chain.from_iterable(pages()), out)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), console=errors, transient=True,
    )  # fmt: skip


def _follow(bar: Progress) -> sending.Progress:
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
    version = f" · version {done.version}" if done.version else ""
    console.print(
        f"[bold]{name}[/] · {done.format} · upload {done.upload_id} · {done.state}{version}"
    )
    console.print(_rows(done))
    objects = Table("", *Counts.__struct_fields__, box=None)
    for label, counts in (
        ("Locations", done.locations), ("EVSEs", done.evses), ("Tariffs", done.tariffs),
    ):  # fmt: skip
        if label != "Tariffs" or any(getattr(counts, f) for f in Counts.__struct_fields__):
            objects.add_row(label, *(f"{getattr(counts, f):,}" for f in Counts.__struct_fields__))
    console.print(objects)
    _print_statuses(done.statuses)
    _print_findings(done, written)
    if done.state == "preview":
        console.print("Nothing was changed. To take the good rows: add [bold]--commit[/].")


def _rows(done: UploadReport | replay.Replay) -> Table:
    rows = Table("rows", "", "by code (each row once)", box=None)
    rows.add_row("accepted", f"{done.accepted:,}", "")
    rows.add_row("flagged", f"{done.flagged:,}", _codes(done.flagged_by_code))
    rows.add_row("rejected", f"{done.rejected:,}", _codes(done.rejected_by_code))
    rows.add_row("[bold]sum", f"[bold]{done.rows:,}", "")
    return rows


def _print_statuses(said: StatusCounts) -> None:
    if any(getattr(said, f) for f in said.__struct_fields__):
        console.print(
            "Statuses: " + " · ".join(f"{getattr(said, f):,} {f}" for f in said.__struct_fields__)
        )


def _print_findings(done: UploadReport, written: Path | None) -> None:
    if not done.findings:
        return
    table = Table("row", "column", "value", "code", "what to do")
    for f in done.findings[:SHOWN_FINDINGS]:
        value = escape((f.value or "")[:40])
        where = str(f.row) if f.row is not None else "file"
        table.add_row(where, escape(f.column), value, f.code, escape(f.message))
    console.print(table)
    every = len(done.findings) + done.findings_left_off
    if written is not None:
        console.print(f"All {every:,} findings are in {escape(str(written))}.")
    elif every > SHOWN_FINDINGS:
        console.print(
            f"{every - SHOWN_FINDINGS:,} more findings: --report FILE.csv writes them all."
        )


def _codes(book: dict[str, int]) -> str:
    return " · ".join(f"{code} {count:,}" for code, count in book.items())
