"""OCPI JSON of any version: Locations and Tariffs in a list, in an answer's envelope, or in lines.

The version is found by what the objects say, since files do not tell: `tax_included` or
`parking_places` are 2.3.0's, `country_code` or `publish` came with 2.2, else it is 2.1.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from math import isnan
from typing import Any

import msgspec

from nop_ingest.context import Context
from nop_ingest.ocpi.versions import find_version
from nop_ingest.ocpi.versions.version import OcpiVersion
from nop_ingest.ocpi.wire.salvage import decode_loosely
from nop_ingest.reading.json_items import JsonItem
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    ParsedTariff,
    RefusedRow,
    UploadFormat,
)
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput

_LOOKED_AT = 300
_IN_2_3_0 = frozenset(
    {"parking_places", "help_phone", "parking", "accepted_service_providers", "tax_included"}
)
_SINCE_2_2 = frozenset(
    {"country_code", "party_id", "publish", "parking_type", "tariff_ids", "max_voltage",
     "max_amperage", "max_electric_power"}
)  # fmt: skip


_NOTHING = msgspec.Raw()


class _Shape(msgspec.Struct):
    """By what Locations and Tariffs are known, and our own Locations and GeoJSON told from them."""

    id: Any = None
    coordinates: Any = None
    evses: msgspec.Raw = _NOTHING
    elements: msgspec.Raw = _NOTHING
    lat: msgspec.Raw = _NOTHING
    properties: msgspec.Raw = _NOTHING

    @property
    def kind(self) -> str:
        """ "location", "tariff", or "" for neither."""
        if self.id is None or self.lat or self.properties:
            return ""
        if self.elements:
            return "tariff"
        return "location" if isinstance(self.coordinates, dict) or self.evses else ""


_shape = msgspec.json.Decoder(_Shape, strict=False)


def sniff(file: ReceivedFile) -> bool:
    """By the first objects of any of its lists, or by the file's one object."""
    return file.is_json and (
        any(_kind(item) for item in islice(file.json_items(), _LOOKED_AT)) or _is_single(file)
    )


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """Raises InvalidInput where it is no JSON."""
    version = _version(islice(_items(file), _LOOKED_AT))
    message = f"Read as OCPI {version.number}, which follows from the fields that are there."
    yield FileNotice(Notice("ocpi-version", Severity.INFO, "", message, version.number))
    context = Context(country="", received_at=datetime.now(UTC))
    lists = {"", "data"}
    for item in _items(file):
        if kind := _kind(item):
            lists.add(item.list_name)
            yield _parsed(item, kind, version, context)
        elif item.listed and item.list_name in lists:
            yield RefusedRow(
                Rejection(
                    "object-unknown", "",
                    "This is neither a Location (id, coordinates, evses) nor a Tariff (id, "
                    "elements).", item.text[:200], item.number,
                )
            )  # fmt: skip


def _items(file: ReceivedFile) -> Iterator[JsonItem]:
    return iter([file.json_whole()]) if _is_single(file) else file.json_items()


def _kind(item: JsonItem) -> str:
    """ "location", "tariff", or "" for neither: an item of a list, or an envelope's one object."""
    if not item.listed and item.list_name != "data":
        return ""
    try:
        return _shape.decode(item.text).kind
    except ValueError:  # NaN, half a character: decoding has a way with it
        return "location" if '"evses"' in item.text else ""


def _is_single(file: ReceivedFile) -> bool:
    """Whether the file is one Location or Tariff, not in a list."""
    names = {i.list_name for i in islice(file.json_items(), _LOOKED_AT)}
    return {"id"} < names and bool(names & {"coordinates", "elements"})


def _version(items: Iterable[JsonItem]) -> OcpiVersion:
    names: set[str] = set()
    for item in items:
        if _kind(item):
            names |= _names(decode_loosely(item.text.encode())[0])
    number = "2.3.0" if names & _IN_2_3_0 else "2.2.1" if names & _SINCE_2_2 else "2.1.1"
    version = find_version(number)
    if version is None:
        raise InvalidInput(f"OCPI {number} is not supported")
    return version


def _names(value: Any, depth: int = 3) -> set[str]:
    """The names of an object and of the objects in its lists: EVSEs and connectors."""
    if not isinstance(value, dict) or not depth:
        return set()
    found = {name for name, said in value.items() if said not in (None, [], "")}
    for name in ("evses", "connectors"):
        for member in value.get(name) or () if isinstance(value.get(name), list) else ():
            found |= _names(member, depth - 1)
    return found


def _parsed(item: JsonItem, kind: str, version: OcpiVersion, context: Context) -> Parsed:
    raw, rows = item.raw(), (item.number,)
    if kind == "tariff":
        tariff, findings = version.read_tariff(raw, context)
        if tariff is not None:
            return ParsedTariff(tariff, raw, rows, _notices(findings, item.number))
        key = version.peek_tariff(raw)
    else:
        location, findings = version.read_location(raw, context)
        if location is not None and (isnan(location.lat) or isnan(location.lon)):
            findings = [_UNPLACED]
        elif location is not None:
            evse_rows = (rows,) * len(location.evses)
            return ParsedLocation(location, raw, rows, evse_rows, _notices(findings, item.number))
        key = version.peek_location(raw)
    refused = next((f for f in findings if isinstance(f, Rejection)), None)
    if refused is None:
        refused = Rejection(f"{kind}-unreadable", "", f"This is not a {kind}.", item.text[:200])
    refused = msgspec.structs.replace(refused, row_no=item.number)
    who = (key.country_code or "", key.party_id or "", key.id) if key.id else None
    if kind == "tariff":
        return RefusedRow(refused, tariff=who)
    return RefusedRow(refused, location=who)


_UNPLACED = Rejection(
    "coordinates-missing", "coordinates",
    "latitude or longitude is missing or not a number: send both in decimal degrees",
)  # fmt: skip


def _notices(findings: list[Finding], row: int) -> tuple[Notice, ...]:
    """A part that was refused is a notice of the object that was taken without it."""
    return tuple(
        Notice(
            found.code,
            Severity.ERROR if isinstance(found, Rejection) else found.severity,
            found.path, found.message, found.value, row,
        )
        for found in findings
    )  # fmt: skip


FORMAT = UploadFormat(
    name="ocpi_json",
    title="OCPI Locations and Tariffs as JSON, versions 2.1.1 to 2.3.0",
    sniff=sniff,
    parse=parse,
)
