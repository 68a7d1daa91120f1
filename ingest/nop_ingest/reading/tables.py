"""Rows out of CSV and XLSX files, within limits, whatever the spreadsheet program made of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TextIO

import python_calamine

from nop_ingest.reading.annotation_columns import annotated_from, plain_cell
from nop_ingest.reading.archive import check_archive
from nop_ingest.reading.text_encoding import TextEncoding
from nop_ingest.report import Notice
from nop_registry.errors import InvalidInput

MAX_ROWS = 2_000_000
"""Of a text: a nation with a row for each connector. Its rows are read one by one."""
MAX_SHEET_ROWS = 200_000
"""Of a workbook's sheet, which is held whole, as wide as it may be."""
MAX_COLUMNS = 200
MAX_CELL_CHARACTERS = 32_767  # Excel's own limit
HEADER_WITHIN = 40
"""A header stands among so many first lines; what is above it is preamble."""
_START_CHARACTERS = 65_536
_DELIMITERS = ",;\t|"
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,20})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EXCEL_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)

IsHeader = Callable[[Sequence[str]], bool]


class Table(NamedTuple):
    """A table of texts. Row 1 is the first row after the header; blank rows are left out."""

    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    """Row number and its cells: as many as the header has, or more (see `find_bad_cell`). Can be
    read once."""
    notices: tuple[Notice, ...] = ()
    preamble: tuple[tuple[str, ...], ...] = ()
    """The records above the header."""
    sheet: str | None = None
    """Of a workbook, the name of the sheet that it stands on."""
    delimiter: str | None = None
    """Of a text file."""


def parse_number(text: str) -> Decimal | None:
    """A plain number with a decimal point or comma; None for anything else.

    Only ASCII digits: float() would also take `nan`, `2_8.6` and digits of other scripts. Blanks
    around it, no-break spaces too, do not matter.

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
    """The first cell beyond the header, or with control characters, which no text needs; or the
    header once more."""
    if len(cells) > len(header):
        return BadCell(
            "row-too-long", "", cells[len(header)],
            "More cells than the header has, so some stand in the wrong column: put a text with "
            "a delimiter in it into quotation marks.",
        )  # fmt: skip
    if cells == list(header):
        message = "This is the header once more, as in files that were joined: take the row out."
        return BadCell("header-repeated", "", "", message)
    if not _CONTROL.search("".join(cells)):
        return None
    return next(
        BadCell("control-character", name, cell, "Control characters: type the cell anew.")
        for name, cell in zip(header, cells, strict=True)
        if _CONTROL.search(cell)
    )


class TextTable:
    """A CSV file, read as often as somebody looks for a header in it."""

    def __init__(self, path: Path, encoding: TextEncoding) -> None:
        self._path = path
        self._encoding = encoding
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        with encoding.open(path) as lines:
            first = [line for line in lines.read(_START_CHARACTERS).splitlines() if line.strip()]
        told = _EXCEL_SEPARATOR_LINE.fullmatch(first[0]) if first else None
        self._told = told.group(1) if told else None
        self._delimiters = [self._told] if self._told else _by_use(first[:HEADER_WITHIN])

    def find(self, is_header: IsHeader | None) -> Table | None:
        """The table below the first line that is its header, with whatever delimiter makes it one.

        Without `is_header` it is the first line that is not blank. Raises InvalidInput.
        """
        for delimiter in self._delimiters if is_header else self._delimiters[:1]:
            records = self._records(delimiter)
            try:
                found = _table(records, is_header, self._encoding.notices)
            except InvalidInput:
                # With another delimiter its quotation marks stand wrong: so it is not this one.
                if delimiter == self._delimiters[0]:
                    raise
                continue
            if found is not None:
                return found._replace(delimiter=delimiter)
            records.close()
        return None

    def _records(self, delimiter: str) -> Generator[list[str]]:
        lines = self._encoding.open(self._path)
        if self._told:
            lines.readline(MAX_CELL_CHARACTERS)
        return _csv_records(lines, delimiter, 1 if self._told else 0)


def _by_use(lines: list[str]) -> list[str]:
    """Delimiters, the one first that the first line has most of; else any of the lines."""
    plain = [_outside_quotes(line) for line in lines]
    uses = {d: [line.count(d) for line in plain] or [0] for d in _DELIMITERS}
    split_first = any(counts[0] for counts in uses.values())
    return sorted(_DELIMITERS, key=lambda d: -(uses[d][0] if split_first else max(uses[d])))


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def _csv_records(lines: TextIO, delimiter: str, lines_before: int) -> Generator[list[str]]:
    taken: list[str] = []  # the lines of the record under way

    def take() -> Iterator[str]:
        for line in lines:
            line = line.removeprefix("\ufeff")  # of a file that was joined to another one
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


class Workbook:
    """The visible sheets of an XLSX file. Raises InvalidInput."""

    def __init__(self, path: Path) -> None:
        check_archive(path)
        try:
            self._book = python_calamine.load_workbook(str(path))
        except python_calamine.CalamineError as error:
            raise InvalidInput(f"the workbook cannot be read: {error}") from None
        self._sheets: dict[str, python_calamine.CalamineSheet] = {}
        self._visible = [
            sheet.name
            for sheet in self._book.sheets_metadata
            if sheet.typ is python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible is python_calamine.SheetVisibleEnum.Visible
        ]
        if not self._visible:
            raise InvalidInput("the workbook has no visible sheet")

    def find(self, is_header: IsHeader | None) -> Table | None:
        """The first table with such a header on any visible sheet; without `is_header`, the first
        sheet's. Raises InvalidInput."""
        for name in self._visible if is_header else self._visible[:1]:
            rows = self._sheet(name).iter_rows()
            found = _table(([_text_of(cell) for cell in row] for row in rows), is_header)
            if found is not None:
                return found._replace(sheet=name)
        return None

    def _sheet(self, name: str) -> python_calamine.CalamineSheet:
        if name not in self._sheets:
            try:
                sheet = self._book.get_sheet_by_name(name)
            except python_calamine.CalamineError as error:
                raise InvalidInput(f"the workbook cannot be read: {error}") from None
            if sheet.height > MAX_SHEET_ROWS + HEADER_WITHIN or sheet.width > MAX_COLUMNS:
                raise InvalidInput(
                    f"the sheet is {sheet.height} rows by {sheet.width} columns; {MAX_SHEET_ROWS} "
                    f"by {MAX_COLUMNS} are allowed: delete empty cells, split it, or send it as CSV"
                )
            self._sheets[name] = sheet
        return self._sheets[name]


def _text_of(cell: object) -> str:
    """A cell as its user reads it: no `.0` behind whole numbers, no exponent, ISO 8601."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        return f"{Decimal(repr(cell)):f}"
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)


def _table(
    records: Iterator[list[str]], is_header: IsHeader | None, notices: tuple[Notice, ...] = ()
) -> Table | None:
    """None: no header among the first lines."""
    preamble: list[tuple[str, ...]] = []
    blank = True
    for record in records:
        empty = not any(cell.strip() for cell in record)
        blank = blank and empty
        if not empty and (is_header is None or is_header(record)):
            if len(record) > MAX_COLUMNS:
                raise InvalidInput(f"the file has {len(record)} columns; {MAX_COLUMNS} are allowed")
            header, rows = _without_annotations(record, _rows(records, len(record)))
            return Table(header, rows, notices, tuple(preamble))
        if len(preamble) == HEADER_WITHIN:
            break
        preamble.append(tuple(record))
    if blank and len(preamble) < HEADER_WITHIN:
        raise InvalidInput("the file is empty")
    return None


def _without_annotations(
    header: list[str], rows: Iterator[tuple[int, list[str]]]
) -> tuple[tuple[str, ...], Iterator[tuple[int, list[str]]]]:
    """The sender's own table, where this is our annotated copy of it."""
    own = annotated_from(header)
    if own is None:
        return tuple(header), rows
    width = len(header)
    return tuple(map(plain_cell, header[:own])), (
        (number, [plain_cell(cell) for cell in (*cells[:own], *cells[width:])])
        for number, cells in rows
        if any(cell.strip() for cell in cells[:own])
    )


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
