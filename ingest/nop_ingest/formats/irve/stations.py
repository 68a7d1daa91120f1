"""An IRVE station out of its points: one Location of one or more rows."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from nop_ingest.formats.irve import vocabulary as irve
from nop_ingest.reading.table_rows import Row, is_nothing
from nop_ingest.reading.tables import parse_number
from nop_ingest.reading.upload_format import ParsedLocation
from nop_ingest.reading.week_hours import read_hours
from nop_ingest.report import Notice
from nop_registry.enums import Severity
from nop_registry.records import (
    BusinessDetails,
    EvseRecord,
    Hours,
    LocationRecord,
    Parking,
)

_encode = msgspec.json.Encoder().encode


class Point(NamedTuple):
    """A row that was taken."""

    row: Row
    place: tuple[float, float] | None
    """Longitude and latitude, where they could be read."""
    evse: EvseRecord
    parking: Parking | None
    """What the EVSE's parking place is, where that is told."""
    updated: datetime | None
    """Day of the row's data."""


def location_of(
    where: tuple[str, str, str], place: tuple[float, float], points: list[Point], partial: bool
) -> ParsedLocation:
    """The station: country, party and id, a point on the map, its points in the file's order."""
    rows = [point.row for point in points]
    first = rows[0]
    for row in rows[1:]:
        _compare(first, row)
    _count(first, len(points))
    country, party, station_id = where
    address = irve.read_address(first.text(irve.ADDRESS) or "")
    operator, brand = first.text(irve.OPERATOR), first.text(irve.BRAND)
    updated = [point.updated for point in points if point.updated]
    record = LocationRecord(
        country_code=country,
        party_id=party,
        id=station_id,
        lon=place[0],
        lat=place[1],
        name=first.text(irve.NAME),
        address=address.street,
        city=address.town,
        postal_code=address.postal_code,
        country="FRA",
        parking_type="ON_STREET" if first.text(irve.KIND_OF_PLACE) == "Voirie" else None,
        evses=tuple(_placed(point, place) for point in points),
        operator=_company(operator or brand),
        suboperator=_company(brand if operator and brand != operator else None),
        owner=_company(first.text(irve.OWNER)),
        opening_times=_hours(first),
        parking_places=tuple(dict.fromkeys(p.parking for p in points if p.parking)),
        help_phone=_phone(first),
        last_updated=max(updated, default=None),
    )
    return ParsedLocation(
        record,
        msgspec.Raw(_encode([row.cells for row in rows])),
        tuple(row.number for row in rows),
        tuple((row.number,) for row in rows),
        tuple(notice for row in rows for notice in row.notices),
        partial,
    )


def _compare(first: Row, row: Row) -> None:
    """Remark on what a row says of its station and the first row says differently."""
    for name in irve.STATION_COLUMNS:
        if row.cells.get(name) != first.cells.get(name):
            row.remark(
                "row-conflict", name,
                f"Row {first.number} of the same station says "
                f"{first.cells.get(name, '')[:80]!r}, which is used: correct one of them.",
                Severity.WARNING,
            )  # fmt: skip


def _count(first: Row, points: int) -> None:
    stated = parse_number(first.cells.get(irve.POINTS, ""))
    if stated is not None and stated != points:
        first.remark(
            "points-miscounted", irve.POINTS,
            f"The file has {points} usable row(s) of this station: add what is missing, or correct "
            "the number.",
        )  # fmt: skip


def _placed(point: Point, place: tuple[float, float]) -> EvseRecord:
    if point.place is None or point.place == place:
        return point.evse
    return msgspec.structs.replace(point.evse, lon=point.place[0], lat=point.place[1])


def _company(name: str | None) -> BusinessDetails | None:
    return None if name is None or is_nothing(name) else BusinessDetails(name=name)


def _hours(row: Row) -> Hours | None:
    text = row.text(irve.HOURS)
    if text is None:
        return None
    hours = read_hours(text, ("en", "fr"))
    if hours is None:
        row.remark(
            "hours-unreadable", irve.HOURS,
            "Left out: write 24/7, or hours as in Mo-Fr 08:00-12:00,Mo-Fr 14:00-18:00.",
            Severity.WARNING,
        )  # fmt: skip
    return hours


def _phone(row: Row) -> str | None:
    text = row.text(irve.PHONE)
    if text is None or is_nothing(text):
        return None
    number = irve.read_phone(text)
    if number is None:
        row.notices.append(
            Notice(
                "phone-placeholder", Severity.WARNING, irve.PHONE,
                "Left out: nobody answers at this number. Enter the one that drivers may call.",
                text, row.number,
            )
        )  # fmt: skip
    return number
