"""France: static IRVE data, one row per charging point (schema 2.3; CSV, or the same as XLSX).

How rows become Locations, decided on the consolidation of 63,120 points of April 2026:

* Location = `id_station_itinerance`, EVSE = `id_pdc_itinerance`, party = their first five letters.
  A station outside roaming ("Non concerné") has its local id, and the one party that the file's
  other ids name. Rows of a station need not stand together; its first row speaks for it.
* `puissance_nominale` is the point's power, not a plug's (see `point_plugs`). Over 4,000 it can
  only be watts; under 0.5 kW it is no power.
* Prices are free text: they are remarked on, row by row, and not published.
* `num_pdl`, the electricity delivery point, never leaves: its cell is dropped before anything is
  kept, and where operators have written the number elsewhere, in station ids too, it is taken out
  (`irve_secrets`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from nop_ingest.formats.irve import vocabulary as irve
from nop_ingest.formats.irve.secrets import Secrets
from nop_ingest.formats.irve.stations import Point, location_of
from nop_ingest.reading.moments import parse_moment
from nop_ingest.reading.point_plugs import connectors_of
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.refused import Refused
from nop_ingest.reading.row_groups import RowGroups
from nop_ingest.reading.table_rows import Row, Unheld, about_columns, is_nothing
from nop_ingest.reading.tables import BadCell, find_bad_cell, parse_number
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    RefusedRow,
    UploadFormat,
)
from nop_ingest.report import Rejection
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput
from nop_registry.records import DisplayText, EvseParking, EvseRecord

_MOST_KW = 4_000  # megawatt charging ends at 3,750 kW
_LEAST_W = 500
_CAPABILITIES = ("CREDIT_CARD_PAYABLE", "DEBIT_CARD_PAYABLE", "PED_TERMINAL")


class _Station(NamedTuple):
    """What rows are gathered by."""

    party: tuple[str, str] | None
    id: str


def sniff(file: ReceivedFile) -> bool:
    """By the ids of station and point in the header row."""
    return file.find_table(_is_header) is not None


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when a required column is missing."""
    table = file.find_table(_is_header)
    if table is None:
        raise InvalidInput("this is no static IRVE file: its id columns are missing")
    names = irve.name_columns(table.header)
    if missing := [name for name in irve.REQUIRED if name not in names]:
        raise InvalidInput(f"columns are missing: {', '.join(missing)}")
    for notice in table.notices:
        yield FileNotice(notice)
    yield from about_columns(names, irve.READ, irve.UNHELD)
    groups: RowGroups[_Station] = RowGroups()
    parties: set[tuple[str, str]] = set()
    bad: dict[int, BadCell] = {}
    for number, texts in table.rows:
        if len(texts) > len(names):
            # Cells stand in wrong columns: any of them may be a delivery point, so none is shown.
            long = find_bad_cell(texts, names)
            assert long is not None  # noqa: S101 - that is the first thing it looks for
            yield RefusedRow(Rejection(long.code, long.column, long.message, None, number))
            continue
        cells = dict(zip(names, texts, strict=True))
        station = _station(cells)
        if station is None:
            yield RefusedRow(_no_station(cells, number))
            continue
        if found := find_bad_cell(texts, names):
            bad[number] = found
        if station.party:
            parties.add(station.party)
        groups.add(station, number, texts)
    yield from _stations(groups, names, parties, bad)


def _is_header(cells: Sequence[str]) -> bool:
    return {irve.STATION_ID, irve.POINT_ID} <= set(irve.name_columns(cells))


def _station(cells: dict[str, str]) -> _Station | None:
    roaming = irve.roaming_id(cells[irve.STATION_ID])
    local = cells.get(irve.LOCAL_STATION_ID, "").strip()
    found = roaming or local
    if not found:
        return None
    point = irve.roaming_id(cells[irve.POINT_ID])
    return _Station(irve.party_of(roaming, point, irve.roaming_id(local)), found)


def _no_station(cells: dict[str, str], number: int) -> Rejection:
    return Rejection(
        "station-id-missing", irve.STATION_ID,
        "Enter the station's AFIREV id, or, if it is not open to roaming, an id_station_local.",
        cells[irve.STATION_ID], number,
    )  # fmt: skip


def _stations(
    groups: RowGroups[_Station],
    names: list[str],
    parties: set[tuple[str, str]],
    bad: dict[int, BadCell],
) -> Iterator[Parsed]:
    only = next(iter(parties)) if len(parties) == 1 else None
    seen: dict[str, int] = {}
    unheld = Unheld()
    for station, rows in groups:
        cells_of = [(number, dict(zip(names, texts, strict=True))) for number, texts in rows]
        party = station.party or only
        if party is None:
            for number, cells in cells_of:
                yield RefusedRow(
                    Rejection(
                        "party-missing", irve.STATION_ID,
                        "No id here begins with an operator's AFIREV prefix such as FRABC, and the "
                        "file has several operators: enter the prefix with the ids.",
                        cells[irve.STATION_ID], number,
                    )
                )  # fmt: skip
            continue
        secrets = Secrets(cells.get(irve.SECRET, "") for _, cells in cells_of)
        where = (*party, secrets.hidden_in_id(station.id))
        points: list[Point] = []
        refused: list[Rejection] = []
        for number, cells in cells_of:
            row = secrets.row_without(number, cells)
            try:
                points.append(_point(row, station.id, bad.get(number), secrets, seen))
            except Refused as why:
                refused.append(why.rejection(number))
        place = next((p.place for p in points if p.place), None)
        if place is None:
            refused += [_no_place(point.row) for point in points]
        else:
            yield location_of(where, place, points, _spoilt(refused))
            for point in points:
                _count_unheld(point.row, unheld)
        for rejection in refused:
            yield RefusedRow(rejection, where)
    yield from unheld.notices()


def _count_unheld(row: Row, unheld: Unheld) -> None:
    place = row.text(irve.KIND_OF_PLACE)
    if place and place not in irve.HELD_PLACES:
        unheld.add(irve.KIND_OF_PLACE, place)
    access = row.text(irve.ACCESS)
    if access and not is_nothing(access) and access.casefold() not in irve.HELD_ACCESS:
        unheld.add(irve.ACCESS, access)


def _spoilt(refused: list[Rejection]) -> bool:
    return any(rejection.code != "point-repeated" for rejection in refused)


def _no_place(row: Row) -> Rejection:
    return Rejection(
        "coordinate-unreadable", irve.COORDINATES,
        "Enter longitude and latitude as in [2.3488, 48.8534].",
        row.cells[irve.COORDINATES], row.number,
    )  # fmt: skip


def _point(
    row: Row, station_id: str, bad: BadCell | None, secrets: Secrets, seen: dict[str, int]
) -> Point:
    if bad:
        raise Refused(bad.code, bad.column, bad.message, row.cells.get(bad.column))
    given = row.cells[irve.POINT_ID]
    evse_id = irve.roaming_id(given)
    uid = evse_id or row.text(irve.LOCAL_POINT_ID)
    if uid is None:
        raise Refused(
            "point-id-missing", irve.POINT_ID,
            "Enter the point's AFIREV id, or, if it is not open to roaming, an id_pdc_local.",
        )  # fmt: skip
    name = evse_id or f"{station_id}\x1f{uid}"
    first = seen.setdefault(name.casefold(), row.number)
    if first != row.number:
        raise Refused(
            "point-repeated", irve.POINT_ID if evse_id else irve.LOCAL_POINT_ID,
            f"Row {first} has the same point. Keep the row that is right.", uid,
        )  # fmt: skip
    if evse_id and evse_id != given.strip():
        row.remark("id-spelling", irve.POINT_ID, f"Read as {evse_id}.")
    place = irve.read_point(row.cells[irve.COORDINATES])
    if place is None:
        row.remark(
            "coordinate-unreadable", irve.COORDINATES,
            "The coordinates of the station's other rows are used. Enter longitude and latitude as "
            "in [2.3488, 48.8534].", Severity.WARNING,
        )  # fmt: skip
    access = (row.text(irve.ACCESS) or "").casefold()
    two_wheels = row.flag(irve.TWO_WHEELS) is True
    parking = irve.parking_of(access, _size(row), two_wheels)
    evse = _evse(row, secrets.hidden_in_id(uid), evse_id)
    restrictions: tuple[str, ...] = ("MOTORCYCLES",) if two_wheels else ()
    restrictions += ("DISABLED",) if access == "réservé pmr" else ()
    if "clientèle" in row.cells.get(irve.KIND_OF_PLACE, ""):
        restrictions += ("CUSTOMERS",)
    if restrictions or parking:
        reached = (EvseParking(parking_id=parking.id),) if parking else ()
        evse = msgspec.structs.replace(evse, parking_restrictions=restrictions, parking=reached)
    return Point(row, place, evse, parking, _updated(row))


def _evse(row: Row, uid: str, evse_id: str | None) -> EvseRecord:
    plugs = irve.plugs_of(*(row.flag(name) is True for name in irve.PLUGS), row.flag(irve.CABLE))
    capabilities: tuple[str, ...] = _CAPABILITIES if row.flag(irve.CARD) else ()
    if row.flag(irve.BOOKABLE):
        capabilities += ("RESERVABLE",)
    remarks = row.text(irve.REMARKS)
    said = not is_nothing(remarks) and (remarks or "").casefold() not in {"aucun", "néant"}
    _remark_on_price(row)
    return EvseRecord(
        uid=uid,
        evse_id=evse_id,
        connectors=connectors_of(plugs, _power_w(row)),
        capabilities=capabilities,
        directions=(DisplayText(language="fr", text=remarks or ""),) if said else (),
    )


def _power_w(row: Row) -> int | None:
    kw = parse_number(row.cells[irve.POWER])
    if kw is None:
        row.remark(
            "power-unreadable", irve.POWER, "Left out: enter kW as in 22.08.", Severity.WARNING
        )
        return None
    if kw > _MOST_KW:
        kw /= 1000
        row.remark(
            "power-in-watts", irve.POWER,
            f"No point gives so many kW; read as watts, {kw:f} kW. Enter kW.", Severity.WARNING,
        )  # fmt: skip
    watts = round(kw * 1000)
    if not _LEAST_W <= watts <= _MOST_KW * 1000:
        row.remark(
            "power-implausible", irve.POWER,
            "Left out: a point gives 0.5 to 4,000 kW. Enter kW.", Severity.WARNING,
        )  # fmt: skip
        return None
    return watts


def _size(row: Row) -> str:
    text = row.text(irve.SIZE) or ""
    if not irve.says_no_size(text) and irve.parking_of("", text, two_wheels=False) is None:
        row.remark(
            "restriction-unreadable", irve.SIZE,
            "Left out: write limits as in 'Hauteur maximale 2m, Poids maximal 3.5t'.",
        )  # fmt: skip
    return text


_moment = lru_cache(maxsize=4096)(parse_moment)


def _updated(row: Row) -> datetime | None:
    moment = _moment(row.cells.get(irve.UPDATED, "").strip() or "-")
    if moment is None:
        row.remark(
            "date-unreadable", irve.UPDATED, "Enter a date as in 2026-04-30.", Severity.WARNING
        )
    return moment


def _remark_on_price(row: Row) -> None:
    price = row.text(irve.PRICE)
    if row.flag(irve.FREE):
        row.remark(
            "price-not-published", irve.FREE,
            "A file of stations has no tariffs, so that charging is free is not published: send a "
            "tariff of FLAT 0 for these points.",
        )  # fmt: skip
    elif not is_nothing(price) and (price or "").casefold() not in {"inconnu", "true", "false"}:
        row.remark(
            "price-not-published", irve.PRICE,
            "A price in words cannot be compared and is not published: send tariffs for these "
            "points.",
        )  # fmt: skip


FORMAT = UploadFormat(
    name="irve_static",
    title="France, static IRVE data (schema 2.3)",
    sniff=sniff,
    parse=parse,
    columns={
        "id": irve.STATION_ID,
        "name": irve.NAME,
        "address": irve.ADDRESS,
        "city": irve.ADDRESS,
        "postal_code": irve.ADDRESS,
        "coordinates": irve.COORDINATES,
        "operator": irve.OPERATOR,
        "opening_times": irve.HOURS,
        "opening_times.regular_hours": irve.HOURS,
        "help_phone": irve.PHONE,
        "last_updated": irve.UPDATED,
        "evses": irve.POINT_ID,
        "evses.uid": irve.POINT_ID,
        "evses.evse_id": irve.POINT_ID,
        "evses.coordinates": irve.COORDINATES,
        "evses.connectors": "prise_type_2",
        "evses.connectors.standard": irve.OTHER_PLUG,
        "evses.connectors.power_type": irve.POWER,
        "evses.connectors.max_electric_power": irve.POWER,
    },
    # `date_maj` is the day of the static data: as an EVSE's it would be that of a status.
    lacks=frozenset({"last-updated-missing", "tariff-missing", "time-zone-missing"}),
)
