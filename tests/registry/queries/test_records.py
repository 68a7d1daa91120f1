"""Records come back from the registry as they went in, with the newest status."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.identifiers import object_number
from nop_registry.queries.records import read_locations, read_tariffs
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord, Record, TariffRecord
from nop_registry.store import deliveries
from nop_registry.store.locations import LocationWrite, evse_number, store_locations
from nop_registry.store.statuses import StatusWrite, store_statuses
from nop_registry.store.tariffs import TariffWrite, store_tariffs

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(
        st.characters(exclude_categories=("Cs",), exclude_characters="\x00"),
        min_size=1,
        max_size=12,
    ),
    datetime: st.datetimes(datetime(2020, 1, 1), datetime(2026, 11, 21), timezones=st.just(UTC)),
    Decimal: st.decimals(Decimal("-9999.9999"), Decimal("99999.9999"), places=4),
    int: st.integers(1, 2_000_000_000),
    float: st.floats(-80, 80).map(lambda value: value + 0.0),
    bool: st.booleans(),
}


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that a record has."""
    parts = get_args(hint)
    if get_origin(hint) is tuple:
        return st.lists(of_type(parts[0]), max_size=2).map(tuple)
    if parts:
        inner = [part for part in parts if part is not type(None)]
        return st.none() | of_type(inner[0])
    if issubclass(hint, Record):
        return record(hint)
    return st.sampled_from(hint) if issubclass(hint, Enum) else SIMPLE[hint]


def record(kind: type[Record], **given_fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any record of a kind, all of its fields."""
    hints = get_type_hints(kind)
    fields = {f.name: of_type(hints[f.name]) for f in msgspec.structs.fields(kind)}
    return st.builds(kind, **(fields | given_fields))


def _with_place(evse: EvseRecord) -> EvseRecord:
    """Coordinates come in pairs."""
    whole = evse.lat is not None and evse.lon is not None
    return evse if whole else msgspec.structs.replace(evse, lat=None, lon=None)


CONNECTORS = record(ConnectorRecord)
EVSES = record(
    EvseRecord,
    last_updated=SIMPLE[datetime],
    connectors=st.lists(CONNECTORS, max_size=2).map(tuple),
).map(_with_place)
LOCATIONS = record(
    LocationRecord,
    country_code=st.just("IN"),
    party_id=st.just("TPC"),
    last_updated=SIMPLE[datetime],
    evses=st.lists(EVSES, max_size=3, unique_by=lambda e: e.uid.casefold()).map(tuple),
)
TARIFFS = record(TariffRecord, last_updated=SIMPLE[datetime])


def _open(connection: Connection, module: str) -> deliveries.Delivery:
    row = connection.execute(
        """INSERT INTO source (name, kind, country_code, seen_at)
           VALUES ('try', 'ocpi', 'IN', now()) RETURNING id"""
    ).fetchone()
    assert row
    return deliveries.open_delivery(connection, row[0], module, "full")


def _store(connection: Connection, delivery: deliveries.Delivery, location: LocationRecord) -> int:
    source_id = delivery.source_id
    number = object_number("location", source_id, "IN", "TPC", location.id)
    write = LocationWrite(number, location, b"{}", partial=False)
    store_locations(connection, delivery, [write], NOON)
    claims = [
        StatusWrite(evse_number(source_id, location, e.uid), number, e.status, e.last_updated)
        for e in location.evses
    ]
    store_statuses(connection, source_id, claims, NOON)
    return number


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(location=LOCATIONS)
def test_a_location_comes_back_as_it_was_stored(
    connection: Connection, location: LocationRecord
) -> None:
    try:
        number = _store(connection, _open(connection, "locations"), location)
        assert read_locations(connection, [number, 1]) == {number: location}
    finally:
        connection.rollback()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tariff=TARIFFS)
def test_a_tariff_comes_back_as_it_was_stored(connection: Connection, tariff: TariffRecord) -> None:
    try:
        delivery = _open(connection, "tariffs")
        store_tariffs(connection, delivery, [TariffWrite(7, tariff, b"{}")], NOON)
        assert read_tariffs(connection, [7, 8]) == {7: tariff}
        connection.execute("UPDATE tariff SET retired_at = now()")
        assert read_tariffs(connection, [7]) == {}
    finally:
        connection.rollback()


@pytest.fixture
def stored(connection: Connection) -> tuple[int, LocationRecord, Callable[..., None]]:
    """A location of two EVSEs; and a function that stores it changed."""
    delivery = _open(connection, "locations")
    evses = tuple(
        EvseRecord(
            uid=uid,
            status=Status.AVAILABLE,
            last_updated=NOON,
            connectors=(ConnectorRecord(id="1", standard="CHADEMO"),),
        )
        for uid in ("A", "B")
    )
    location = LocationRecord(
        country_code="IN", party_id="TPC", id="L", lat=1.0, lon=2.0, evses=evses, last_updated=NOON
    )
    number = _store(connection, delivery, location)

    def store(**changes: Any) -> None:
        _store(connection, delivery, msgspec.structs.replace(location, **changes))

    return number, location, store


def test_the_newest_status_is_read_with_the_time_of_its_claim(
    connection: Connection, stored: tuple[int, LocationRecord, Callable[..., None]]
) -> None:
    number, location, _ = stored
    later = NOON + timedelta(minutes=3)
    delivery = connection.execute("SELECT source_id FROM location").fetchone()
    assert delivery
    claim = StatusWrite(evse_number(delivery[0], location, "B"), number, Status.CHARGING, later)
    store_statuses(connection, delivery[0], [claim], later)
    read = read_locations(connection, [number])[number]
    assert [(e.status, e.last_updated) for e in read.evses] == [
        (Status.AVAILABLE, NOON),
        (Status.CHARGING, later),
    ]
    assert read.last_updated == NOON  # its own: parents are raised when they are told


def test_an_evse_that_left_is_read_only_as_removed_and_only_on_demand(
    connection: Connection, stored: tuple[int, LocationRecord, Callable[..., None]]
) -> None:
    """RE-1, SE-4: consumers learn of it for a while."""
    number, location, store = stored
    store(evses=location.evses[:1])
    assert [e.uid for e in read_locations(connection, [number])[number].evses] == ["A"]
    read = read_locations(connection, [number], removed_since=NOON - timedelta(days=90))[number]
    assert [(e.uid, e.status) for e in read.evses] == [
        ("A", Status.AVAILABLE),
        ("B", Status.REMOVED),
    ]
    assert read.evses[1].connectors == location.evses[1].connectors
    long_ago = read_locations(connection, [number], removed_since=NOON + timedelta(days=1))
    assert [e.uid for e in long_ago[number].evses] == ["A"]


def test_a_missing_last_updated_is_the_time_of_receipt(
    connection: Connection, stored: tuple[int, LocationRecord, Callable[..., None]]
) -> None:
    number, location, store = stored
    evses = tuple(msgspec.structs.replace(e, last_updated=None) for e in location.evses)
    store(last_updated=None, name="New", evses=evses)
    read = read_locations(connection, [number])[number]
    assert read.name == "New" and read.last_updated == NOON
    assert [e.last_updated for e in read.evses] == [NOON, NOON]
