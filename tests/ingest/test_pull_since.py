"""How much a pull asks for, and when it is due: each module from its own last success."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

from operator_server import Operator, a_location, intercept, read

from nop_ingest.pull import PullReport
from nop_registry.database import Connection
from nop_registry.store import sources
from nop_registry.store.withdrawal import withdraw_source

Pull = Callable[..., PullReport]


def test_a_peer_that_ignores_date_from_is_read_whole_from_then_on(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-6, P5: everything came back, and it is older than what was asked for."""
    source_of()
    pull_it()

    def ignore(request: BaseHTTPRequestHandler) -> bool:
        request.path = request.path.replace("date_from", "ignored")
        return False

    intercept(operator, "/locations", ignore)
    report = pull_it()
    assert (
        report.modules[1].mode == "incremental"
        and "ignores date_from" in report.modules[1].notes[0]
    )
    assert pull_it().modules[1].mode == "full"


def test_a_peer_that_heeds_date_from_keeps_being_asked_in_part(
    operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-5: also when everything changed at once."""
    source_of()
    pull_it()
    now = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    operator.locations = [a_location(n, last_updated=now) for n in (1, 2, 3)]
    assert pull_it().modules[1].tally.objects == 3
    assert pull_it().modules[1].mode == "incremental"


def test_after_an_outage_everything_since_the_last_contact_is_asked_for(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-5, PU-14: less ten minutes; what failed in between moves nothing."""
    source_of()
    pull_it()
    contact = datetime.now(UTC) - timedelta(hours=5)
    connection.execute("UPDATE source SET last_success_at = %s", (contact,))
    operator.fail_after = 0
    assert pull_it().failed
    operator.fail_after = None
    assert not pull_it().failed
    asked = datetime.fromisoformat(operator.queries[-1]["date_from"])
    assert timedelta(minutes=10) <= contact - asked < timedelta(minutes=11)


def test_a_full_pull_is_made_again_when_it_is_due(
    connection: Connection, source_of: Any, pull_it: Pull
) -> None:
    """PU-5: removal by absence is common, so parts alone drift."""
    source_of()
    pull_it()
    assert pull_it().modules[1].mode == "incremental"
    connection.execute("UPDATE source SET last_full_at = now() - interval '25 hours'")
    assert pull_it().modules[1].mode == "full"


def test_an_operator_that_asks_for_a_rest_is_not_due_before(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-10: Retry-After beyond our patience; the next success ends it."""
    source_of()
    busy = True

    def rest(request: BaseHTTPRequestHandler) -> bool:
        if busy:
            request.send_response(429)
            request.send_header("Retry-After", "7200")
            request.send_header("Content-Length", "0")
            request.end_headers()
        return busy

    intercept(operator, "/locations", rest)
    assert pull_it().failed
    (wait_s,) = read(connection, "SELECT extract(epoch FROM not_before - now()) FROM source")[0]
    assert 7000 < wait_s <= 7200
    connection.execute("UPDATE source SET last_attempt_at = NULL")
    assert sources.list_sources_to_pull(connection) == []
    busy = False
    assert not pull_it().failed
    assert read(connection, "SELECT not_before FROM source") == [(None,)]


def test_tariffs_that_cannot_be_read_make_no_status_stale(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-2: the pull failed, but the locations came."""
    source_of()
    pull_it()
    age(connection)
    intercept(operator, "/tariffs", lambda request: request.send_error(500) or True)
    assert pull_it().failed
    now = "SELECT DISTINCT status::text FROM evse_status_now"
    assert read(connection, now) == [("AVAILABLE",)]
    age(connection)
    intercept(operator, "/locations", lambda request: request.send_error(500) or True)
    assert pull_it().failed and read(connection, now) == [("UNKNOWN",)]


def test_each_module_is_asked_from_its_own_last_success(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-5, PU-14: tariffs that fail cost the locations neither date nor pause, nor the token."""
    source_of()
    usual = operator.answer
    intercept(operator, "/tariffs", lambda request: request.send_error(401) or True)
    assert pull_it().modules[1].mode == "full"
    known = "SELECT last_full_at IS NOT NULL, last_success_at = last_full_at FROM source"
    assert read(connection, known) == [(True, True)]
    for _ in range(3):
        assert [m.mode for m in pull_it().modules] == ["full", "incremental"]
    told = read(connection, "SELECT state, failures, last_error LIKE 'tariffs: %' FROM source")
    assert told == [("active", 1, True)]
    operator.answer = usual  # type: ignore[method-assign]
    assert [m.mode for m in pull_it().modules] == ["full", "incremental"]
    assert read(connection, "SELECT failures FROM source") == [(0,)]
    connection.execute("UPDATE delivery SET started_at = started_at - interval '5 hours'")
    connection.execute("UPDATE source SET last_full_at = last_full_at - interval '5 hours'")
    intercept(operator, "/tariffs", lambda request: request.send_error(500) or True)
    assert pull_it().failed  # and the tariffs of the time of the outage are still to come
    operator.answer = usual  # type: ignore[method-assign]
    assert [m.mode for m in pull_it().modules] == ["incremental", "incremental"]
    asked = [datetime.fromisoformat(query["date_from"]) for query in operator.queries[-2:]]
    assert datetime.now(UTC) - asked[0] > timedelta(hours=5)
    assert datetime.now(UTC) - asked[1] < timedelta(minutes=20)


def test_a_full_pull_that_the_tariffs_missed_is_made_up_for(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-5: after a release, tariffs that were withdrawn do not wait for the next day's."""
    source_of()
    pull_it()
    with connection.transaction():
        withdraw_source(connection, "tpc", "at its wish")
        sources.release_source(connection, "tpc", accept_removal=False)
    usual = operator.answer
    intercept(operator, "/tariffs", lambda request: request.send_error(500) or True)
    assert pull_it().failed
    operator.answer = usual  # type: ignore[method-assign]
    assert [m.mode for m in pull_it().modules] == ["full", "incremental"]
    assert read(connection, "SELECT count(*) FROM tariff WHERE retired_at IS NULL") == [(1,)]
    assert [m.mode for m in pull_it().modules] == ["incremental", "incremental"]


def test_locations_are_held_for_a_person_though_the_tariffs_failed(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-4: and an approval serves for one delivery, whatever becomes of the tariffs."""
    operator.locations = [a_location(n) for n in range(40)]
    source_of()
    pull_it()
    operator.locations = operator.locations[:20]
    intercept(operator, "/tariffs", lambda request: request.send_error(500) or True)
    assert pull_it(full=True).failed
    state = "SELECT state, removal_approved, failures FROM source"
    assert read(connection, state) == [("held", False, 1)]
    with connection.transaction():
        sources.release_source(connection, "tpc", accept_removal=True)
    assert pull_it(full=True).modules[1].tally.retired == 20
    assert read(connection, state) == [("active", False, 1)]


def test_an_approved_removal_waits_for_the_pull_that_gets_there(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-4: what failed, or was not compared, has not used it up."""
    operator.locations = [a_location(n) for n in range(40)]
    source_of()
    pull_it()
    operator.locations = operator.locations[:20]
    assert pull_it(full=True).held
    with connection.transaction():
        sources.release_source(connection, "tpc", accept_removal=True)
    usual = operator.answer
    intercept(operator, "/locations", lambda request: request.send_error(500) or True)
    assert pull_it(full=True).failed
    operator.answer = usual  # type: ignore[method-assign]
    operator.page_size = 5
    operator.locations += operator.locations[:3]  # listed twice: some may have moved between pages
    assert "list-moved" in pull_it(full=True).modules[1].tally.notices
    approved = "SELECT state, removal_approved FROM source"
    assert read(connection, approved) == [("active", True)]
    del operator.locations[20:]
    assert pull_it(full=True).modules[1].tally.retired == 20
    assert read(connection, approved) == [("active", False)]


def age(connection: Connection) -> None:
    """Nobody has said anything of the statuses for a day."""
    connection.execute("UPDATE source SET seen_at = now() - interval '1 day'")
    connection.execute("UPDATE evse_status SET received_at = now() - interval '1 day'")
