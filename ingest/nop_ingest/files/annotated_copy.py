"""The sender's own table again, with what was found in each row, to mend and to send again.

Read in a child process like any upload: what cannot be opened safely is not opened here either.
"""

from __future__ import annotations

import csv
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Literal, NamedTuple

import msgspec
import xlsxwriter

from nop_ingest.confinement import confine
from nop_ingest.formats.catalogue import list_formats, recognise
from nop_ingest.reading.annotation_columns import (
    ANNOTATION_COLUMNS,
    neutralised,
    neutralised_cell,
)
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.tables import IsHeader, Table
from nop_ingest.sandbox import Limits
from nop_ingest.upload_report import RowFinding, told_apart
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput

Kind = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Kind, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_LONGEST = 32_000  # letters of a cell; Excel takes 32,767
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,10})?", re.ASCII)
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_FINDINGS, _COPY = "findings", "copy"


class _Ended(msgspec.Struct):
    kind: Kind | None = None
    refusal: str | None = None


class _Marked(NamedTuple):
    """A row as it is written."""

    cells: list[str]
    worst: Severity | None


def annotated_copy(
    path: Path,
    filename: str,
    findings: Iterable[RowFinding],
    kind: Kind | None = None,
    limits: Limits | None = None,
) -> tuple[IO[bytes], Kind]:
    """The annotated copy as an open file, and its kind (by default that of the file itself).

    It has no name any more, so it is gone when whoever calls closes it. Raises InvalidInput when
    the file is no table.
    """
    limits = limits or Limits.of_file(path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="nop-annotated-") as folder:
        with (Path(folder) / _FINDINGS).open("wb") as lines:
            for finding in findings:
                lines.write(msgspec.json.encode(finding) + b"\n")
        told = _run([str(path.absolute()), filename, folder, kind or ""], folder, limits)
        if told.kind is None:
            raise InvalidInput(told.refusal or "this file cannot be copied")
        return (Path(folder) / _COPY).open("rb"), told.kind


def _run(arguments: list[str], folder: str, limits: Limits) -> _Ended:
    command = [sys.executable, "-I", "-B", "-m", __name__, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            [*command, msgspec.json.encode(limits).decode()],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "TMPDIR": folder},
            timeout=limits.wall_s,
            check=False,
        )
        return msgspec.json.decode(done.stdout, type=_Ended)
    except (subprocess.TimeoutExpired, msgspec.DecodeError):
        return _Ended(refusal="the file is too large to copy: mend it by its list of findings")


class _Watched(ReceivedFile):
    """A file that remembers which of its tables was looked at last."""

    find: Callable[[], Table | None] | None = None

    @property
    def table(self) -> Table | None:
        """Remembered as the first table."""
        found = super().table
        if found is not None:
            self.find = lambda: ReceivedFile.find_table(self, lambda cells: True)
        return found

    def find_table(self, is_header: IsHeader) -> Table | None:
        """Remembered where there is one."""
        found = super().find_table(is_header)
        if found is not None:
            self.find = lambda: ReceivedFile.find_table(self, is_header)
        return found


def _copy(path: Path, filename: str, folder: Path, wanted: str) -> Kind:
    """The child's work; returns the kind of the copy."""
    file = _Watched(path, filename)
    recognise(file)
    table = file.find() if file.find else None
    if table is None:
        raise InvalidInput(
            "this file is no table: there is a list of its findings instead of a copy"
        )
    rows: dict[int, list[RowFinding]] = {}
    decode = msgspec.json.Decoder(RowFinding).decode
    with (folder / _FINDINGS).open("rb") as lines:
        for line in lines:
            finding = decode(line)
            if finding.row is not None:
                rows.setdefault(finding.row, []).append(finding)
    marked = (_marked(cells, rows.get(number, [])) for number, cells in table.rows)
    kind: Kind = "xlsx" if (wanted or ("xlsx" if file.is_zip else "csv")) == "xlsx" else "csv"
    write = _write_xlsx if kind == "xlsx" else _write_csv
    write(folder / _COPY, table, marked)
    return kind


def _marked(cells: list[str], findings: Sequence[RowFinding]) -> _Marked:
    if not findings:
        return _Marked([*cells, "accepted", "", ""], None)
    found = sorted(findings, key=lambda f: _RANK[f.severity])
    worst = found[0].severity
    wrong = [f"{f.column}: {told_apart(f.message)[0]}" if f.column else f.message for f in found]
    mend = [f"{f.column}: {f.what_to_do}" if f.column else f.what_to_do for f in found]
    result = "look at this" if worst is Severity.ERROR else "accepted with remarks"
    texts = (result, " | ".join(wrong)[:_LONGEST], " | ".join(dict.fromkeys(mend))[:_LONGEST])
    return _Marked([*cells, *texts], worst)


def _write_csv(path: Path, table: Table, rows: Iterable[_Marked]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=table.delimiter or ",", lineterminator="\r\n")
        for record in (*table.preamble, (*table.header, *ANNOTATION_COLUMNS)):
            writer.writerow([neutralised(cell) for cell in record])
        for row in rows:
            writer.writerow([neutralised_cell(cell) for cell in row.cells])


def _write_xlsx(path: Path, table: Table, rows: Iterable[_Marked]) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "in_memory": False})
    sheet = book.add_worksheet((table.sheet or "Stations")[:31])
    bold = book.add_format({"bold": True})
    colours = {
        Severity.ERROR: book.add_format({"bg_color": "#F8D0C8"}),
        Severity.WARNING: book.add_format({"bg_color": "#FBEBC0"}),
        Severity.INFO: None,
    }
    line = 0
    for record in table.preamble:
        for column, cell in enumerate(record):
            sheet.write_string(line, column, cell)
        line += 1
    for column, cell in enumerate((*table.header, *ANNOTATION_COLUMNS)):
        sheet.write_string(line, column, cell, bold)
    for row in rows:
        line += 1
        colour = colours[row.worst] if row.worst else None
        for column, cell in enumerate(row.cells):
            if not cell:
                continue
            if _NUMBER.fullmatch(cell):
                sheet.write_number(line, column, float(cell), colour)
            else:
                sheet.write_string(line, column, cell, colour)  # never a formula
    book.close()


def main(path: str, filename: str, folder: str, wanted: str, limits: Limits) -> _Ended:
    """The child's life."""
    list_formats()
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output_bytes, limits.output_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    confine(Path(folder))
    try:
        return _Ended(kind=_copy(Path(path), filename, Path(folder), wanted))
    except InvalidInput as error:
        return _Ended(refusal=str(error)[:2000])


if __name__ == "__main__":
    given_path, given_name, own_folder, given_kind, given_limits = sys.argv[1:]
    ended = main(
        given_path, given_name, own_folder, given_kind,
        msgspec.json.decode(given_limits, type=Limits),
    )  # fmt: skip
    sys.stdout.buffer.write(msgspec.json.encode(ended))
