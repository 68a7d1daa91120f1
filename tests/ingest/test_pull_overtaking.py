"""Pushes and pages of one peer at the same time: neither undoes what is newer (PU-13)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from at_once import at_once
from operator_server import Operator, a_location, a_tariff, agree_on, an_evse, intercept, read

from nop_ingest.context import Context
from nop_ingest.module_pull import locations_of
from nop_ingest.ocpi.versions import find_version
from nop_ingest.pipeline import take_page
from nop_ingest.pull import PullReport
from nop_ingest.push import delete_tariff, put_location
from nop_ingest.push_rules import Address, Push
from nop_ingest.tally import Tally
from nop_registry.database import Connection, connect
from nop_registry.enums import Status
from nop_registry.store import deliveries
from nop_registry.store.statuses import StatusWrite, store_statuses

Pull = Callable[..., PullReport]


LATER, SAME = "2026-11-20T12:00:00Z", "2026-11-20T10:00:00Z"


def push_while_the_page_is_under_way(
    operator: Operator,
    database_url: str,
    push: Callable[[Connection], None],
    module: str = "/locations",
) -> None:
    def act(request: BaseHTTPRequestHandler) -> bool:
        with connect(database_url) as other:
            push(other)
        return False

    intercept(operator, module, act)


def push_location(connection: Connection, location: dict[str, Any]) -> None:
    version = find_version("2.2.1")
    row = connection.execute("SELECT id FROM source").fetchone()
    assert version and row
    delivery = deliveries.push_delivery(connection, row[0], "locations", version.number)
    context = Context(country="IN", received_at=datetime.now(UTC))
    raws = [json.dumps(location).encode()]
    take_page(connection, delivery, locations_of(version), raws, set(), Tally(), context)


@pytest.mark.parametrize(
    ("pushed", "paged", "stands"),
    [
        (LATER, SAME, "pushed"),
        (SAME, LATER, "paged"),
        (LATER, LATER, "pushed"),
        (None, None, "pushed"),
        (LATER, None, "pushed"),
    ],
    ids=["older page", "newer page", "equal", "both silent", "silent page"],
)
def test_a_page_does_not_undo_what_was_pushed_while_it_was_under_way(
    connection: Connection, database_url: str, operator: Operator, source_of: Any, pull_it: Pull,
    pushed: str | None, paged: str | None, stands: str,
) -> None:  # fmt: skip
    """PU-13: last_updated decides; where it is equal or missing, what arrived later."""
    agree_on(connection, source_of(), "INTPC")
    pull_it()
    operator.locations[0] = a_location(1, name="paged", last_updated=paged)
    sent = a_location(1, name="pushed", last_updated=pushed)
    for location, at in ((operator.locations[0], paged), (sent, pushed)):
        location["evses"] = [an_evse(1, n, last_updated=at) for n in (1, 2)]
    push_while_the_page_is_under_way(
        operator, database_url, lambda other: push_location(other, sent)
    )
    report = pull_it(full=True)
    assert not report.failed
    assert read(connection, "SELECT name FROM location WHERE ocpi_id = 'LOC1'") == [(stands,)]
    assert report.modules[1].tally.stale == (stands == "pushed")
    assert sum(getattr(report.modules[1].tally, n) for n in ("stale", "changed", "unchanged")) == 3


def test_a_page_that_was_asked_for_after_the_push_wins_a_tie(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-13: equal last_updated, and nothing was pushed meanwhile."""
    agree_on(connection, source_of(), "INTPC")
    pull_it()
    with connection.transaction():
        push_location(connection, a_location(1, name="pushed"))
    operator.locations[0] = a_location(1, name="paged")
    pull_it(full=True)
    assert read(connection, "SELECT name FROM location WHERE ocpi_id = 'LOC1'") == [("paged",)]


@pytest.mark.parametrize(
    ("pushed", "paged", "stands"),
    [
        (LATER, SAME, "OUTOFORDER"),
        (SAME, LATER, "CHARGING"),
        (LATER, LATER, "OUTOFORDER"),
        (None, None, "OUTOFORDER"),
    ],
    ids=["older page", "newer page", "equal", "both silent"],
)
def test_a_page_does_not_undo_a_status_that_was_pushed_while_it_was_under_way(
    connection: Connection, database_url: str, operator: Operator, source_of: Any, pull_it: Pull,
    pushed: str | None, paged: str | None, stands: str,
) -> None:  # fmt: skip
    """PU-13: per EVSE; the neighbour's status from the same page counts."""
    source = source_of()
    agree_on(connection, source, "INTPC")
    pull_it()
    evses = [
        an_evse(1, 1, status="CHARGING", last_updated=paged),
        an_evse(1, 2, status="CHARGING", last_updated=LATER),
    ]
    operator.locations[0] = a_location(1, evses=evses, last_updated=LATER)
    (number, uid, location), *_ = read(
        connection,
        "SELECT e.id, uid, location_id FROM evse e JOIN location l ON l.id = location_id"
        " WHERE ocpi_id = 'LOC1' ORDER BY uid",
    )
    assert uid == "1-1"
    at = None if pushed is None else datetime.fromisoformat(pushed)

    def push(other: Connection) -> None:
        now = datetime.now(UTC)
        store_statuses(
            other, source.id, [StatusWrite(number, location, Status.OUTOFORDER, at)], now
        )

    push_while_the_page_is_under_way(operator, database_url, push)
    pull_it(full=True)
    statuses = read(
        connection,
        f"SELECT status::text FROM evse_status WHERE location_id = {location} ORDER BY evse_id = "
        f"{number} DESC",
    )
    assert statuses == [(stands,), ("CHARGING",)]


@pytest.mark.parametrize("page_first", [True, False])
def test_a_new_location_that_a_page_and_a_push_bring_at_once_is_what_the_newer_says(
    connection: Connection, database_url: str, source_of: Any, page_first: bool
) -> None:
    """PU-13, RE-1: though neither sees the other's row before its commit."""
    source, asked_at = source_of(), datetime.now(UTC)
    connection.commit()
    version = find_version("2.2.1")
    assert version
    old = json.dumps(a_location(1, evses=[an_evse(1, 1), an_evse(1, 2)])).encode()
    new = json.dumps(a_location(1, last_updated=LATER, evses=[an_evse(1, 1)])).encode()

    def page(its: Connection) -> None:
        delivery = deliveries.open_delivery(its, source.id, "locations", "full")
        context = Context(country="IN", received_at=datetime.now(UTC), asked_at=asked_at)
        take_page(its, delivery, locations_of(version), [old], set(), Tally(), context)

    def push(its: Connection) -> None:
        sent = Push(source.id, source.name, version, "IN", datetime.now(UTC))
        assert put_location(its, sent, Address("IN", "TPC", "LOC1"), new).what == "taken"

    at_once(database_url, *((page, push) if page_first else (push, page)))
    live = "SELECT uid FROM evse WHERE retired_at IS NULL"
    assert read(connection, live) == [("1-1",)]
    clock = "SELECT last_updated::text LIKE '2026-11-20 12:00:00%' FROM location"
    assert read(connection, clock) == [(True,)]


@pytest.mark.parametrize("paged", [SAME, LATER], ids=["as deleted", "newer than what was deleted"])
def test_a_page_from_before_a_delete_does_not_revive_the_tariff_and_the_next_one_does(
    connection: Connection, database_url: str, operator: Operator, source_of: Any, pull_it: Pull,
    paged: str,
) -> None:  # fmt: skip
    """PU-13, RE-16: what the operator lists after its DELETE is its present word."""
    source = source_of()
    agree_on(connection, source, "INTPC")
    pull_it()
    operator.tariffs = [a_tariff(last_updated=paged)]
    version = find_version("2.2.1")
    assert version

    def delete(other: Connection) -> None:
        push = Push(source.id, source.name, version, "IN", datetime.now(UTC))
        assert delete_tariff(other, push, Address("IN", "TPC", "T1")).what == "taken"

    usual = operator.answer
    push_while_the_page_is_under_way(operator, database_url, delete, "/tariffs")
    assert pull_it(full=True).modules[0].tally.stale == 1
    assert read(connection, "SELECT retired_at IS NULL FROM tariff") == [(False,)]
    operator.answer = usual  # type: ignore[method-assign]
    assert pull_it(full=True).modules[0].tally.changed == 1
    assert read(connection, "SELECT retired_at IS NULL FROM tariff") == [(True,)]


def test_a_location_that_two_full_pulls_lacked_does_not_come_back_by_an_old_put(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-4, RE-8, RE-15: not newer than what was retired, it can only be a message sent again."""
    source = source_of()
    agree_on(connection, source, "INTPC")
    pull_it()
    gone = operator.locations.pop()
    for _ in range(2):
        pull_it(full=True)
    version = find_version("2.2.1")
    assert version
    push = Push(source.id, source.name, version, "IN", datetime.now(UTC))
    for sent, outcome in ((gone, "stale"), (gone | {"last_updated": LATER}, "taken")):
        with connection.transaction():
            address = Address("IN", "TPC", gone["id"])
            assert (
                put_location(connection, push, address, json.dumps(sent).encode()).what == outcome
            )
    assert read(connection, "SELECT count(*) FROM location WHERE retired_at IS NULL") == [(3,)]


def test_a_pushed_clock_does_not_block_the_pages_of_a_peer_that_never_bumps_its_locations(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-13, P6, RE-4: the EVSEs of the page tell how new it is."""
    agree_on(connection, source_of(), "INTPC")
    pull_it()
    with connection.transaction():
        connection.execute("UPDATE location SET last_updated = '2026-11-20T11:00:00Z'")
    evses = [an_evse(1, 1, last_updated=LATER), an_evse(1, 2)]
    operator.locations[0] = a_location(1, name="renamed", evses=evses)
    assert pull_it(full=True).modules[1].tally.changed == 1
    assert read(connection, "SELECT name FROM location WHERE ocpi_id = 'LOC1'") == [("renamed",)]


def test_a_second_full_pull_through_a_connection_writes_no_row(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-13: what is the same costs no write, though a push may overtake it."""
    operator.locations += [a_location(n, name="x" * 300) for n in range(4, 9)]  # with findings
    agree_on(connection, source_of(), "INTPC")
    pull_it()
    before = places_of_rows(connection)
    assert pull_it(full=True).modules[1].tally.unchanged == 8
    assert places_of_rows(connection) == before and before["location"]


def places_of_rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """By table, where each row version is and who wrote it; not of the books on deliveries."""
    tables = [
        name
        for (name,) in read(
            connection, "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'"
        )
        if name not in ("source", "delivery", "delivery_page")
    ]
    return {
        name: read(connection, f"SELECT ctid::text, xmin::text FROM {name} ORDER BY ctid")
        for name in tables
    }
