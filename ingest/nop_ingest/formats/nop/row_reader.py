"""Rows of our own table become Locations, whatever kind of file they stand in.

Rows of one Location need not stand together. What its rows say differently about the Location (or
about one EVSE) is taken from the first of them, with a notice. A row whose required cells cannot be
used is refused; another cell that cannot be used is left out, with a notice.

The rows are read twice: the first time tells where each Location ends, so that only those under way
are held.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from nop_ingest.formats.nop.cell_words import cell_of
from nop_ingest.formats.nop.connector_rows import (
    LEVELS,
    NAMING,
    PRICE,
    REQUIRED,
    Column,
    build,
    columns,
)
from nop_ingest.formats.nop.example_rows import remarks_on_examples
from nop_ingest.normalise.time_zones import zone_at
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.simple_price import AMOUNTS, same_price, tariff_of
from nop_ingest.reading.tables import BadCell, Table, find_bad_cell, parse_number
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    ParsedTariff,
    RefusedRow,
)
from nop_ingest.report import Notice, Rejection
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord, TariffRecord

_Key = tuple[str, str, str]
_MOST_TOLD = 10
_LARGE, _SMALL = 15, 30  # digits: 1E+999999 is not written out
_LEVEL_NAMES = tuple(level for level, _ in LEVELS)
_NAMES = ("country_code", "party_id", "location_id")
_PRICES = tuple(column.name for column in columns() if column.level == PRICE)


class CellRow(NamedTuple):
    """A row as texts by column."""

    number: int
    cells: dict[str, str]
    bad: BadCell | None = None
    """Why nothing of it can be believed."""


def cell_row(number: int, value: object, more: Mapping[str, object] | None = None) -> CellRow:
    """A JSON object with our columns as its names; `more` stands for what it does not say."""
    if not isinstance(value, dict):
        bad = BadCell("row-unreadable", "", str(value)[:200], "This is not an object in braces.")
        return CellRow(number, {}, bad)
    cells = {fold(name): _text_of(said) for name, said in value.items()}
    for name, said in (more or {}).items():
        if not cells.get(name):
            cells[name] = _text_of(said)
    return CellRow(number, cells, find_bad_cell(list(cells.values()), list(cells)))


def _text_of(said: object) -> str:
    """A value of JSON as a cell: GIS programs write the number 7 as 7.0."""
    if isinstance(said, str):
        return said.strip()
    if isinstance(said, Decimal) and -_SMALL <= said.adjusted() < _LARGE:
        return str(int(said)) if said == int(said) else f"{said:f}"
    return cell_of(said).strip()


class _Row(NamedTuple):
    """A row whose required cells could be read."""

    number: int
    cells: dict[str, str]
    values: dict[str, dict[str, Any]]  # by level, then by field
    notices: list[Notice]


class _Refused(Exception):
    def __init__(self, rejection: Rejection) -> None:
        self.rejection = rejection


@lru_cache(maxsize=1024)
def fold(name: str) -> str:
    """A column's name as it is compared: case and blanks do not matter."""
    return "_".join(name.casefold().split())


def check_columns(names: Sequence[str]) -> Iterator[FileNotice]:
    """Notices of columns that nobody knows. Raises InvalidInput when required ones are missing."""
    known = {column.name for column in columns()}
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        others = [repr(name[:60]) for name in names if name and name not in known][:_MOST_TOLD]
        named = f" (not known are: {', '.join(others)}; rename them)" if others else ""
        raise InvalidInput(
            f"columns are missing: {', '.join(missing)}{named}. "
            "`nop upload --template csv` prints a file with all columns"
        )
    twice = sorted({name for name in names if name and list(names).count(name) > 1})
    if twice:
        raise InvalidInput(f"columns stand there twice: {', '.join(twice)}. Keep one of each")
    for name in names:
        if name and name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            advice = f" Did you mean {close[0]!r}?" if close else ""
            message = f"There is no such column; its cells were not read.{advice}"
            yield FileNotice(Notice("column-unknown", Severity.WARNING, name, message))


def find_table(file: ReceivedFile) -> Table | None:
    """Our own table from its header on, which has the ids of Location and EVSE; None: none."""
    return file.find_table(lambda cells: set(map(fold, cells)) >= NAMING)


def parse_table(file: ReceivedFile) -> Iterator[Parsed]:
    """Our own table in a text or a workbook. Raises InvalidInput when its ids are missing."""
    table = find_table(file)
    if table is None:
        raise InvalidInput(
            "this is not our own table: the columns location_id, evse_uid are missing"
        )
    header = [fold(name) for name in table.header]
    yield from map(FileNotice, table.notices)
    yield from check_columns(header)

    def rows() -> Iterator[CellRow]:
        again = find_table(file)
        for number, texts in again.rows if again else ():
            cells = {name: text.strip() for name, text in zip(header, texts, strict=False)}
            yield CellRow(number, cells, find_bad_cell(texts, header))

    yield from parse_rows(rows)


def parse_rows(open_rows: Callable[[], Iterable[CellRow]]) -> Iterator[Parsed]:
    """Each Location after its last row; `open_rows` gives the same rows each time."""
    last = {_key(row.cells): row.number for row in open_rows()}
    reader = _Reader()
    for row in open_rows():
        key = _key(row.cells)
        try:
            reader.add(row, key)
        except _Refused as why:
            where = tuple(row.cells.get(name, "") for name in _NAMES)
            yield RefusedRow(why.rejection, (where[0], where[1], where[2]) if all(where) else None)
        if last[key] == row.number:
            yield from reader.take(key)


def _key(cells: dict[str, str]) -> _Key:
    country, party, location = (cells.get(name, "").casefold() for name in _NAMES)
    return country, party, location


class _Reader:
    """The Locations under way."""

    def __init__(self) -> None:
        self._columns = {column.name: column for column in columns()}
        self._open: dict[_Key, list[_Row]] = {}
        self._spoilt: set[_Key] = set()
        self._tariffs: dict[_Key, tuple[TariffRecord, int]] = {}
        self._new: list[ParsedTariff] = []

    def add(self, given: CellRow, key: _Key) -> None:
        """Take a row. Raises _Refused."""
        try:
            row = self._read(given)
            rows = self._open.setdefault(key, [])
            _refuse_second_connector(row, rows)
            self._price(row)
            rows.append(row)
        except _Refused:
            self._spoilt.add(key)
            raise

    def take(self, key: _Key) -> Iterator[Parsed]:
        """The Location of that key, all rows of which were added, and new Tariffs."""
        yield from self._new
        self._new.clear()
        if rows := self._open.pop(key, None):
            yield _location(rows, key in self._spoilt)

    def _read(self, given: CellRow) -> _Row:
        number = given.number
        if bad := given.bad:
            raise _Refused(Rejection(bad.code, bad.column, bad.message, bad.value, number))
        values: dict[str, dict[str, Any]] = {level: {} for level in (*_LEVEL_NAMES, PRICE)}
        row = _Row(number, {n: t for n, t in given.cells.items() if t}, values, [])
        for name in REQUIRED:
            if name not in row.cells:
                message = "It is empty. Fill it in; of merged cells only the first has a value."
                raise _Refused(Rejection("cell-missing", name, message, "", number))
        for name, text in row.cells.items():
            if column := self._columns.get(name):
                self._read_cell(row, column, text)
        return row

    def _read_cell(self, row: _Row, column: Column, text: str) -> None:
        try:
            value = column.read(text)
            if isinstance(value, datetime) and value.tzinfo is None:
                zone = _zone_of(row.cells)
                value = value.replace(tzinfo=zone).astimezone(UTC)
                message = f"Read as the time of {zone.key}: add Z to a time in UTC."
                _note(row, "time-without-zone", column.name, message, Severity.INFO)
        except (ValueError, OverflowError) as error:
            if column.required:
                raise _Refused(
                    Rejection("cell-unusable", column.name, str(error), text, row.number)
                ) from None
            _note(row, "cell-unusable", column.name, f"{error} The cell was left out.")
        else:
            row.values[column.level][column.field] = value

    def _price(self, row: _Row) -> None:
        """The Tariff of the row's price columns; the connector then refers to it."""
        values = row.values[PRICE]
        if not any(name in row.cells for name in _PRICES):
            return
        if unread := [name for name in _PRICES if name in row.cells and name not in values]:
            message = "A price with a part missing is another price: it is left out. Mend the cell."
            return _note(row, "price-incomplete", unread[0], message)
        ids = row.values["connector"].get("tariff_ids", ())
        if not any(name in values for name in AMOUNTS) or "price_currency" not in values:
            name = AMOUNTS[0] if "price_currency" in values else "price_currency"
            message = "A price needs an amount and its currency: the price of this row is left out."
            return _note(row, "price-incomplete", name, message)
        if len(ids) > 1:
            message = "A price in the row is that of one tariff: name one, or send the tariffs."
            return _note(row, "price-of-several-tariffs", "tariff_ids", message)
        if "price_includes_tax" not in values:
            message = "Say yes or no: nobody knows whether the price is with tax."
            _note(row, "tax-included-missing", "price_includes_tax", message)
        owner = [row.cells[name].upper() for name in _NAMES[:2]]
        tariff = tariff_of(owner[0], owner[1], ids[0] if ids else None, values)
        row.values["connector"]["tariff_ids"] = (tariff.id,)
        key = (owner[0], owner[1], tariff.id.casefold())
        first, said_in = self._tariffs.setdefault(key, (tariff, row.number))
        if said_in == row.number:
            cells = {n: t for n, t in row.cells.items() if n in values}
            raw = msgspec.Raw(msgspec.json.encode(cells | {"tariff_id": tariff.id}))
            self._new.append(ParsedTariff(tariff, raw, ()))
        elif not same_price(first, tariff):
            message = f"Row {said_in} says another price of tariff {tariff.id!r}, which is used: "
            message += "correct one of them, or give the other price a tariff of its own."
            _note(row, "row-conflict", "tariff_ids", message)
        return None


def _note(
    row: _Row, code: str, column: str, message: str, severity: Severity = Severity.WARNING
) -> None:
    cell = row.cells.get(column, "")
    row.notices.append(Notice(code, severity, column, message, cell, row.number))


def _zone_of(cells: dict[str, str]) -> ZoneInfo:
    """The clock of a row's place."""
    lat, lon = parse_number(cells["lat"]), parse_number(cells["lon"])
    name = cells.get("time_zone")
    if not name and lat is not None and lon is not None:
        country = cells.get("country") or cells["country_code"]
        name = zone_at(country, float(lat), float(lon))
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, LookupError):
        return ZoneInfo("UTC")


def _refuse_second_connector(row: _Row, rows: list[_Row]) -> None:
    uid, label = (row.cells[name].casefold() for name in ("evse_uid", "connector_id"))
    for other in rows:
        cells = other.cells
        if (cells["evse_uid"].casefold(), cells["connector_id"].casefold()) == (uid, label):
            raise _Refused(
                Rejection(
                    "connector-repeated",
                    "connector_id",
                    f"Row {other.number} has the same connector of the same EVSE. "
                    "Give each connector of an EVSE its own id, or take the row out.",
                    row.cells["connector_id"],
                    row.number,
                )
            )


def _location(rows: list[_Row], partial: bool) -> ParsedLocation:
    notices = [notice for row in rows for notice in row.notices]
    by_evse: dict[str, list[_Row]] = {}
    for row in rows:
        by_evse.setdefault(row.cells["evse_uid"].casefold(), []).append(row)
    evses = []
    for members in by_evse.values():
        connectors = tuple(
            ConnectorRecord(**build(ConnectorRecord, m.values["connector"])) for m in members
        )
        values = _first_wins("evse", members, notices)
        evses.append(EvseRecord(**build(EvseRecord, values), connectors=connectors))
    values = _first_wins("location", rows, notices)
    values["country_code"] = values["country_code"].upper()
    values["party_id"] = values["party_id"].upper()
    record = LocationRecord(**build(LocationRecord, values), evses=tuple(evses))
    numbers = tuple(row.number for row in rows)
    return ParsedLocation(
        record,
        msgspec.Raw(msgspec.json.encode([row.cells for row in rows])),
        numbers,
        tuple(tuple(m.number for m in members) for members in by_evse.values()),
        (*notices, *remarks_on_examples(record, numbers)),
        partial,
    )


def _first_wins(level: str, rows: list[_Row], notices: list[Notice]) -> dict[str, Any]:
    """The level's values; a blank cell is filled from a later row, a different one is a notice."""
    merged: dict[str, Any] = {}
    said_in: dict[str, int] = {}
    names = {column.field: column.name for column in columns() if column.level == level}
    for row in rows:
        for field, value in row.values[level].items():
            if field not in merged:
                merged[field], said_in[field] = value, row.number
            elif merged[field] != value and not _same_id(field, merged[field], value):
                name = names[field]
                notices.append(
                    Notice(
                        "row-conflict",
                        Severity.WARNING,
                        name,
                        f"Row {said_in[field]} says {_shown(merged[field])!r} about the same "
                        f"{level}, which is used: correct one of them.",
                        row.cells[name],
                        row.number,
                    )
                )
    return merged


def _shown(value: Any) -> str:
    return cell_of(value)[:80]


def _same_id(field: str, one: Any, other: Any) -> bool:
    ids = ("country_code", "party_id", "id", "uid")
    return field in ids and str(one).casefold() == str(other).casefold()
