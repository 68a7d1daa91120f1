"""A source, a delivery and records to store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from nop_registry.database import Connection
from nop_registry.identifiers import object_number
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    LocationRecord,
)
from nop_registry.store import deliveries
from nop_registry.store.locations import LocationWrite

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def delivery(connection: Connection) -> deliveries.Delivery:
    row = connection.execute(
        """INSERT INTO source (name, kind, country_code, seen_at)
           VALUES ('try', 'ocpi', 'IN', now()) RETURNING id"""
    ).fetchone()
    assert row
    return deliveries.open_delivery(connection, row[0], "locations", "full")


@pytest.fixture
def a_location() -> Callable[..., LocationRecord]:
    """A location of two EVSEs; keyword arguments change it."""

    def build(**changes: Any) -> LocationRecord:
        evses = tuple(
            EvseRecord(
                uid=uid,
                evse_id=f"IN*TPC*E{uid}",
                status="AVAILABLE",
                last_updated=NOON,
                connectors=(
                    ConnectorRecord(
                        id="1",
                        standard="IEC_62196_T2_COMBO",
                        max_electric_power_w=60_000,
                        tariff_ids=("T1",),
                    ),
                ),
            )
            for uid in ("A1", "A2")
        )
        record = LocationRecord(
            country_code="IN",
            party_id="TPC",
            id="LOC1",
            lat=28.6139,
            lon=77.209,
            name="Connaught Place",
            country="IND",
            operator=BusinessDetails(name="Test Power"),
            evses=evses,
            last_updated=NOON,
        )
        return msgspec.structs.replace(record, **changes)

    return build


@pytest.fixture
def write(delivery: deliveries.Delivery) -> Callable[..., LocationWrite]:
    """A location as the store takes it."""

    def build(record: LocationRecord, *, partial: bool = False) -> LocationWrite:
        number = object_number(
            "location", delivery.source_id, record.country_code, record.party_id, record.id
        )
        return LocationWrite(number, record, b'{"id": "LOC1"}', partial)

    return build
