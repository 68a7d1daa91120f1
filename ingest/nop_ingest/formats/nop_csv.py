"""Our own CSV template: one row per connector.

Rows of one Location need not stand together. What its rows say differently about the Location (or
about one EVSE) is taken from the first of them, with a notice. A row whose required cells cannot be
used is refused; another cell that cannot be used is left out, with a notice.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from nop_ingest.formats.connector_rows import REQUIRED, Column, build, column_of_path, columns
from nop_ingest.formats.received_file import ReceivedFile
from nop_ingest.formats.tables import find_bad_cell
from nop_ingest.formats.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    RefusedRow,
    UploadFormat,
)
from nop_ingest.report import Notice, Rejection
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord

_Key = tuple[str, str, str]
_EXAMPLE: dict[str, tuple[str, str]] = {
    "country_code": ("IN", "IN"),
    "party_id": ("ABC", "ABC"),
    "location_id": ("LOC-1", "LOC-1"),
    "lat": ("28.613939", "28.613939"),
    "lon": ("77.209023", "77.209023"),
    "location_name": ("Market Square", "Market Square"),
    "address": ("1 Station Road", "1 Station Road"),
    "city": ("New Delhi", "New Delhi"),
    "postal_code": ("110001", "110001"),
    "state": ("Delhi", "Delhi"),
    "country": ("IND", "IND"),
    "operator_name": ("ABC Charging", "ABC Charging"),
    "twentyfourseven": ("true", "true"),
    "evse_uid": ("LOC-1-1", "LOC-1-2"),
    "evse_id": ("IN*ABC*E1*1", "IN*ABC*E1*2"),
    "connector_id": ("1", "1"),
    "standard": ("IEC_62196_T2_COMBO", "IEC_62196_T2"),
    "format": ("CABLE", "SOCKET"),
    "power_type": ("DC", "AC_3_PHASE"),
    "max_electric_power_w": ("60000", "22000"),
}


class _Row(NamedTuple):
    """A row whose required cells could be read."""

    number: int
    cells: dict[str, str]
    values: dict[str, dict[str, Any]]  # by level, then by field
    notices: list[Notice]


class _Refused(Exception):
    def __init__(self, rejection: Rejection) -> None:
        self.rejection = rejection


def template() -> str:
    """The header and two example rows."""
    out = io.StringIO()
    names = [column.name for column in columns()]
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for n in (0, 1):
        writer.writerow([_EXAMPLE[name][n] if name in _EXAMPLE else "" for name in names])
    return out.getvalue()


def sniff(file: ReceivedFile) -> bool:
    """A CSV with the ids of Location, EVSE and connector in its header row."""
    if file.table is None or file.is_zip:
        return False
    return {"location_id", "evse_uid"} <= set(map(_fold, file.table.header))


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when required columns are missing."""
    if file.table is None:
        raise InvalidInput("this is not a CSV file")
    header = [_fold(name) for name in file.table.header]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise InvalidInput(
            f"columns are missing: {', '.join(missing)}. "
            "`nop upload --template` prints a file with all columns"
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise InvalidInput(f"columns stand there twice: {', '.join(twice)}. Keep one of each")
    known = {column.name: column for column in columns()}
    for notice in (*file.table.notices, *_unknown_columns(header, known)):
        yield FileNotice(notice)
    locations: dict[_Key, list[_Row]] = {}
    spoilt: set[_Key] = set()
    seen: dict[tuple[str, ...], int] = {}
    for number, texts in file.table.rows:
        cells = {name: text.strip() for name, text in zip(header, texts, strict=False)}
        key = _key(cells)
        try:
            row = _read(number, cells, texts, header, known)
            _refuse_second_connector(row, key, seen)
        except _Refused as why:
            spoilt.add(key)
            where = (cells["country_code"], cells["party_id"], cells["location_id"])
            yield RefusedRow(why.rejection, where if all(where) else None)
            continue
        locations.setdefault(key, []).append(row)
    for key, rows in locations.items():
        yield _location(rows, key in spoilt)


def _fold(name: str) -> str:
    return "_".join(name.casefold().split())


def _key(cells: dict[str, str]) -> _Key:
    return (
        cells["country_code"].casefold(),
        cells["party_id"].casefold(),
        cells["location_id"].casefold(),
    )


def _unknown_columns(header: list[str], known: dict[str, Column]) -> Iterator[Notice]:
    for name in header:
        if name and name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            advice = f" Did you mean {close[0]!r}?" if close else ""
            yield Notice(
                "column-unknown",
                Severity.WARNING,
                name,
                f"There is no such column; its cells were not read.{advice}",
            )


def _read(
    number: int,
    cells: dict[str, str],
    texts: list[str],
    header: list[str],
    known: dict[str, Column],
) -> _Row:
    if bad := find_bad_cell(texts, header):
        raise _Refused(Rejection(bad.code, bad.column, bad.message, bad.value, number))
    values: dict[str, dict[str, Any]] = {"location": {}, "evse": {}, "connector": {}}
    notices = []
    for name, text in cells.items():
        column = known.get(name)
        if column is None:
            continue
        if not text:
            if column.required:
                raise _Refused(
                    Rejection("cell-missing", name, "This cell must be filled in.", "", number)
                )
            continue
        try:
            values[column.level][column.field] = column.read(text)
        except ValueError as error:
            if column.required:
                raise _Refused(Rejection("cell-unusable", name, str(error), text, number)) from None
            message = f"{error} The cell was left out."
            notices.append(Notice("cell-unusable", Severity.WARNING, name, message, text, number))
    return _Row(number, cells, values, notices)


def _refuse_second_connector(row: _Row, key: _Key, seen: dict[tuple[str, ...], int]) -> None:
    connector = (*key, row.cells["evse_uid"].casefold(), row.cells["connector_id"].casefold())
    first = seen.setdefault(connector, row.number)
    if first != row.number:
        raise _Refused(
            Rejection(
                "connector-repeated",
                "connector_id",
                f"Row {first} has the same connector of the same EVSE. "
                "Give each connector of an EVSE its own id, one row each.",
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
    return ParsedLocation(
        LocationRecord(**build(LocationRecord, values), evses=tuple(evses)),
        msgspec.Raw(msgspec.json.encode([row.cells for row in rows])),
        tuple(row.number for row in rows),
        tuple(tuple(m.number for m in members) for members in by_evse.values()),
        tuple(notices),
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
                        f"Row {said_in[field]} says {str(merged[field])[:80]!r} about the same "
                        f"{level}; that is used.",
                        row.cells[name],
                        row.number,
                    )
                )
    return merged


def _same_id(field: str, one: Any, other: Any) -> bool:
    ids = ("country_code", "party_id", "id", "uid")
    return field in ids and str(one).casefold() == str(other).casefold()


FORMAT = UploadFormat(
    name="nop_csv",
    title="the platform's own CSV template, one row per connector",
    sniff=sniff,
    parse=parse,
    columns=column_of_path(),
)
