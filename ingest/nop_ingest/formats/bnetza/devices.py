"""A device of the German register and the points it has; several devices at one place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from nop_ingest.formats.bnetza import vocabulary as words
from nop_ingest.reading.plug_vocabulary import THREE_PHASE_CEE
from nop_ingest.reading.point_plugs import Plug, connectors_of
from nop_ingest.reading.table_rows import Row, Unheld
from nop_ingest.reading.tables import parse_number
from nop_ingest.reading.upload_format import ParsedLocation
from nop_ingest.reading.week_hours import read_hours
from nop_ingest.report import Notice
from nop_registry.enums import Severity, Status
from nop_registry.geo import Point
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    DisplayText,
    EvseRecord,
    Hours,
    LocationRecord,
)

_SHORT = {
    "CHADEMO": "CHA",
    "DOMESTIC_F": "F",
    "IEC_60309_2_single_16": "CEE16",
    "IEC_60309_2_three_16": "CEE3x16",
    "IEC_60309_2_three_32": "CEE3x32",
    THREE_PHASE_CEE: "CEE3",
    "IEC_62196_T1": "T1",
    "IEC_62196_T2": "T2",
    "IEC_62196_T2_COMBO": "CCS",
    "TESLA_S": "TESLA",
}
_LONGEST_UID = 36
_MOST_POINTS = 20
_MOST_W, _LEAST_W = 4_000_000, 500
_ADDRESS = ("address", "street", "house", "postal_code", "town", "postal_code_and_town")
_encode = msgspec.json.Encoder().encode


class Device(NamedTuple):
    """A row that was taken."""

    row: Row
    points: dict[int, EvseRecord]
    """By their numbers in the row."""


def points_of(
    row: Row, location_id: str, counted: dict[str, int], unheld: Unheld
) -> dict[int, EvseRecord]:
    """The points of a row, by their numbers in it. `counted`: how many of each kind its Location
    has so far."""
    device = row.text("device")
    status = _status(row)
    capabilities = _capabilities(row, unheld)
    restrictions = _restrictions(row, unheld)
    addition = row.text("addition")
    directions = (DisplayText(language="de", text=addition),) if addition else ()
    stated = parse_number(row.cells.get("points", ""))
    described = {n: found for n in _numbers(row) if (found := _connectors(row, n)) is not None}
    with_plugs = sum(bool(found) for found in described.values())
    points = {}
    for n, connectors in described.items():
        evse_id = _evse_id(row, n)
        if not connectors and evse_id is None and stated is not None and with_plugs >= stated:
            continue  # a stray number of kW: the points that the row counts are described
        kind = "+".join(_short(c) for c in connectors) or "NONE"
        counted[kind] += 1
        points[n] = EvseRecord(
            uid=f"{device}-{n}" if device else _uid(location_id, kind, counted[kind]),
            evse_id=evse_id,
            status=status,
            connectors=connectors,
            capabilities=capabilities,
            parking_restrictions=restrictions,
            directions=directions,
        )
    if stated is not None and stated != len(points):
        row.remark(
            "points-miscounted", "points",
            f"The row describes {len(points)} point(s), which are taken: describe each, or correct "
            "the number.", Severity.WARNING,
        )  # fmt: skip
    return points


def _numbers(row: Row) -> Iterable[int]:
    return (n for n in range(1, _MOST_POINTS + 1) if f"plugs{n}" in row.cells)


def _uid(location_id: str, kind: str, number: int) -> str:
    """At most 36 letters, as OCPI has it."""
    uid = f"{location_id}-{kind}-{number}"
    if len(uid) <= _LONGEST_UID:
        return uid
    return f"{location_id}-{blake2b(kind.encode(), digest_size=6).hexdigest()}-{number}"


def _short(connector: ConnectorRecord) -> str:
    name = _SHORT.get(connector.standard, connector.standard)
    form = connector.format.value[0] if connector.format and name == "T2" else ""
    power_w = connector.max_electric_power_w
    return f"{name}{form}-{power_w / 1000:g}" if power_w else f"{name}{form}"


def _connectors(row: Row, n: int) -> tuple[ConnectorRecord, ...] | None:
    """The plugs of the row's n-th point; None: there is no such point."""
    text, power = row.text(f"plugs{n}"), row.text(f"power{n}")
    if text is None and power is None and row.text(f"evse_id{n}") is None:
        return None
    watts = _watts(row, f"power{n}")
    if text is None:
        if power is not None:
            row.remark(
                "power-without-plug", f"power{n}",
                "No plug stands beside it, so it is not published: name the plug.",
                Severity.WARNING,
            )  # fmt: skip
        return ()
    plugs = words.plugs_of(text, watts[0] if len(watts) == 1 else None)
    if len(watts) == len(plugs) > 1:
        each = zip(plugs, watts, strict=True)
        return tuple(connectors_of((plug,), power_w)[0] for plug, power_w in each)
    if len(watts) > 1:
        row.remark(
            "power-unreadable", f"power{n}",
            f"{len(watts)} numbers for {len(plugs)} plugs; left out. Enter one for each plug.",
            Severity.WARNING,
        )  # fmt: skip
        watts = []
    return connectors_of(_distinct(plugs), watts[0] if watts else None)


def _distinct(plugs: tuple[Plug, ...]) -> tuple[Plug, ...]:
    return tuple({plug.id: plug for plug in plugs}.values())


def _watts(row: Row, column: str) -> list[int | None]:
    found: list[int | None] = []
    for part in row.cells.get(column, "").split(";"):
        if not part.strip():
            continue
        kw = parse_number(part)
        watts = round(kw * 1000) if kw is not None else None
        if watts is None or not _LEAST_W <= watts <= _MOST_W:
            row.remark(
                "power-unreadable", column, "Left out: enter kW from 0.5 to 4,000.",
                Severity.WARNING,
            )  # fmt: skip
            watts = None
        found.append(watts)
    return found


def _evse_id(row: Row, n: int) -> str | None:
    text = row.text(f"evse_id{n}")
    if text is None:
        return None
    ids = [part for part in re.split(r"[;,\s]+", text) if part]
    if len(ids) > 1:
        row.remark(
            "evse-id-several", f"evse_id{n}", f"A point has one id; {ids[0]} is taken.",
            Severity.WARNING,
        )  # fmt: skip
    return ids[0]


def _status(row: Row) -> Status:
    text = row.text("status")
    if text is None:
        return Status.UNKNOWN
    status = words.STATUSES.get(words.fold(text))
    if status is None:
        row.remark(
            "status-unreadable", "status", "Taken as unknown. Enter 'In Betrieb' or 'In Wartung'.",
            Severity.WARNING,
        )  # fmt: skip
    return status or Status.UNKNOWN


def _capabilities(row: Row, unheld: Unheld) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for part in re.split(r"[;\n]", row.cells.get("payment", "")):
        word = " ".join(part.split())
        known = words.PAYMENTS.get(words.fold(word)) if word else ()
        if known is None:
            unheld.add("Bezahlsysteme", word)
        found |= dict.fromkeys(known or ())
    return tuple(found)


def _restrictions(row: Row, unheld: Unheld) -> tuple[str, ...]:
    text = row.text("parking") or ""
    if words.CUSTOMERS_ONLY.search(words.fold(text)):
        return ("CUSTOMERS",)
    if words.fold(text) not in words.NO_LIMIT:
        unheld.add("Informationen zum Parkraum", text)
    return ()


def location_of(
    where: tuple[str, str, str],
    point: Point,
    devices: list[Device],
    own: dict[str, str],
    updated: datetime | None,
    partial: bool,
) -> ParsedLocation:
    """Devices of an operator at one place. `own`: the file's name of each of our columns."""
    rows = [device.row for device in devices]
    first = rows[0]
    for row in rows:
        _look_at_texts(row)
        if row is not first:
            _compare(first, row)
    operator, brand = first.text("operator") or "", first.text("brand")
    country, party, location_id = where
    postal_code, town = _postal_code_and_town(first)
    # Only a row with a status claims one: the others leave alone what live data has said.
    evses = tuple(
        msgspec.structs.replace(evse, last_updated=updated) if row.text("status") else evse
        for row, points in devices
        for evse in points.values()
    )
    record = LocationRecord(
        country_code=country,
        party_id=party,
        id=location_id,
        lat=point.lat,
        lon=point.lon,
        name=first.text("site"),
        address=_address(first),
        city=town,
        postal_code=postal_code,
        district=first.text("district"),
        state=first.text("state"),
        country="DEU",
        operator=BusinessDetails(name=operator),
        suboperator=BusinessDetails(name=brand) if brand and brand != operator else None,
        opening_times=_hours(first),
        evses=evses,
        last_updated=updated,
    )
    return ParsedLocation(
        record,
        msgspec.Raw(_encode([_named(row.cells, own) for row in rows])),
        tuple(row.number for row in rows),
        tuple((device.row.number,) for device in devices for _ in device.points),
        tuple(_own_words(rows, own)),
        partial,
        tuple(n for device in devices for n in device.points),
    )


def _named(cells: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    return {own[name]: text for name, text in cells.items()}


def _own_words(rows: list[Row], own: dict[str, str]) -> Iterable[Notice]:
    for row in rows:
        for notice in row.notices:
            yield msgspec.structs.replace(notice, path=own.get(notice.path, notice.path))


def _look_at_texts(row: Row) -> None:
    for name, text in row.cells.items():
        if "\xa0" in text and not name.startswith("public_key"):
            row.remark("text-mended", name, "A no-break space was read as a blank.")


def _compare(first: Row, row: Row) -> None:
    if any(row.text(name) != first.text(name) for name in _ADDRESS):
        said = _address(first)
        row.remark(
            "location-conflict", "street" if "street" in row.cells else "address",
            f"Row {first.number} has the same operator and coordinates and another address, "
            f"{said!r}; that one is used. Correct the coordinates or the address.",
            Severity.WARNING,
        )  # fmt: skip


def _address(row: Row) -> str | None:
    house = row.text("house")
    parts = (row.text("street") or row.text("address"), None if house == "0" else house)
    return " ".join(part for part in parts if part) or None


def _postal_code_and_town(row: Row) -> tuple[str | None, str | None]:
    postal_code, town = row.text("postal_code"), row.text("town")
    both = row.text("postal_code_and_town")
    if both and (found := re.fullmatch(r"(\d{4,5}) (.+)", both)):
        postal_code, town = found[1], found[2]
    if postal_code and re.fullmatch(r"\d{4}", postal_code):
        row.remark(
            "postal-code-shortened", "postal_code",
            f"The spreadsheet has cut the leading 0; read as 0{postal_code}. Format the column as "
            "text.",
        )  # fmt: skip
        postal_code = f"0{postal_code}"
    return postal_code, town or both


def _hours(row: Row) -> Hours | None:
    text = row.text("hours")
    days, times = row.text("hours_days"), row.text("hours_times")
    if text and text.replace("/", "") == "247":
        return Hours(twentyfourseven=True)
    if days and times:
        each_day = [d.strip() for d in re.split(r"[;,]", days) if d.strip()]
        each_time = [t.strip() for t in re.split(r"[;,]", times) if t.strip()]
        if len(each_time) == 1:
            each_time *= len(each_day)
        if len(each_day) == len(each_time):
            pairs = zip(each_day, each_time, strict=True)
            text = "; ".join(f"{day} {time}" for day, time in pairs)
    if text is None or words.fold(text) in {"keine angabe", ""}:
        return None
    hours = read_hours(text, ("de",))
    if hours is None:
        row.remark(
            "hours-unreadable", "hours",
            "Left out: enter 247, or a day for each time as in 'Montag; Dienstag' and "
            "'08:00-18:00; 08:00-18:00'.", Severity.WARNING,
        )  # fmt: skip
    return hours
