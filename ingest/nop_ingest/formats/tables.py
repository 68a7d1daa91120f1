"""Rows out of CSV and XLSX files, within limits, whatever the spreadsheet program made of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TextIO

import python_calamine

from nop_ingest.formats.archive import check_archive
from nop_ingest.report import Notice
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput

MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL_CHARACTERS = 32_767  # Excel's own limit
_DELIMITERS = ",;\t|"
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,20})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EXCEL_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class Table(NamedTuple):
    """A table of texts. Row 1 is the first row after the header; blank rows are left out."""

    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    """Row number and its cells: as many as the header has, or more (see `find_bad_cell`). Can be
    read once."""
    notices: tuple[Notice, ...] = ()


def parse_number(text: str) -> Decimal | None:
    """A plain number with a decimal point or comma; None for anything else.

    Only ASCII digits: float() would also take `nan`, `2_8.6` and digits of other scripts.

    >>> parse_number("28,61"), parse_number("nan")
    (Decimal('28.61'), None)
    """
    text = text.strip()
    return Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


class BadCell(NamedTuple):
    """Why nothing of a row can be believed."""

    code: str
    column: str
    value: str
    message: str


def find_bad_cell(cells: list[str], header: Sequence[str]) -> BadCell | None:
    """The first cell beyond the header, or with control characters, which no text needs."""
    if len(cells) > len(header):
        return BadCell(
            "row-too-long", "", cells[len(header)],
            "More cells than the header has, so some stand in the wrong column: put a text with "
            "a delimiter in it into quotation marks.",
        )  # fmt: skip
    return next(
        (
            BadCell("control-character", name, cell, "Control characters: type the cell anew.")
            for name, cell in zip(header, cells, strict=True)
            if _CONTROL.search(cell)
        ),
        None,
    )


def open_csv(path: Path) -> Table:
    """A CSV file: UTF-8 (with or without BOM), UTF-16 with BOM, else Windows-1252.

    The delimiter is the one of comma, semicolon, tab and bar that the header line has most of.
    Raises InvalidInput.
    """
    encoding = _encoding_of(path)
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    lines = path.open(encoding=encoding, newline="", errors="replace")
    first = lines.readline(MAX_CELL_CHARACTERS)
    told = _EXCEL_SEPARATOR_LINE.fullmatch(first)
    delimiter = told.group(1) if told else max(_DELIMITERS, key=_outside_quotes(first).count)
    if not told:
        lines.seek(0)
    notices: tuple[Notice, ...] = ()
    if encoding == "cp1252":
        notices = (
            Notice(
                "file-not-utf8",
                Severity.WARNING,
                "",
                "The file is not UTF-8; it was read as Windows-1252. Look at letters with accents, "
                "and save as 'CSV UTF-8' next time.",
            ),
        )
    return _table(_csv_records(lines, delimiter, 1 if told else 0), notices)


def _csv_records(lines: TextIO, delimiter: str, lines_before: int) -> Iterator[list[str]]:
    taken: list[str] = []  # the lines of the record under way

    def take() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(take(), delimiter=delimiter)
    with lines:
        try:
            for record in reader:
                if len(taken) > 1:
                    first = lines_before + reader.line_num - len(taken) + 1
                    _check_quotes(taken, delimiter, first)
                taken.clear()
                yield record
        except csv.Error as error:
            line = lines_before + reader.line_num
            raise InvalidInput(f"the CSV file cannot be read at line {line}: {error}") from None


def _check_quotes(record: list[str], delimiter: str, first_line: int) -> None:
    """A quotation mark that is not closed would swallow the rows below it without a word."""
    try:
        list(csv.reader(record, delimiter=delimiter, strict=True))
    except csv.Error:
        raise InvalidInput(
            f"a quotation mark in line {first_line} is not closed, or stands within a text "
            "without being doubled: correct the line"
        ) from None


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def _encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
    try:
        with path.open(encoding="utf-8") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def open_xlsx(path: Path) -> Table:
    """The first visible sheet of a workbook. Raises InvalidInput."""
    check_archive(path)
    try:
        book = python_calamine.load_workbook(str(path))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ is python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible is python_calamine.SheetVisibleEnum.Visible
        ]
        if not visible:
            raise InvalidInput("the workbook has no visible sheet")
        sheet = book.get_sheet_by_name(visible[0])
    except python_calamine.CalamineError as error:
        raise InvalidInput(f"the workbook cannot be read: {error}") from None
    if sheet.height > MAX_ROWS + 1 or sheet.width > MAX_COLUMNS:
        raise InvalidInput(
            f"the sheet is {sheet.height} rows by {sheet.width} columns; "
            f"{MAX_ROWS} by {MAX_COLUMNS} are allowed: split the file, or delete empty cells"
        )
    return _table([_text_of(cell) for cell in row] for row in sheet.iter_rows())


def _text_of(cell: object) -> str:
    """A cell as its user reads it: no `.0` behind whole numbers, dates in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)


def _table(records: Iterator[list[str]], notices: tuple[Notice, ...] = ()) -> Table:
    header = next((r for r in records if any(cell.strip() for cell in r)), None)
    if header is None:
        raise InvalidInput("the file is empty")
    if len(header) > MAX_COLUMNS:
        raise InvalidInput(f"the file has {len(header)} columns; {MAX_COLUMNS} are allowed")
    return Table(tuple(header), _rows(records, len(header)), notices)


def _rows(records: Iterator[list[str]], width: int) -> Iterator[tuple[int, list[str]]]:
    for row_no, cells in enumerate(records, start=1):
        if row_no > MAX_ROWS:
            raise InvalidInput(f"the file has more than {MAX_ROWS} rows: split it")
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < width:
            cells = cells + [""] * (width - len(cells))
        if max(map(len, cells)) > MAX_CELL_CHARACTERS:
            raise InvalidInput(
                f"a cell of row {row_no} has more than {MAX_CELL_CHARACTERS} letters"
            )
        while len(cells) > width and not cells[-1].strip():
            del cells[-1]
        yield row_no, cells
