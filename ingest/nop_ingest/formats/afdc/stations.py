"""United States: stations of the Alternative Fuels Data Center (AFDC) out of its CSV files.

* Location = the AFDC's `ID`, party US-AFD: the list's publisher. The network is the operator; of a
  station without one ("Non-Networked") nobody is named.
* A port is an EVSE. The file of stations counts ports by level and names plugs for the whole
  station: each port gets the plugs of its level. The file of charging units has a row for each unit
  with its plugs and their kW: as many EVSEs as its most frequent plug.
* A price is free text and stays unpublished, with a remark. Private stations are not published.
* Rows of other fuels are refused, one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from nop_ingest.formats.afdc import vocabulary as afdc
from nop_ingest.reading.moments import parse_moment
from nop_ingest.reading.point_plugs import Plug, connectors_of
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.refused import Refused
from nop_ingest.reading.row_groups import RowGroups
from nop_ingest.reading.table_rows import Row, Unheld, about_columns, is_nothing
from nop_ingest.reading.tables import Table, find_bad_cell, parse_number
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    RefusedRow,
)
from nop_ingest.reading.week_hours import read_hours
from nop_ingest.report import Rejection
from nop_registry.enums import Severity, Status
from nop_registry.errors import InvalidInput
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    DisplayText,
    EvseRecord,
    Hours,
    LocationRecord,
)

PARTY = ("US", "AFD")
REQUIRED = ("fuel_type_code", "id", "latitude", "longitude")
LEVEL_COLUMNS = {"1": "ev_level1_evse_num", "2": "ev_level2_evse_num", "DC": "ev_dc_fast_count"}
UNIT_COLUMN = "ev_ccs_connector_count"
COLUMNS = {
    "id": "ID",
    "name": "Station Name",
    "address": "Street Address",
    "city": "City",
    "state": "State",
    "postal_code": "ZIP",
    "country": "Country",
    "coordinates": "Latitude",
    "operator": "EV Network",
    "opening_times": "Access Days Time",
    "opening_times.regular_hours": "Access Days Time",
    "help_phone": "Station Phone",
    "last_updated": "Updated At",
    "evses.connectors": "EV Connector Types",
    "evses.connectors.standard": "EV Connector Types",
    "evses.last_updated": "Updated At",
}
"""Column of each field."""
_SHORT = {"J1772": "T1", "J1772COMBO": "CCS", "CHADEMO": "CHA", "J3271": "MCS"}
_MOST_PORTS = 1000
_MOST_KW = 4_000
_encode = msgspec.json.Encoder().encode


class _Port(NamedTuple):
    """An EVSE and the row that has it."""

    evse: EvseRecord
    row: int


def find_header(file: ReceivedFile) -> list[str] | None:
    """Our names of the columns; None: this is none of the AFDC's files."""
    table = file.find_table(_is_header)
    return afdc.name_columns(table.header) if table else None


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when a required column is missing."""
    table = file.find_table(_is_header)
    if table is None:
        raise InvalidInput("this is no file of the AFDC: its header row is missing")
    names = afdc.name_columns(table.header)
    for notice in table.notices:
        yield FileNotice(notice)
    yield from _about_columns(table, names)
    own = dict(zip(names, table.header, strict=True))
    groups: RowGroups[str] = RowGroups()
    spoilt: set[str] = set()
    for number, texts in table.rows:
        row = Row(number, dict(zip(names, texts, strict=False)), [])
        try:
            _check(row, texts, names)
        except Refused as why:
            station = row.text("id")
            if station:
                spoilt.add(station)
            yield _refusal(why, row, own, (*PARTY, station) if station else None)
            continue
        groups.add(row.text("id") or "", number, texts)
    unheld = Unheld()
    for station, rows in groups:
        members = [Row(n, dict(zip(names, texts, strict=True)), []) for n, texts in rows]
        yield from _station(station, members, own, unheld, station in spoilt)
    yield from unheld.notices()


def _is_header(cells: Sequence[str]) -> bool:
    return set(REQUIRED) <= set(afdc.name_columns(cells))


def _about_columns(table: Table, names: list[str]) -> Iterator[FileNotice]:
    pairs = list(zip(table.header, names, strict=True))
    known = [head for head, name in pairs if name in afdc.READ or afdc.is_of_other_fuels(name)]
    return about_columns(table.header, known, [head for head, name in pairs if name in afdc.UNHELD])


def _refusal(
    why: Refused, row: Row, own: dict[str, str], where: tuple[str, str, str] | None
) -> RefusedRow:
    value = why.value if why.value is not None else row.cells.get(why.column)
    column = own.get(why.column, why.column)
    return RefusedRow(Rejection(why.code, column, why.message, value, row.number), where)


def _check(row: Row, texts: list[str], names: list[str]) -> None:
    """Raises Refused."""
    if bad := find_bad_cell(texts, names):
        raise Refused(bad.code, bad.column, bad.message, bad.value)
    if (row.text("fuel_type_code") or "").upper() != "ELEC":
        raise Refused(
            "not-electric", "fuel_type_code",
            "This station sells another fuel. Choose 'Electric' when you download the list.",
        )  # fmt: skip
    if row.text("id") is None:
        raise Refused("station-id-missing", "id", "Enter the station's number at the AFDC.")
    for column in ("latitude", "longitude"):
        if parse_number(row.cells[column]) is None:
            raise Refused(
                "coordinate-unreadable", column, "Enter decimal degrees such as 39.740800."
            )


def _station(
    station: str, rows: list[Row], own: dict[str, str], unheld: Unheld, partial: bool
) -> Iterator[Parsed]:
    first = rows[0]
    units = UNIT_COLUMN in first.cells
    taken = rows if units else rows[:1]
    for row in () if units else rows[1:]:
        why = Refused(
            "station-repeated", "id", f"Row {first.number} has the same number. Keep one row."
        )
        yield _refusal(why, row, own, (*PARTY, station))
    ports: list[_Port] = []
    counted: dict[str, int] = {}
    for row in taken:
        common = _common(row, unheld)
        for plugs, mark in _unit_ports(row) if units else _level_ports(row):
            counted[mark] = counted.get(mark, 0) + 1
            uid = f"{station}-{mark}-{counted[mark]}"
            evse = msgspec.structs.replace(common, uid=uid, connectors=plugs)
            ports.append(_Port(evse, row.number))
        if not any(port.row == row.number for port in ports):
            ports.append(
                _Port(msgspec.structs.replace(common, uid=f"{station}-{row.number}"), row.number)
            )
    record = _location(station, first, tuple(port.evse for port in ports), unheld)
    notices = (notice for row in taken for notice in row.notices)
    yield ParsedLocation(
        record,
        msgspec.Raw(_encode([{own[n]: text for n, text in r.cells.items()} for r in taken])),
        tuple(row.number for row in taken),
        tuple((port.row,) for port in ports),
        tuple(msgspec.structs.replace(n, path=own.get(n.path, n.path)) for n in notices),
        partial,
    )


def _common(row: Row, unheld: Unheld) -> EvseRecord:
    """What all ports of a row have alike."""
    code = row.text("status_code") or "E"
    status = afdc.STATUSES.get(code.upper())
    if status is None:
        row.remark(
            "status-unreadable", "status_code", "Taken as unknown. Enter E, P or T.",
            Severity.WARNING,
        )  # fmt: skip
    restricted = row.flag("restricted_access") is True
    return EvseRecord(
        uid="",
        status=status or Status.UNKNOWN,
        last_updated=parse_moment(row.cells.get("updated_at", "").strip() or "-"),
        capabilities=_capabilities(row, unheld),
        parking_restrictions=("CUSTOMERS",) if restricted else (),
    )


def _capabilities(row: Row, unheld: Unheld) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for word in row.cells.get("cards_accepted", "").split():
        if word.upper() in afdc.CREDIT_CARDS or word.casefold() == "credit":
            found[afdc.CREDIT] = None
        elif word.casefold() == "debit":
            found[afdc.DEBIT] = None
        else:
            unheld.add("Cards Accepted", word)
    return tuple(found)


def _level_ports(row: Row) -> Iterator[tuple[tuple[ConnectorRecord, ...], str]]:
    """Ports of a row that counts them by level."""
    counts = {level: _count(row, column) for level, column in LEVEL_COLUMNS.items()}
    levels = frozenset(level for level, count in counts.items() if count)
    codes = re.split(r"[\s,;]+", (row.text("ev_connector_types") or "").upper())
    for code in codes:
        if code and code not in afdc.PLUGS:
            row.remark(
                "plug-unknown", "ev_connector_types",
                f"Left out, as the AFDC has no connector type {code[:40]!r}.", Severity.WARNING,
            )  # fmt: skip
    if not levels:
        row.remark(
            "ports-missing", LEVEL_COLUMNS["2"],
            "No port is counted at any level: enter how many there are.", Severity.WARNING,
        )  # fmt: skip
    elif len(levels) > 1 or sum(code in afdc.PLUGS for code in codes) > 1:
        row.remark(
            "plugs-of-station",
            "ev_connector_types",
            "Plugs are named for the whole station: each port was given those of its level.",
        )
    for level in sorted(levels):
        connectors = connectors_of(afdc.plugs_at(level, codes, levels=levels), None)
        mark = f"L{level}" if level.isdecimal() else level
        for _ in range(counts[level]):
            yield connectors, mark


def _unit_ports(row: Row) -> Iterator[tuple[tuple[ConnectorRecord, ...], str]]:
    """Ports of a row that is one charging unit."""
    counts: dict[str, int] = {}
    power: dict[str, int | None] = {}
    for word, code in afdc.UNIT_PLUGS.items():
        counts[code] = _count(row, f"ev_{word}_connector_count")
        power[code] = _watts(row, f"ev_{word}_power_output_kw")
    if not any(counts.values()):
        yield from _level_ports(row)
        return
    for n in range(max(counts.values())):
        plugs = tuple(
            (afdc.PLUGS[code], power[code]) for code, count in counts.items() if n < count
        )
        mark = "+".join(_mark(plug, watts) for plug, watts in plugs)
        yield tuple(connectors_of((plug,), watts)[0] for plug, watts in plugs), mark


def _mark(plug: Plug, watts: int | None) -> str:
    name = _SHORT.get(plug.id, plug.id)
    return f"{name}-{watts / 1000:g}" if watts else name


def _count(row: Row, column: str) -> int:
    text = row.text(column)
    number = parse_number(text) if text else None
    if text and (number is None or number != int(number) or not 0 <= number <= _MOST_PORTS):
        row.remark(
            "count-unreadable", column,
            f"Left out: enter a whole number from 0 to {_MOST_PORTS}.", Severity.WARNING,
        )  # fmt: skip
        return 0
    return int(number or 0)


def _watts(row: Row, column: str) -> int | None:
    text = row.text(column)
    kw = parse_number(text) if text else None
    if text and (kw is None or not 0 < kw <= _MOST_KW):
        row.remark(
            "power-unreadable", column, f"Left out: enter kW, over 0 to {_MOST_KW}.",
            Severity.WARNING,
        )  # fmt: skip
        return None
    return round(kw * 1000) if kw else None


def _location(
    station: str, row: Row, evses: tuple[EvseRecord, ...], unheld: Unheld
) -> LocationRecord:
    country = (row.text("country") or "").upper()
    postal_code, plus4 = row.text("zip"), row.text("plus4")
    network = row.text("ev_network")
    named = network is not None and network.casefold() not in afdc.NO_NETWORK
    website = row.text("ev_network_web")
    agency = row.text("federal_agency_name")
    facility = (row.text("facility_type") or "").upper()
    facilities = (afdc.FACILITIES[facility],) if facility in afdc.FACILITIES else ()
    if facility and not facilities and facility not in afdc.PARKING_TYPES:
        unheld.add("Facility Type", facility)
    _remark_on_price(row)
    return LocationRecord(
        country_code=PARTY[0],
        party_id=PARTY[1],
        id=station,
        lat=float(parse_number(row.cells["latitude"]) or 0),
        lon=float(parse_number(row.cells["longitude"]) or 0),
        publish=_is_public(row),
        name=row.text("station_name"),
        address=row.text("street_address"),
        city=row.text("city"),
        postal_code=f"{postal_code}-{plus4}" if postal_code and plus4 else postal_code,
        state=row.text("state"),
        country=afdc.COUNTRIES.get(country, country),
        parking_type=afdc.PARKING_TYPES.get(facility),
        facilities=facilities,
        operator=BusinessDetails(name=network or "", website=website) if named else None,
        owner=BusinessDetails(name=agency) if agency else None,
        directions=_directions(row),
        opening_times=_hours(row),
        help_phone=row.text("station_phone"),
        last_updated=parse_moment(row.cells.get("updated_at", "").strip() or "-"),
        evses=evses,
    )


def _is_public(row: Row) -> bool:
    column = "access_code" if row.text("access_code") else "groups_with_access_code"
    private = afdc.PRIVATE.search(row.text(column) or "") is not None
    if private:
        row.remark("station-private", column, "Kept, and not shown to the public.")
    return not private


def _directions(row: Row) -> tuple[DisplayText, ...]:
    columns = (("en", "intersection_directions"), ("fr", "intersection_directions_french"))
    said = [(language, row.text(column)) for language, column in columns]
    return tuple(DisplayText(language=language, text=text) for language, text in said if text)


def _hours(row: Row) -> Hours | None:
    text = row.text("access_days_time")
    if text is None or is_nothing(text):
        return None
    hours = read_hours(text, ("en",))
    if hours is None:
        row.remark(
            "hours-unreadable", "access_days_time",
            "Left out: write '24 hours daily', or hours as in 'MO-FR 8:00am-5:00pm'.",
            Severity.WARNING,
        )  # fmt: skip
    return hours


def _remark_on_price(row: Row) -> None:
    price = row.text("ev_pricing")
    if not is_nothing(price):
        row.remark(
            "price-not-published", "ev_pricing",
            "A price in words cannot be compared and is not published: send tariffs for these "
            "ports; a free one needs a tariff of FLAT 0.",
        )  # fmt: skip
