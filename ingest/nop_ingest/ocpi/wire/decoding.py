"""One object from its bytes: in one pass if it is well formed, else in parts."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from nop_ingest.context import Context
from nop_ingest.ocpi.wire.location import WireLocation, read_location
from nop_ingest.ocpi.wire.salvage import UNREADABLE, salvage
from nop_ingest.ocpi.wire.tariff import WireTariff, read_tariff
from nop_ingest.report import Finding
from nop_registry.records import LocationRecord, TariffRecord

_locations = msgspec.json.Decoder(WireLocation, strict=False)
_tariffs = msgspec.json.Decoder(WireTariff, strict=False, float_hook=Decimal)


def decode_location(
    raw: bytes | memoryview | msgspec.Raw, context: Context, findings: list[Finding]
) -> LocationRecord | None:
    """A Location as it was sent, not yet normalised; None with a Rejection if it is no object."""
    wire: WireLocation | None
    try:
        wire = _locations.decode(raw)
    except UNREADABLE:
        wire = salvage(raw, WireLocation, "location", findings)
        if wire is None:
            return None
    return read_location(wire, context, findings)


def decode_tariff(
    raw: bytes | memoryview | msgspec.Raw, context: Context, findings: list[Finding]
) -> TariffRecord | None:
    """A Tariff as it was sent, not yet normalised; None with a Rejection if its price could be
    misread."""
    wire: WireTariff | None
    try:
        wire = _tariffs.decode(raw)
    except UNREADABLE:
        wire = salvage(raw, WireTariff, "tariff", findings)
        if wire is None:
            return None
    return read_tariff(wire, context, findings)
