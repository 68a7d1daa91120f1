from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest

from nop_registry.database import Connection
from nop_registry.records import LocationRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.locations import LocationWrite, store_locations

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Build = Callable[..., LocationRecord]
Write = Callable[..., LocationWrite]


def versions(connection: Connection) -> list[tuple[int, str]]:
    return connection.execute(
        "SELECT version, event FROM object_version ORDER BY version"
    ).fetchall()


def test_a_new_location_is_kept_with_its_evses_connectors_and_first_version(
    connection: Connection, delivery: Delivery, a_location: Build, write: Write
) -> None:
    written = store_locations(connection, delivery, [write(a_location())], NOON)
    assert len(written.created) == 1
    assert connection.execute("SELECT count(*) FROM evse").fetchone() == (2,)
    assert connection.execute("SELECT DISTINCT standard FROM connector").fetchall() == [
        ("IEC_62196_T2_COMBO",)
    ]
    assert versions(connection) == [(1, "created")]


def test_the_same_location_again_writes_nothing(
    connection: Connection, delivery: Delivery, a_location: Build, write: Write
) -> None:
    store_locations(connection, delivery, [write(a_location())], NOON)
    later = a_location(last_updated=NOON + timedelta(hours=1))  # P6: bumped for no reason
    written = store_locations(connection, delivery, [write(later)], NOON)
    assert len(written.unchanged) == 1
    assert versions(connection) == [(1, "created")]


def test_a_changed_name_makes_one_new_version_and_leaves_the_evses_alone(
    connection: Connection, delivery: Delivery, a_location: Build, write: Write
) -> None:
    store_locations(connection, delivery, [write(a_location())], NOON)
    before = connection.execute("SELECT ctid, xmin FROM evse ORDER BY id").fetchall()
    written = store_locations(connection, delivery, [write(a_location(name="CP"))], NOON)
    assert len(written.changed) == 1
    assert versions(connection) == [(1, "created"), (2, "changed")]
    assert connection.execute("SELECT ctid, xmin FROM evse ORDER BY id").fetchall() == before


def test_an_older_location_never_overwrites_a_newer_one(
    connection: Connection, delivery: Delivery, a_location: Build, write: Write
) -> None:
    store_locations(connection, delivery, [write(a_location(name="new"))], NOON)
    old = a_location(name="old", last_updated=NOON - timedelta(days=1))
    written = store_locations(connection, delivery, [write(old)], NOON)
    assert len(written.stale) == 1
    assert connection.execute("SELECT name FROM location").fetchone() == ("new",)


def test_an_evse_left_out_of_its_location_is_retired_and_its_status_ends(
    connection: Connection, delivery: Delivery, a_location: Build, write: Write
) -> None:
    record = a_location()
    store_locations(connection, delivery, [write(record)], NOON)
    shorter = msgspec.structs.replace(record, evses=record.evses[:1])
    store_locations(connection, delivery, [write(shorter)], NOON)
    assert connection.execute("SELECT uid FROM evse WHERE retired_at IS NOT NULL").fetchall() == [
        ("A2",)
    ]


def test_an_evse_that_could_not_be_read_keeps_its_last_good_version(
    connection: Connection, delivery: Delivery, a_location: Build, write: Write
) -> None:
    record = a_location()
    store_locations(connection, delivery, [write(record)], NOON)
    shorter = msgspec.structs.replace(record, evses=record.evses[:1])
    store_locations(connection, delivery, [write(shorter, partial=True)], NOON)
    assert connection.execute("SELECT count(*) FROM evse WHERE retired_at IS NULL").fetchone() == (
        2,
    )


def test_the_history_refuses_to_be_rewritten(
    connection: Connection, delivery: Delivery, a_location: Build, write: Write
) -> None:
    store_locations(connection, delivery, [write(a_location())], NOON)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute("UPDATE object_version SET event = 'created'")


@pytest.mark.parametrize(
    ("lat", "lon"), [("NaN", 77.2), (28.6, "Infinity"), (95.0, 77.2), (28.6, 181)]
)
def test_the_database_keeps_impossible_coordinates_out(
    connection: Connection,
    delivery: Delivery,
    a_location: Build,
    write: Write,
    lat: object,
    lon: object,
) -> None:
    record = a_location(lat=float(lat), lon=float(lon))  # type: ignore[arg-type]
    with pytest.raises(psycopg.errors.CheckViolation):
        store_locations(connection, delivery, [write(record)], NOON)
