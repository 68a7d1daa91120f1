from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.store.statuses import StatusWrite, store_statuses

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def claim(status: str, minutes: float, evse: int = 1) -> StatusWrite:
    return StatusWrite(evse, 10, Status(status), NOON + timedelta(minutes=minutes))


def held(connection: Connection) -> tuple[str, datetime] | None:
    return connection.execute("SELECT status::text, changed_at FROM evse_status").fetchone()


def test_a_first_status_is_one_event(connection: Connection) -> None:
    written = store_statuses(connection, 1, [claim("AVAILABLE", 0)], NOON)
    assert written.changed == 1 and written.unlisted == []  # no such location is public
    told = connection.execute("SELECT location_ids, evse_ids FROM change").fetchall()
    assert told == [([10], [1])]
    assert connection.execute("SELECT count(*) FROM status_event").fetchone() == (1,)


def test_a_heartbeat_moves_last_seen_and_makes_no_event(connection: Connection) -> None:
    store_statuses(connection, 1, [claim("AVAILABLE", 0)], NOON)
    later = NOON + timedelta(minutes=3)
    assert store_statuses(connection, 1, [claim("AVAILABLE", 3)], later).changed == 0
    assert held(connection) == ("AVAILABLE", NOON)
    assert connection.execute("SELECT received_at FROM evse_status").fetchone() == (later,)
    assert connection.execute("SELECT count(*) FROM status_event").fetchone() == (1,)


def test_a_late_status_does_not_undo_a_newer_heartbeat(connection: Connection) -> None:
    store_statuses(connection, 1, [claim("AVAILABLE", 0)], NOON)
    store_statuses(connection, 1, [claim("AVAILABLE", 4)], NOON)
    assert store_statuses(connection, 1, [claim("CHARGING", 2)], NOON).changed == 0
    assert held(connection) == ("AVAILABLE", NOON)


def test_a_claim_from_the_future_counts_as_now(connection: Connection) -> None:
    store_statuses(connection, 1, [claim("OUTOFORDER", 60 * 24 * 365)], NOON)
    assert held(connection) == ("OUTOFORDER", NOON)
    store_statuses(connection, 1, [claim("AVAILABLE", 1)], NOON + timedelta(minutes=1))
    assert held(connection) == ("AVAILABLE", NOON + timedelta(minutes=1))


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["AVAILABLE", "CHARGING", "OUTOFORDER"]), st.integers(-50, 4)),
        min_size=1,
        max_size=6,
        unique_by=lambda pair: pair[1],
    ).flatmap(lambda claims: st.tuples(st.just(claims), st.permutations(claims)))
)
def test_whatever_the_order_of_arrival_the_newest_claim_stands(
    connection: Connection, orders: tuple[list[tuple[str, int]], list[tuple[str, int]]]
) -> None:
    claims, shuffled = orders
    connection.execute("TRUNCATE evse_status, status_event")
    for status, minute in shuffled:
        store_statuses(connection, 1, [claim(status, minute)], NOON)
    newest = max(claims, key=lambda pair: pair[1])
    now = held(connection)
    assert now is not None and now[0] == newest[0]
