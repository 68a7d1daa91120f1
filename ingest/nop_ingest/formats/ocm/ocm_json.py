"""Open Charge Map: the JSON of its API (version 3) and of its exports.

A row is a point of interest. How it becomes a Location with EVSEs:

* Open Charge Map lists connections with a quantity, and how many cars can charge at once
  (`NumberOfPoints`). Are there as many plugs as points, each plug is an EVSE. Are there more, plugs
  share EVSEs: the n-th EVSE has the n-th plug of each connection. Not stated: as many EVSEs as the
  most frequent connection has plugs, for connectors are never counted as EVSEs.
* "Operational" says that a point is not broken, not that it is free: the status stays UNKNOWN.
* All rows belong to the publisher, party OCM of the row's country; its operator is the operator.
  The compact answer has Open Charge Map's own country numbers only: such rows are refused.
* `UsageCost` is free text: read where it is a price and nothing else (`cost`), told else.
  Comments and media are people's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from nop_ingest.formats.ocm.cost import price_of
from nop_ingest.normalise import timestamps
from nop_ingest.normalise.countries import alpha_2, alpha_3
from nop_ingest.reading.json_fields import (
    Fields,
    bool_of,
    fields_of,
    fold,
    number_of,
    objects_of,
    read_object,
    text_of,
    whole_of,
)
from nop_ingest.reading.plug_vocabulary import iec_60309, power_type_of
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.refused import Refused
from nop_ingest.reading.simple_price import PricesInPassing
from nop_ingest.reading.upload_format import Parsed, ParsedLocation, RefusedRow, UploadFormat
from nop_ingest.report import Notice
from nop_registry.enums import ConnectorFormat, PowerType, Severity, Status
from nop_registry.errors import InvalidInput
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    DisplayText,
    EvseRecord,
    LocationRecord,
)

PARTY = "OCM"
MAX_EVSES = 500  # of one Location: a larger number is a mistake
_SOCKET, _CABLE = ConnectorFormat.SOCKET, ConnectorFormat.CABLE

_STANDARDS: dict[int, tuple[str, ConnectorFormat | None]] = {
    1: ("IEC_62196_T1", None), 2: ("CHADEMO", _CABLE), 3: ("DOMESTIC_G", _SOCKET),
    8: ("TESLA_R", None), 9: ("NEMA_5_20", _SOCKET), 10: ("NEMA_14_30", _SOCKET),
    11: ("NEMA_14_50", _SOCKET), 13: ("DOMESTIC_C", _SOCKET), 22: ("DOMESTIC_B", _SOCKET),
    23: ("DOMESTIC_E", _SOCKET), 25: ("IEC_62196_T2", _SOCKET), 26: ("IEC_62196_T3C", _SOCKET),
    27: ("SAE_J3400", _CABLE), 28: ("DOMESTIC_F", _SOCKET), 29: ("DOMESTIC_I", _SOCKET),
    30: ("TESLA_S", _CABLE), 32: ("IEC_62196_T1_COMBO", _CABLE),
    33: ("IEC_62196_T2_COMBO", _CABLE), 36: ("IEC_62196_T3A", _SOCKET),
    1036: ("IEC_62196_T2", _CABLE), 1037: ("DOMESTIC_J", _SOCKET), 1038: ("GBT_AC", _SOCKET),
    1039: ("GBT_AC", _CABLE), 1040: ("GBT_DC", _CABLE), 1043: ("DOMESTIC_M", _SOCKET),
    1044: ("CHAOJI", _CABLE),
}  # fmt: skip
_PHASES = {4: 1, 16: 1, 34: 1, 17: 3, 35: 3}  # of IEC 60309 sockets
_POWER_TYPES = {10: PowerType.AC_1_PHASE, 20: PowerType.AC_3_PHASE, 30: PowerType.DC}
_STATUSES = {  # any other number says nothing about the moment
    10: Status.AVAILABLE, 20: Status.CHARGING, 30: Status.INOPERATIVE, 100: Status.OUTOFORDER,
    150: Status.PLANNED, 200: Status.REMOVED, 210: Status.REMOVED,
}  # fmt: skip
_FIRST_DELISTED = 1000  # numbers of submission states from here on: not in the public list
_PERSONAL = frozenset({"UserComments", "MediaItems"})  # people's own words, names and pictures
_PRIVATE = 2  # usage type "Private - Restricted Access"
_FOR_CUSTOMERS = 6  # "Private - For Staff, Visitors or Customers"


class _Plug(NamedTuple):
    """One connection, and how many there are of it."""

    connector: ConnectorRecord
    quantity: int
    status: Status | None


def sniff(file: ReceivedFile) -> bool:
    """By names that only Open Charge Map has, in the first 64 KiB."""
    return file.is_json and b'"AddressInfo"' in file.head and b'"Connections"' in file.head


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when the file is no list of objects."""
    in_passing = PricesInPassing()
    for item in file.json_items():
        if item.list_name or not item.listed:
            raise InvalidInput("this is no list of points: send the whole answer, from [ to ]")
        key: tuple[str, str, str] | None = None
        try:
            point = read_object(item.text)
            if point is None:
                raise Refused("record-unreadable", "", "This is no readable object; export again.")
            fields = fold(point)
            key = _key(fields)
            kept = {name: value for name, value in point.items() if name not in _PERSONAL}
            made = _location(item.number, fields, msgspec.Raw(msgspec.json.encode(kept)), key)
            price = price_of(text_of(fields.get("usagecost")) or "", key[0])
            yield from in_passing.name_in(made, [price] * len(made.record.evses))
        except Refused as why:
            yield RefusedRow(why.rejection(item.number), key)


def _key(fields: Fields) -> tuple[str, str, str]:
    number = text_of(fields.get("id"))
    if number is None:
        raise Refused("id-missing", "ID", "Every point needs the ID that Open Charge Map gave it.")
    country = fields_of(fields_of(fields.get("addressinfo")).get("country"))
    given = text_of(country.get("isocode")) or text_of(country.get("title"))
    code = alpha_2(given) if given else None
    if code is None:
        raise Refused(
            "country-missing",
            "AddressInfo.Country",
            "The country's ISO code is not there: ask Open Charge Map with verbose=true and "
            "without compact=true.",
            given or text_of(fields_of(fields.get("addressinfo")).get("countryid")),
        )
    return code, PARTY, number


def _location(
    number: int, fields: Fields, raw: msgspec.Raw, key: tuple[str, str, str]
) -> ParsedLocation:
    if _is_delisted(fields):
        raise Refused(
            "delisted", "SubmissionStatus", "Open Charge Map took this point off its list."
        )
    address = fields_of(fields.get("addressinfo"))
    notices: list[Notice] = []
    evses = _evses(number, key[2], fields, notices)
    usage = _id(fields, "usagetype")
    if usage == _PRIVATE:
        notices.append(
            Notice(
                "location-not-public", Severity.INFO, "UsageType",
                "For private use only, so it is kept and not published.", None, number,
            )
        )  # fmt: skip
    cost = text_of(fields.get("usagecost"))
    if cost is not None and price_of(cost, key[0]) is None:
        notices.append(
            Notice(
                "price-not-published", Severity.INFO, "UsageCost",
                "A price in words cannot be compared and is not published: send tariffs for these "
                "points; a free one needs a tariff of FLAT 0.", cost[:200], number,
            )
        )  # fmt: skip
    lat, lon = number_of(address.get("latitude")), number_of(address.get("longitude"))
    if lat is None or lon is None:
        raise Refused(
            "coordinate-unreadable", "AddressInfo.Latitude", "Enter latitude and longitude."
        )
    access = text_of(address.get("accesscomments"))
    record = LocationRecord(
        country_code=key[0],
        party_id=key[1],
        id=key[2],
        lat=lat,
        lon=lon,
        publish=usage != _PRIVATE,
        name=text_of(address.get("title")),
        address=_joined(address, "addressline1", "addressline2"),
        city=text_of(address.get("town")),
        postal_code=text_of(address.get("postcode")),
        state=text_of(address.get("stateorprovince")),
        country=alpha_3(key[0]),
        operator=_operator(fields),
        directions=(DisplayText(language="und", text=access),) if access else (),
        help_phone=text_of(fields_of(fields.get("operatorinfo")).get("phoneprimarycontact")),
        evses=evses,
        last_updated=_moment(fields),
    )
    rows = ((number,),) * len(evses)
    return ParsedLocation(record, raw, (number,), rows, tuple(notices))


def _is_delisted(fields: Fields) -> bool:
    state = _id(fields, "submissionstatus") or _id(fields, "submissionstatustype") or 0
    live = bool_of(fields_of(fields.get("submissionstatus")).get("islive"))
    return live is False or state >= _FIRST_DELISTED


def _id(fields: Fields, name: str) -> int | None:
    """The number of a reference value, which stands beside it, in it, or both."""
    given = fields.get(f"{name}id")
    return whole_of(fields_of(fields.get(name)).get("id") if given is None else given)


def _moment(fields: Fields) -> datetime | None:
    return timestamps.parse(fields.get("datelaststatusupdate"))


def _joined(fields: Fields, *names: str) -> str | None:
    return ", ".join(text for name in names if (text := text_of(fields.get(name)))) or None


def _operator(fields: Fields) -> BusinessDetails | None:
    info = fields_of(fields.get("operatorinfo"))
    name = text_of(info.get("title"))
    if name is None or name.startswith("("):  # "(Unknown Operator)", "(Business Owner at Location)"
        return None
    return BusinessDetails(name=name, website=text_of(info.get("websiteurl")))


def _evses(
    number: int, location_id: str, fields: Fields, notices: list[Notice]
) -> tuple[EvseRecord, ...]:
    plugs = [
        _plug(place, connection)
        for place, connection in enumerate(objects_of(fields.get("connections")), start=1)
    ]
    if not plugs:
        raise Refused("connections-missing", "Connections", "Say which plugs there are.")
    total, most = sum(p.quantity for p in plugs), max(p.quantity for p in plugs)
    stated = whole_of(fields.get("numberofpoints"))
    if total > MAX_EVSES or (stated or 0) > MAX_EVSES:
        raise Refused(
            "points-implausible", "NumberOfPoints",
            f"At most {MAX_EVSES} points stand at one place.", str(max(total, stated or 0)),
        )  # fmt: skip
    if stated is not None and stated >= total:
        held = [[plug] for plug in plugs for _ in range(plug.quantity)]
    else:
        held = [[p for p in plugs if p.quantity > n] for n in range(max(stated or 1, most))]
        held = [members for members in held if members]
        if total > len(held):
            notices.append(
                Notice(
                    "connectors-share-one-evse", Severity.INFO, "NumberOfPoints",
                    f"More plugs ({total}) than cars can charge at once ({len(held)}): EVSEs with "
                    "several plugs.",
                    text_of(fields.get("numberofpoints")), number,
                )
            )  # fmt: skip
    if stated is not None and stated > len(held):
        notices.append(
            Notice(
                "points-without-plugs", Severity.WARNING, "NumberOfPoints",
                f"{stated} points, and plugs of {len(held)} only: those are taken.",
                str(stated), number,
            )
        )  # fmt: skip
    whole = _STATUSES.get(_id(fields, "statustype") or 0)
    restrictions = ("CUSTOMERS",) if _id(fields, "usagetype") == _FOR_CUSTOMERS else ()
    evses = []
    for n, members in enumerate(held, start=1):
        status = _status(whole, members)
        # Only who claims a status says since when: UNKNOWN as of a moment would be a claim, too.
        updated = None if status is Status.UNKNOWN else _moment(fields)
        connectors = tuple(member.connector for member in members)
        evses.append(
            EvseRecord(
                uid=f"{location_id}-{n}",
                status=status,
                connectors=connectors,
                last_updated=updated,
                parking_restrictions=restrictions,
            )
        )
    return tuple(evses)


def _status(whole: Status | None, members: list[_Plug]) -> Status:
    """That of its plugs where they have one and agree; without any, the whole point's."""
    own = {member.status for member in members if member.status is not None}
    if not own:
        return whole or Status.UNKNOWN
    return own.pop() if len(own) == 1 else Status.UNKNOWN


def _plug(place: int, connection: Fields) -> _Plug:
    amperes = whole_of(connection.get("amps"))
    kind = _id(connection, "connectiontype") or 0
    standard, plug_format = _STANDARDS.get(kind, (None, None))
    if kind in _PHASES:
        standard, plug_format = iec_60309(_PHASES[kind], amperes), _SOCKET
    if standard is None:
        standard = text_of(fields_of(connection.get("connectiontype")).get("title"))
        standard = standard or (f"Open Charge Map type {kind}" if kind else "")
    kilowatts = number_of(connection.get("powerkw"))
    stated = _POWER_TYPES.get(_id(connection, "currenttype") or 0)
    status = _id(connection, "statustype")
    return _Plug(
        ConnectorRecord(
            id=str(place),
            standard=standard,
            format=plug_format,
            power_type=power_type_of(standard, stated),
            max_voltage=whole_of(connection.get("voltage")),
            max_amperage=amperes,
            max_electric_power_w=whole_of(None if kilowatts is None else kilowatts * 1000),
        ),
        whole_of(connection.get("quantity")) or 1,
        None if status is None else _STATUSES.get(status, Status.UNKNOWN),
    )


FORMAT = UploadFormat(
    name="ocm_json",
    title="Open Charge Map JSON",
    sniff=sniff,
    parse=parse,
    columns={
        "id": "ID",
        "country": "AddressInfo.Country",
        "coordinates": "AddressInfo.Latitude",
        "name": "AddressInfo.Title",
        "address": "AddressInfo.AddressLine1",
        "city": "AddressInfo.Town",
        "postal_code": "AddressInfo.Postcode",
        "state": "AddressInfo.StateOrProvince",
        "operator": "OperatorInfo.Title",
        "last_updated": "DateLastStatusUpdate",
        "evses.connectors": "Connections",
        "evses.connectors.standard": "Connections.ConnectionType",
        "evses.connectors.max_voltage": "Connections.Voltage",
        "evses.connectors.max_amperage": "Connections.Amps",
        "evses.connectors.max_electric_power": "Connections.PowerKW",
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
