"""OICP 2.3 (Hubject): EVSE data and EVSE statuses as JSON, in the shapes in which they travel.

The operator's push (`OperatorEvseData`), the pulled answer (`EvseData`, or pages of `content`),
Switzerland's open data (`EVSEData`, `EVSEStatuses`) and a bare list. A row is one record, which is
one EVSE. What OICP leaves open:

* A Location is the charging pool, else the charging station, else the operator's records at the
  same point.
* Plugs and charging facilities are two lists. One facility belongs to every plug; else a facility
  belongs to the plug that has its place and its kind of current; else the strongest of that kind.
* A record marked `delete` is a tombstone. A test station is kept and not published.
* EVSE data have no price: "Free publicly accessible" says nothing of money, and OICP's pricing is a
  service of its own between partners. None is shown.
* `OutOfService` is out of order; `Occupied` is charging. A status has no time: it is as of its
  arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from nop_ingest.formats.oicp.records import Operator, Row, read_row, to_location
from nop_ingest.reading.json_fields import (
    Fields,
    fold,
    list_of,
    objects_of,
    read_object,
    text_of,
)
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.refused import Refused
from nop_ingest.reading.upload_format import Parsed, ParsedStatus, RefusedRow, UploadFormat
from nop_registry.enums import Status

_DATA, _STATUS = "evsedatarecord", "evsestatusrecord"
_MARKS = (b"EvseDataRecord", b"EVSEDataRecord", b"EvseStatusRecord", b"EVSEStatusRecord")
_OF_A_RECORD = (b'"ChargingFacilities"', b'"EvseStatus"', b'"EVSEStatus"')
_STATUSES = {
    "available": Status.AVAILABLE, "reserved": Status.RESERVED, "occupied": Status.CHARGING,
    "outofservice": Status.OUTOFORDER, "unknown": Status.UNKNOWN, "evsenotfound": Status.UNKNOWN,
}  # fmt: skip


def sniff(file: ReceivedFile) -> bool:
    """By names that only OICP has, in the first 64 KiB."""
    if not file.is_json:
        return False
    record = b'"EvseID"' in file.head and any(name in file.head for name in _OF_A_RECORD)
    return record or any(mark in file.head for mark in _MARKS)


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when the file is no JSON."""
    places: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for number, (record, operator) in enumerate(_records(file), start=1):
        fields = fold(record)
        try:
            if "evsestatus" in fields:
                yield _status(number, fields)
            else:
                row = read_row(number, record, fields, operator)
                places[row.place].append(row)
        except Refused as why:
            yield RefusedRow(why.rejection(number))
    for rows in places.values():
        made = to_location(rows)
        if isinstance(made, list):
            yield from made
        else:
            yield made


def _records(file: ReceivedFile) -> Iterator[tuple[dict[str, Any], Operator]]:
    """Each record, as it was written, and whose it is."""
    around: Operator | None = None
    for item in file.json_items():
        value = read_object(item.text)
        name = item.list_name.casefold()
        if value is None:
            if item.listed:
                yield {}, Operator()
        elif name in (_DATA, _STATUS, "content") or (not name and "EvseID" in value):
            around = around or _of_the_file(file)
            yield value, around
        else:
            yield from _records_in(value)


def _of_the_file(file: ReceivedFile) -> Operator:
    """The operator, where the file's own object is the block: it may stand behind the records."""
    named = (item for item in file.json_items() if not item.listed)
    return Operator.of({item.list_name.casefold(): item.text.strip('"') for item in named})


def _records_in(block: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Operator]]:
    """The records of a block, or of the blocks in it, however they are wrapped."""
    operator = Operator.of({k.casefold(): v for k, v in block.items() if isinstance(v, str)})
    for name, member in block.items():
        if name.casefold() in (_DATA, _STATUS):
            for record in list_of(member):
                yield (record if isinstance(record, dict) else {}), operator
        else:
            for inner in objects_of(member):
                yield from _records_in(inner)


def _status(number: int, record: Fields) -> ParsedStatus:
    evse_id, said = text_of(record.get("evseid")), text_of(record.get("evsestatus")) or ""
    if evse_id is None:
        raise Refused("evse-id-missing", "EvseID", "Say whose status this is.")
    status = _STATUSES.get(said.casefold().replace(" ", ""))
    if status is None:
        known = "Available, Reserved, Occupied, OutOfService or Unknown"
        raise Refused("status-unknown", "EvseStatus", f"Say {known}.", said)
    return ParsedStatus(row=number, evse_id=evse_id, status=status)


FORMAT = UploadFormat(
    name="oicp_json",
    title="OICP 2.3 EVSE data or EVSE status, JSON",
    sniff=sniff,
    parse=parse,
    in_parts=True,
    columns={
        "country_code": "EvseID",
        "party_id": "EvseID",
        "coordinates": "GeoCoordinates",
        "name": "ChargingStationNames",
        "address": "Address.Street",
        "city": "Address.City",
        "postal_code": "Address.PostalCode",
        "state": "Address.Region",
        "country": "Address.Country",
        "operator": "OperatorName",
        "opening_times": "OpeningTimes",
        "time_zone": "Address.TimeZone",
        "help_phone": "HotlinePhoneNumber",
        "last_updated": "lastUpdate",
        "evses.uid": "EvseID",
        "evses.evse_id": "EvseID",
        "evses.connectors": "Plugs",
        "evses.connectors.standard": "Plugs",
        "evses.connectors.max_electric_power": "ChargingFacilities.Power",
        "evses.connectors.max_voltage": "ChargingFacilities.Voltage",
        "evses.connectors.max_amperage": "ChargingFacilities.Amperage",
    },
    lacks=frozenset({"last-updated-missing", "tariff-missing", "time-zone-missing"}),
)
