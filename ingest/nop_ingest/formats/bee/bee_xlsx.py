"""India: the public charging stations listed by the Bureau of Energy Efficiency (XLSX or CSV).

One row per charger: operator, ownership, state, district, place, address, coordinates, kind of
charger, kW of the charger, kW of a connector, number of connectors. No ids, status or price.

How rows become Locations and EVSEs, decided on the list of 39,640 rows of January 2025:

* Location = operator + coordinates (29,185 of them; the list's own name says 29,277). Its id is a
  hash of both, so the same file gives the same ids, and a mended address does not make a new
  station. The first row's address wins; another address is a notice on its row.
* A row is one EVSE. Identical rows are identical chargers (or outlets: a 10 kW charger with three
  outlets of 3.3 kW stands there as three rows), so each counts.
* A row with several connectors is several EVSEs only if its charger has the kW to feed all at once
  (142 kW = 60+60+22; 10 kW = 3 of 3.3): the row itself says so. Otherwise (60 kW, two connectors of
  60 kW) it is one EVSE with several connectors: connectors are never counted as EVSEs.
* An EVSE's uid is its Location's id, kind, kW and how manieth of that kind it is.
* All rows belong to the list's publisher, party IN-BEE; the row's operator is the operator.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import blake2b

import msgspec

from nop_ingest.formats.bee.vocabulary import OPERATORS, Outlet, find_state, outlets_of
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.table_rows import about_columns
from nop_ingest.reading.tables import find_bad_cell, parse_number
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    RefusedRow,
    UploadFormat,
)
from nop_ingest.report import Notice, Rejection
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput
from nop_registry.geo import BBox, Point
from nop_registry.records import BusinessDetails, ConnectorRecord, EvseRecord, LocationRecord

COLUMNS = (
    "CPO Name", "Govt/Private", "State", "District", "City/Village", "Location", "Latitude",
    "Longitude", "Types of Chargers Installed/ Connector", "Charger Rating", "Connector Rating",
    "No. of Connector",
)  # fmt: skip
(
    OPERATOR, OWNERSHIP, STATE, DISTRICT, CITY, ADDRESS, LATITUDE, LONGITUDE, KIND, CHARGER_KW,
    CONNECTOR_KW, CONNECTORS,
) = COLUMNS  # fmt: skip

INDIA = BBox(68.0, 6.0, 97.5, 37.5)  # a plausibility check, not a statement about a border

# What the PDF behind the list repeats in the address: ", , City=X,\nDistrict=Y, State=Z".
_REPEATED_COLUMNS = re.compile(r"[\s,]*\bCity=.*", re.DOTALL)
_PHONE = re.compile(
    r"(?:\b(?:ph|mob|mobile|phone|contact)\b[ .]*(?:no)?[ .:]*)?"
    r"(?<!\d)(?:\+?91[ -]?|0)?[6-9]\d{9}(?!\d)",
    re.ASCII | re.IGNORECASE,
)


_NO_CITY = {"", "-", "na", "n/a", "nil", "null", "none"}


class _Row(msgspec.Struct):
    """A usable row."""

    number: int
    cells: dict[str, str]
    operator: str
    point: Point
    outlets: list[Outlet]
    together: bool
    notices: list[Notice]


_Station = tuple[str, Point]
_Notify = Callable[..., None]


class _Refused(Exception):
    """Why nothing of a row was taken."""

    def __init__(self, code: str, column: str, message: str) -> None:
        self.code, self.column, self.message = code, column, message
        self.station: _Station | None = None


def sniff(file: ReceivedFile) -> bool:
    """By the header row: line breaks and blanks within it do not matter."""
    return file.table is not None and set(map(_squeeze, file.table.header)) >= set(COLUMNS)


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when a column is missing."""
    if file.table is None or not sniff(file):
        raise InvalidInput(
            "this is not the Bureau of Energy Efficiency's list: columns are missing"
        )
    names = [_squeeze(name) for name in file.table.header]
    for notice in file.table.notices:
        yield FileNotice(notice)
    yield from about_columns(names, COLUMNS, (OWNERSHIP,))
    stations: dict[_Station, list[_Row]] = defaultdict(list)
    spoilt: set[_Station] = set()
    for number, texts in file.table.rows:
        cells = dict(zip(names, texts, strict=False))
        try:
            if bad := find_bad_cell(texts, names):
                raise _Refused(bad.code, bad.column, bad.message)
            row = _read(number, cells)
        except _Refused as why:
            where = None
            if why.station:
                spoilt.add(why.station)
                where = ("IN", "BEE", _location_id(why.station))
            value = cells.get(why.column)
            yield RefusedRow(Rejection(why.code, why.column, why.message, value, number), where)
            continue
        stations[row.operator.casefold(), row.point].append(row)
    for station, rows in stations.items():
        yield _location(_location_id(station), rows, station in spoilt)


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _read(number: int, cells: dict[str, str]) -> _Row:
    notices: list[Notice] = []

    def notice(code: str, column: str, message: str, severity: Severity = Severity.INFO) -> None:
        notices.append(Notice(code, severity, column, message, cells[column], number))

    point = _point(cells)
    operator = _squeeze(cells[OPERATOR])
    if not operator:
        raise _Refused("operator-missing", OPERATOR, "Say whose charger this is.")
    operator = OPERATORS.get(operator.casefold(), operator)
    if operator != cells[OPERATOR]:
        notice("text-mended", OPERATOR, f"Broken by the page's column; read as {operator!r}.")
    state = _squeeze(cells[STATE])
    canonical = find_state(state)
    if canonical is None:
        notice(
            "state-unknown",
            STATE,
            "Not a state or union territory of India; kept as written. Correct the name.",
            Severity.WARNING,
        )
    elif canonical != state:
        notice("state-normalised", STATE, f"Read as {canonical!r}.")
    _look_at_texts(cells, notice)
    try:
        outlets, together = _outlets(cells, notice)
    except _Refused as why:
        why.station = operator.casefold(), point
        raise
    return _Row(number, cells, operator, point, outlets, together, notices)


def _point(cells: dict[str, str]) -> Point:
    for column in (LATITUDE, LONGITUDE):
        text = cells[column].strip()
        if text and set(text) == {"#"}:
            raise _Refused(
                "coordinate-unreadable",
                column,
                "The spreadsheet showed ##### because its column was too narrow, and that was "
                "saved. Enter the degrees again.",
            )
        if parse_number(text) is None:
            raise _Refused(
                "coordinate-unreadable", column, "Enter decimal degrees such as 28.613939."
            )
    lat, lon = (round(float(parse_number(cells[c]) or 0), 6) for c in (LATITUDE, LONGITUDE))
    if lat == lon:
        raise _Refused(
            "longitude-equals-latitude",
            LONGITUDE,
            "The longitude is a copy of the latitude. Enter the real longitude.",
        )
    if not (INDIA.west <= lon <= INDIA.east and INDIA.south <= lat <= INDIA.north):
        raise _Refused(
            "coordinates-outside-country",
            LONGITUDE if INDIA.south <= lat <= INDIA.north else LATITUDE,
            "The point is not in India. Enter the charger's own coordinates.",
        )
    return Point(lon, lat)


def _look_at_texts(cells: dict[str, str], notice: _Notify) -> None:
    for column in (CITY, ADDRESS, DISTRICT):
        if "\n" in cells[column]:
            notice(
                "text-mended",
                column,
                "A line break or repeated column names, left by the PDF, were taken out.",
            )
    if _PHONE.search(cells[ADDRESS]):
        notice(
            "personal-data-suspected",
            ADDRESS,
            "A mobile number stands in the address; it is not published. Take it out.",
            Severity.WARNING,
        )
    if cells[CITY].strip() and _city(cells) is None:
        what = "A number" if cells[CITY].strip().isdigit() else "A sign for nothing"
        notice("city-not-a-name", CITY, f"{what}, not a place; left out.", Severity.WARNING)


def _city(cells: dict[str, str]) -> str | None:
    city = _squeeze(cells[CITY])
    return None if city.isdigit() or city.casefold() in _NO_CITY else city


def _address(cells: dict[str, str]) -> str:
    text = _REPEATED_COLUMNS.sub("", cells[ADDRESS])
    return _squeeze(_PHONE.sub("", text)).strip(" ,")


def _outlets(cells: dict[str, str], notice: _Notify) -> tuple[list[Outlet], bool]:
    """The row's outlets, and whether all can be used at once."""
    charger = parse_number(cells[CHARGER_KW])
    ratings = [parse_number(part) for part in cells[CONNECTOR_KW].split("+")]
    if charger is None or not 0 < charger <= 4000:
        raise _Refused("power-unusable", CHARGER_KW, "Enter the charger's kW, over 0 to 4000.")
    if any(kw is None or not 0 < kw <= 4000 for kw in ratings):
        raise _Refused(
            "power-unusable", CONNECTOR_KW, "Enter kW, or kW of each outlet as in 60+60+22."
        )
    count = parse_number(cells[CONNECTORS])
    if count is None or count != int(count) or not 1 <= count <= 50:
        raise _Refused("connectors-unusable", CONNECTORS, "Enter a whole number from 1 to 50.")
    outlets = outlets_of(cells[KIND], [int((kw or 0) * 1000) for kw in ratings], int(count))
    if outlets is None:
        raise _Refused(
            "charger-kind-unreadable",
            KIND,
            "The kinds named here do not fit the number of outlets or their kW. "
            "Use one row for each kind.",
        )
    together = sum(outlet.power_w for outlet in outlets) <= charger * 1000
    if len(outlets) > 1 and together:
        notice(
            "row-with-several-evses",
            CONNECTORS,
            f"{len(outlets)} outlets that the charger can feed at once: taken as "
            f"{len(outlets)} EVSEs.",
        )
    elif len(outlets) > 1:
        notice(
            "connectors-share-one-evse",
            CONNECTORS,
            f"{len(outlets)} connectors need more than the charger's {charger} kW: taken as one "
            "EVSE. If cars can charge at once, give each outlet its own row.",
        )
    return outlets, together


def _location_id(station: _Station) -> str:
    operator, point = station
    identity = f"{operator}\x1f{point.lat:.6f}\x1f{point.lon:.6f}"
    return blake2b(identity.encode(), digest_size=6).hexdigest()


def _location(location_id: str, rows: list[_Row], partial: bool) -> ParsedLocation:
    first = rows[0]
    address = _address(first.cells)
    notices = [notice for row in rows for notice in row.notices]
    for row in rows[1:]:
        if _address(row.cells).casefold() != address.casefold():
            notices.append(
                Notice(
                    "location-conflict",
                    Severity.WARNING,
                    ADDRESS,
                    f"Row {first.number} has the same operator and coordinates and another "
                    "address; that one is used. Correct the coordinates or the address.",
                    row.cells[ADDRESS],
                    row.number,
                )
            )
    evses, evse_rows = _evses(location_id, rows)
    state = _squeeze(first.cells[STATE])
    record = LocationRecord(
        country_code="IN",
        party_id="BEE",
        id=location_id,
        lat=first.point.lat,
        lon=first.point.lon,
        address=address or None,
        city=_city(first.cells),
        district=_squeeze(first.cells[DISTRICT]) or None,
        state=find_state(state) or state or None,
        country="IND",
        operator=BusinessDetails(name=first.operator),
        evses=tuple(evses),
    )
    return ParsedLocation(
        record,
        msgspec.Raw(msgspec.json.encode([row.cells for row in rows])),
        tuple(row.number for row in rows),
        tuple(evse_rows),
        tuple(notices),
        partial,
    )


def _evses(location_id: str, rows: list[_Row]) -> tuple[list[EvseRecord], list[tuple[int, ...]]]:
    evses: list[EvseRecord] = []
    evse_rows: list[tuple[int, ...]] = []
    counted: dict[str, int] = defaultdict(int)
    for row in rows:
        groups = [[outlet] for outlet in row.outlets] if row.together else [row.outlets]
        for group in groups:
            kind = "+".join(f"{outlet.short_name}-{outlet.power_w / 1000:g}" for outlet in group)
            counted[kind] += 1
            connectors = tuple(
                ConnectorRecord(
                    id=str(n),
                    standard=outlet.standard,
                    format=outlet.format,
                    power_type=outlet.power_type,
                    max_electric_power_w=outlet.power_w,
                )
                for n, outlet in enumerate(group, start=1)
            )
            uid = f"{location_id}-{kind}-{counted[kind]}"
            evses.append(EvseRecord(uid=uid, connectors=connectors))
            evse_rows.append((row.number,))
    return evses, evse_rows


FORMAT = UploadFormat(
    name="bee_xlsx",
    title="India, Bureau of Energy Efficiency list (XLSX or CSV)",
    sniff=sniff,
    parse=parse,
    columns={
        "coordinates": LATITUDE,
        "address": ADDRESS,
        "city": CITY,
        "district": DISTRICT,
        "state": STATE,
        "evses.connectors": KIND,
        "evses.connectors.standard": KIND,
        "evses.connectors.max_electric_power": CONNECTOR_KW,
    },
    lacks=frozenset(
        {
            "evse-id-missing",
            "last-updated-missing",
            "opening-times-missing",
            "tariff-missing",
            "time-zone-missing",
        }
    ),
)
