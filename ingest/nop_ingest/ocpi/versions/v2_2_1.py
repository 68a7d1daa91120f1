"""OCPI 2.2.1, and 2.2, which differs only marginally for locations and tariffs."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.steps import normalise_location, normalise_tariff
from nop_ingest.ocpi.versions.version import OcpiVersion, Raw, peek
from nop_ingest.ocpi.wire.location import WireLocation, read_location
from nop_ingest.ocpi.wire.salvage import UNREADABLE, salvage
from nop_ingest.ocpi.wire.tariff import WireTariff, read_tariff
from nop_ingest.report import Finding
from nop_registry.records import LocationRecord, TariffRecord

_locations = msgspec.json.Decoder(WireLocation, strict=False)
_tariffs = msgspec.json.Decoder(WireTariff, strict=False, float_hook=Decimal)


def to_location(raw: Raw, context: Context) -> tuple[LocationRecord | None, list[Finding]]:
    """Decode a Location, normalise and check it: in one go if it is well formed, else in parts."""
    findings: list[Finding] = []
    wire: WireLocation | None
    try:
        wire = _locations.decode(raw)
    except UNREADABLE:
        wire = salvage(raw, WireLocation, "location", findings)
        if wire is None:
            return None, findings
    location, found = normalise_location(read_location(wire, context, findings), context)
    return location, findings + found


def to_tariff(raw: Raw, context: Context) -> tuple[TariffRecord | None, list[Finding]]:
    """Decode a Tariff, normalise and check it. Refused if its price could be misread."""
    findings: list[Finding] = []
    wire: WireTariff | None
    try:
        wire = _tariffs.decode(raw)
    except UNREADABLE:
        wire = salvage(raw, WireTariff, "tariff", findings)
        if wire is None:
            return None, findings
    record = read_tariff(wire, context, findings)
    if record is None:
        return None, findings
    tariff, found = normalise_tariff(record, context)
    return tariff, findings + found


VERSION = OcpiVersion(
    number="2.2.1",
    aliases=("2.2",),
    peek_location=peek,
    to_location=to_location,
    peek_tariff=peek,
    to_tariff=to_tariff,
)
