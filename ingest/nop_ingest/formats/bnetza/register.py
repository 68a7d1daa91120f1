"""Germany: the register of charging devices of the Bundesnetzagentur (CSV or XLSX).

One row per device (Ladeeinrichtung) with up to four points, since 2024 six. Columns change their
names and order from year to year and stand below a preamble: they are found by their words.

How rows become Locations and EVSEs, decided on the 25,868 rows of January 2022:

* Location = operator + coordinates (22,096 of them). Its id is a hash of both, so the same device
  has the same id in every edition. The first row's address wins; another address is a remark.
* A point (plugs, kW, since 2024 an EVSE-ID) is an EVSE. Its uid is the device's number and the
  point's; editions without numbers: the Location's id, plugs and kW, and how manieth of its kind.
* 2,657 rows repeat another one to the letter: several equal devices at one place, so each counts,
  with a remark.
* kW are the point's where one number stands beside several plugs (see `point_plugs`).
* All rows belong to the register's publisher, party DE-BNA; the row's operator is the operator.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from nop_ingest.formats.bnetza import vocabulary as words
from nop_ingest.formats.bnetza.devices import Device, location_of, points_of
from nop_ingest.reading.moments import parse_moment
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.refused import Refused
from nop_ingest.reading.row_groups import RowGroups
from nop_ingest.reading.table_rows import Row, Unheld, about_columns
from nop_ingest.reading.tables import Table, find_bad_cell, parse_number
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    RefusedRow,
)
from nop_ingest.report import Rejection
from nop_registry.errors import InvalidInput
from nop_registry.geo import Point

PARTY = ("DE", "BNA")
_DATE = re.compile(r"\b\d{1,2}\.\d{1,2}\.\d{4}\b|\b\d{4}-\d{2}-\d{2}\b")


class _Place(NamedTuple):
    """What rows are gathered by."""

    operator: str
    point: Point


def find_header(file: ReceivedFile) -> list[str] | None:
    """Our names of the columns of the register, wherever its header stands; None: it is not one."""
    table = file.find_table(_is_header)
    return words.name_columns(table.header) if table else None


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when a column is missing."""
    table = file.find_table(_is_header)
    if table is None:
        raise InvalidInput("this is not the Bundesnetzagentur's register: columns are missing")
    names = words.name_columns(table.header)
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise InvalidInput(f"columns stand there twice: {', '.join(twice)}. Keep one of each")
    for notice in table.notices:
        yield FileNotice(notice)
    yield from _about_columns(table, names)
    groups: RowGroups[_Place] = RowGroups()
    spoilt: set[_Place] = set()
    for number, texts in table.rows:
        cells = dict(zip(names, texts, strict=False))
        place = None
        try:
            place = _place(cells)
            if bad := find_bad_cell(texts, table.header):
                raise Refused(bad.code, bad.column, bad.message, bad.value)
        except Refused as why:
            where = None
            if place:
                spoilt.add(place)
                where = (*PARTY, _location_id(place))
            yield RefusedRow(_rejection(why, number, cells, names, table), where)
            continue
        groups.add(place, number, texts)
    yield from _locations(groups, table, names, spoilt)


def _is_header(cells: Sequence[str]) -> bool:
    return set(words.REQUIRED) <= set(words.name_columns(cells))


def _about_columns(table: Table, names: list[str]) -> Iterator[FileNotice]:
    known = [
        head for head, name in zip(table.header, names, strict=True) if name != head or name == ""
    ]
    unheld = [
        head
        for head, name in zip(table.header, names, strict=True)
        if name.rstrip("0123456789") in words.UNHELD
    ]
    return about_columns(table.header, known, unheld)


def _place(cells: dict[str, str]) -> _Place:
    lat, lon = parse_number(cells["lat"]), parse_number(cells["lon"])
    for name, number in (("lat", lat), ("lon", lon)):
        if number is None:
            raise Refused("coordinate-unreadable", name, "Enter decimal degrees such as 52,520008.")
    operator = " ".join(cells["operator"].split())
    if not operator:
        raise Refused("operator-missing", "operator", "Say whose device this is.")
    return _Place(operator.casefold(), Point(round(float(lon or 0), 6), round(float(lat or 0), 6)))


def _location_id(place: _Place) -> str:
    identity = f"{place.operator}\x1f{place.point.lat:.6f}\x1f{place.point.lon:.6f}"
    return blake2b(identity.encode(), digest_size=6).hexdigest()


def _rejection(
    why: Refused, number: int, cells: dict[str, str], names: list[str], table: Table
) -> Rejection:
    """In the words of the file: its own column names."""
    own = dict(zip(names, table.header, strict=True))
    value = why.value if why.value is not None else cells.get(why.column)
    return Rejection(why.code, own.get(why.column, why.column), why.message, value, number)


def _locations(
    groups: RowGroups[_Place], table: Table, names: list[str], spoilt: set[_Place]
) -> Iterator[Parsed]:
    unheld = Unheld()
    updated = _edition(table)
    seen: dict[str, int] = {}
    for place, rows in groups:
        location_id = _location_id(place)
        counted: dict[str, int] = defaultdict(int)
        devices: list[Device] = []
        first_like: dict[tuple[str, ...], int] = {}
        for number, texts in rows:
            row = Row(number, dict(zip(names, texts, strict=True)), [])
            try:
                _refuse_repeated(row, seen)
            except Refused as why:
                yield RefusedRow(
                    _rejection(why, number, row.cells, names, table), (*PARTY, location_id)
                )
                continue
            first = first_like.setdefault(tuple(texts), number)
            if first != number:
                row.remark(
                    "row-repeated", "operator",
                    f"The same as row {first}: counted as a further device of its kind. If it is "
                    "the same device, take the row out.",
                )  # fmt: skip
            points = points_of(row, location_id, counted, unheld)
            devices.append(Device(row, points))
        if devices:
            where = (*PARTY, location_id)
            own = dict(zip(names, table.header, strict=True))
            yield location_of(where, place.point, devices, own, updated, place in spoilt)
    yield from unheld.notices()


def _refuse_repeated(row: Row, seen: dict[str, int]) -> None:
    device = row.text("device")
    if device is None:
        return
    first = seen.setdefault(device, row.number)
    if first != row.number:
        raise Refused(
            "device-repeated", "device", f"Row {first} has the same number. Keep the right one.",
            device,
        )  # fmt: skip


def _edition(table: Table) -> datetime | None:
    """The day that the preamble says the register was brought up to date."""
    for record in table.preamble:
        for cell in record:
            found = _DATE.search(cell)
            if found and "aktualisier" in " ".join(record).casefold():
                return parse_moment(found[0])
    return None


COLUMNS = {
    "address": "Straße",
    "city": "Ort",
    "coordinates": "Breitengrad",
    "district": "Kreis/kreisfreie Stadt",
    "name": "Standortbezeichnung",
    "opening_times": "Öffnungszeiten",
    "operator": "Betreiber",
    "postal_code": "Postleitzahl",
    "state": "Bundesland",
    "evses": "Steckertypen{point}",
    "evses.evse_id": "EVSE-ID{point}",
    "evses.connectors": "Steckertypen{point}",
    "evses.connectors.standard": "Steckertypen{point}",
    "evses.connectors.power_type": "Steckertypen{point}",
    "evses.connectors.max_electric_power": "P{point} [kW]",
}
"""Column of each field, in editions until 2023."""
