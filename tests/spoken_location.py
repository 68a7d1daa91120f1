"""A Location as our Sender says it in each version: the smallest one, with what a test changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from nop_ingest.context import Context
from nop_ingest.ocpi.versions import find_version
from nop_ingest.ocpi.versions.version import Emitted, OcpiVersion
from nop_registry.enums import ConnectorFormat, PowerType, Status
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTEXT = Context(country="IN", received_at=NOON, default_country_code="IN", default_party_id="TPC")
PLUG = ConnectorRecord(
    id="1",
    standard="IEC_62196_T2",
    format=ConnectorFormat.SOCKET,
    power_type=PowerType.AC_3_PHASE,
    max_voltage=230,
    max_amperage=32,
    last_updated=NOON,
)
EVSE = EvseRecord(uid="E1", status=Status.AVAILABLE, last_updated=NOON, connectors=(PLUG,))
LOCATION = LocationRecord(
    country_code="IN",
    party_id="TPC",
    id="L1",
    lat=18.5,
    lon=73.8,
    address="1 Road",
    city="Pune",
    country="IND",
    time_zone="Asia/Kolkata",
    evses=(EVSE,),
    last_updated=NOON,
)


def version(number: str) -> OcpiVersion:
    found = find_version(number)
    assert found is not None
    return found


def say(number: str, may_refer: Callable[[str], bool] = lambda _: True, **changes: Any) -> Emitted:
    record = msgspec.structs.replace(LOCATION, **changes)
    return version(number).from_location(record, may_refer)


def say_plug(number: str, **changes: Any) -> Emitted:
    return say_evse(number, connectors=(msgspec.structs.replace(PLUG, **changes),))


def say_evse(number: str, **changes: Any) -> Emitted:
    return say(number, evses=(msgspec.structs.replace(EVSE, **changes),))


def document(said: Emitted) -> dict[str, Any]:
    assert said.document is not None, said.dropped
    return said.document


def plug_of(said: Emitted) -> dict[str, Any]:
    found: dict[str, Any] = document(said)["evses"][0]["connectors"][0]
    return found
