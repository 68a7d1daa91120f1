from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from operator_server import Operator, a_location, an_evse

from nop_ingest.ocpi.errors import ModuleMissing
from nop_ingest.pull import PullBusy, PullReport
from nop_registry.database import Connection, connect
from nop_registry.store import deliveries, sources

Pull = Callable[..., PullReport]


def locations(report: PullReport) -> dict[str, int]:
    return {
        name: value
        for name, value in zip(
            ("objects", "created", "changed", "unchanged", "stale", "repeated", "rejected"),
            [getattr(report.modules[1].tally, n) for n in
             ("objects", "created", "changed", "unchanged", "stale", "repeated", "rejected")],
            strict=True,
        )
        if value
    }  # fmt: skip


def count(connection: Connection, table: str, where: str = "true") -> int:
    row = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()  # type: ignore[arg-type]
    assert row
    return int(row[0])


def test_a_first_pull_brings_everything(connection: Connection, pull_now: Pull) -> None:
    """PU-1, PU-12: tariffs first, then locations."""
    report = pull_now()
    assert [m.state for m in report.modules] == ["complete", "complete"]
    assert locations(report) == {"objects": 3, "created": 3}
    assert count(connection, "site") == 3 and count(connection, "evse") == 6
    assert report.modules[1].tally.rejections == {} and report.modules[1].tally.notices == {}


def test_a_second_pull_of_the_same_data_writes_no_version(
    connection: Connection, pull_now: Pull
) -> None:
    pull_now()
    report = pull_now(full=True)
    assert locations(report) == {"objects": 3, "unchanged": 3}
    assert count(connection, "object_version") == 4  # three locations, one tariff
    assert count(connection, "status_event") == 6


def test_an_incremental_pull_asks_for_what_changed_and_writes_just_that(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    """PU-5, TR-40."""
    pull_now()
    now = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    operator.locations[1]["evses"][0] |= {"status": "CHARGING", "last_updated": now}
    operator.locations[1]["last_updated"] = now
    report = pull_now()
    assert report.modules[1].mode == "incremental" and "date_from" in operator.queries[-1]
    assert report.modules[1].tally.statuses == 1
    assert count(connection, "object_version") == 4  # a status makes no version
    assert connection.execute("SELECT sum(n_busy) FROM site").fetchone() == (1,)


def test_one_bad_evse_costs_neither_its_siblings_nor_its_last_good_version(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    """PU-2, PU-3, P9."""
    pull_now()
    operator.locations[0]["evses"][1] = {"status": "AVAILABLE"}  # lost its uid
    report = pull_now(full=True)
    assert report.modules[1].tally.evses_rejected == 1
    found = connection.execute(
        "SELECT path, message FROM finding WHERE outcome = 'rejected'"
    ).fetchall()
    assert [path for path, _ in found] == ["evses[1]"] and "uid" in found[0][1]
    assert count(connection, "evse", "retired_at IS NULL") == 6


def test_a_rejected_location_stays_in_the_report_until_it_is_mended(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    """PU-2, PU-4 (c): what was listed but refused is not missing."""
    good = operator.locations[2]
    operator.locations[2] = good | {"coordinates": {"latitude": "0", "longitude": "0"}}
    assert locations(pull_now()) == {"objects": 3, "created": 2, "rejected": 1}
    assert locations(pull_now(full=True)) == {"objects": 3, "unchanged": 2, "rejected": 1}
    operator.locations[2] = good
    assert locations(pull_now(full=True)) == {"objects": 3, "created": 1, "unchanged": 2}
    assert count(connection, "finding", "outcome = 'rejected'") == 0


def test_of_two_objects_with_one_id_the_newer_stands_and_pulls_do_not_flip(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    """PU-9, P20."""
    newer = a_location(1, name="Newer", last_updated="2026-11-20T11:00:00Z")
    operator.locations = [a_location(1, name="Older"), newer, a_location(2)]
    pull_now()
    versions = count(connection, "object_version")
    for _ in range(2):
        pull_now(full=True)
    name = connection.execute("SELECT name FROM location WHERE ocpi_id = 'LOC1'").fetchone()
    assert name == ("Newer",) and count(connection, "object_version") == versions


def test_of_three_objects_with_one_id_on_one_page_the_newest_stands(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    """PU-9, P20: wherever it is on the page."""
    dated = {"Older": 10, "Newest": 12, "Newer": 11}
    operator.locations = [
        a_location(1, name=name, last_updated=f"2026-11-20T{hour}:00:00Z")
        for name, hour in dated.items()
    ]
    report = pull_now()
    assert locations(report) == {"objects": 3, "created": 1, "changed": 1, "repeated": 1}
    assert connection.execute("SELECT name FROM location").fetchone() == ("Newest",)


def test_an_object_that_moves_between_pages_and_changes_its_status_is_no_duplicate(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    """PU-9, P20."""
    later = "2026-11-20T12:00:00Z"
    busy = [an_evse(1, n, status="CHARGING", last_updated=later) for n in (1, 2)]
    operator.locations.append(a_location(1, evses=busy, last_updated=later))
    report = pull_now()
    assert locations(report) == {"objects": 4, "created": 3, "repeated": 1}
    assert report.modules[1].tally.evses == 8 and report.modules[1].tally.evses_repeated == 2
    assert connection.execute("SELECT sum(n_busy) FROM site").fetchone() == (2,)


def test_what_is_missing_once_stays_and_what_is_missing_twice_is_retired(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    """PU-1, PU-4, P7: objects vanish without REMOVED."""
    pull_now()
    gone = operator.locations.pop()
    assert pull_now(full=True).modules[1].tally.missing == 1
    assert (
        count(connection, "site") == 3
        and count(connection, "location", "missing_since IS NOT NULL") == 1
    )
    assert pull_now(full=True).modules[1].tally.retired == 1
    assert count(connection, "site") == 2
    operator.locations.append(gone)
    assert locations(pull_now(full=True))["changed"] == 1
    events = connection.execute(
        "SELECT event FROM object_version JOIN location ON id = object_id"
        " WHERE ocpi_id = 'LOC3' ORDER BY object_version.version"
    ).fetchall()
    assert [event for (event,) in events] == ["created", "retired", "returned"]
    assert count(connection, "site") == 3


@pytest.mark.parametrize("spoilt", ["no object", {"name": "lost its id"}])
def test_what_came_without_an_id_may_be_what_is_missing_so_nothing_is_retired(
    connection: Connection, pull_now: Pull, operator: Operator, spoilt: Any
) -> None:
    """PU-4 (c): its last good version stays, though nobody confirms its status."""
    pull_now()
    good, operator.locations[2] = operator.locations[2], spoilt
    for _ in range(3):
        report = pull_now(full=True)
        tally = report.modules[1].tally
        assert (tally.nameless, tally.missing, tally.retired) == (1, 1, 0)
        assert "1 objects came without a usable id" in report.modules[1].notes[0]
    assert shown(connection)["LOC3"] == ({"UNKNOWN"}, {"UNKNOWN"})
    operator.locations.pop()
    assert pull_now(full=True).modules[1].tally.retired == 0  # the first that is sure
    operator.locations.append(good)
    assert pull_now(full=True).modules[1].tally.missing == 0
    assert "UNKNOWN" not in shown(connection)["LOC3"][1]


def test_an_approved_removal_waits_for_a_delivery_that_is_sure(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    """PU-4 (c), (d)."""
    operator.locations = [a_location(n) for n in range(40)]
    pull_now()
    operator.locations = [*operator.locations[:20], {"name": "lost its id"}]
    assert pull_now(full=True).held
    sources.release_source(connection, "tpc", accept_removal=True)
    assert pull_now(full=True).held and count(connection, "location", "retired_at IS NULL") == 40
    operator.locations.pop()
    assert pull_now(full=True).modules[1].tally.retired == 20


@pytest.mark.parametrize("left", [2, 0])
def test_the_status_of_what_is_missing_is_unknown_until_it_is_listed_again(
    connection: Connection, pull_now: Pull, operator: Operator, left: int
) -> None:
    """One station gone is missing; all gone is held: either way nobody confirms a status."""
    pull_now()
    before = shown(connection)
    gone, operator.locations = operator.locations, operator.locations[:left]
    pull_now(full=True)
    unlisted = {f"LOC{n}" for n in range(left + 1, 4)}
    for ocpi_id, (counted, told) in shown(connection).items():
        assert (counted, told) == (
            ({"UNKNOWN"}, {"UNKNOWN"}) if ocpi_id in unlisted else before[ocpi_id]
        )
    operator.locations = gone
    pull_now(full=True)
    assert shown(connection) == before


def shown(connection: Connection) -> dict[str, tuple[set[str], set[str]]]:
    """By location, the statuses that the map counts and those that its EVSEs have."""
    rows = connection.execute(
        """SELECT l.ocpi_id, array_remove(ARRAY[CASE WHEN s.n_available > 0 THEN 'AVAILABLE' END,
               CASE WHEN s.n_busy > 0 THEN 'CHARGING' END, CASE WHEN s.n_unknown > 0
               THEN 'UNKNOWN' END, CASE WHEN s.n_out > 0 THEN 'OUTOFORDER' END], NULL),
               (SELECT array_agg(status::text) FROM evse_status_now n WHERE n.location_id = l.id)
           FROM site_now s JOIN location l ON l.id = s.location_id"""
    ).fetchall()
    connection.commit()
    return {ocpi_id: (set(counted), set(told)) for ocpi_id, counted, told in rows}


@pytest.mark.parametrize("left", [0, 20])
def test_a_feed_that_loses_many_stations_is_held_for_a_person(
    connection: Connection, pull_now: Pull, operator: Operator, left: int
) -> None:
    """PU-4 (d), P2."""
    operator.locations = [a_location(n) for n in range(40)]
    pull_now()
    operator.locations = operator.locations[:left]
    for _ in range(3):
        report = pull_now(full=True)
    assert report.held is not None and "nop source release tpc --accept-removal" in report.held
    assert count(connection, "location", "retired_at IS NULL") == 40
    assert connection.execute("SELECT state FROM source").fetchone() == ("held",)
    sources.release_source(connection, "tpc", accept_removal=True)
    connection.commit()
    report = pull_now(full=True)
    assert report.held is None and report.modules[1].tally.retired == 40 - left
    assert count(connection, "location", "retired_at IS NULL") == left
    settled = connection.execute("SELECT state, removal_approved FROM source").fetchone()
    assert settled == ("active", False)


def test_a_pull_that_is_cut_off_goes_on_after_its_last_page(
    connection: Connection, pull_now: Pull, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nop_ingest.module_pull.BATCH_OBJECTS", 1)  # commit each page
    operator.locations = [a_location(n) for n in range(35)]
    operator.fail_after = 3  # the tariffs' page and two pages of locations
    assert pull_now().failed
    assert count(connection, "location") == 20
    operator.fail_after, operator.queries = None, []
    report = pull_now()
    offsets = [q.get("offset", "0") for q in operator.queries if q["module"] == "locations"]
    assert offsets == ["20", "30"]
    assert locations(report) == {"objects": 35, "created": 35}
    assert report.modules[1].tally.missing == 0 and count(connection, "location") == 35


def test_the_pages_before_one_that_fails_are_taken(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    operator.locations = [a_location(n) for n in range(35)]
    operator.fail_after = 3  # all pages would be one batch
    assert pull_now().failed
    assert count(connection, "location") == 20


def test_what_changed_while_a_cut_pull_waited_is_asked_for_by_the_next_one(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    operator.locations = [a_location(n) for n in range(35)]
    operator.fail_after = 3
    pull_now()
    begun = "now() - interval '50 minutes'"
    connection.execute(f"UPDATE delivery SET started_at = {begun} WHERE state = 'running'")
    operator.fail_after = None
    assert not pull_now().failed
    assert connection.execute(
        f"SELECT last_success_at <= {begun}, seen_at <= {begun} FROM source"
    ).fetchone() == (True, True)


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_cut_pull_of_a_peer_with_cursors_goes_on_or_begins_anew_when_they_are_forgotten(
    connection: Connection, pull_now: Pull, operator: Operator, forgotten: bool
) -> None:
    operator.locations = [a_location(n) for n in range(35)]
    operator.cursors, operator.fail_after = True, 3
    assert pull_now().failed
    operator.fail_after, operator.queries = None, []
    if forgotten:
        operator.forgotten = {"after-20"}
        assert pull_now().failed
        operator.forgotten, operator.queries = set(), []
    report = pull_now()
    first = next(q for q in operator.queries if q["module"] == "locations")
    assert ("cursor" in first) is not forgotten
    assert [m.error for m in report.modules] == [None, None]
    assert count(connection, "location") == 35


def test_a_peer_without_locations_is_no_success(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    operator.modules = ["tariffs"]
    with pytest.raises(ModuleMissing, match="no 'locations' module"):
        pull_now()
    assert connection.execute("SELECT failures, seen_at FROM source").fetchone() == (1, None)


def test_a_second_pull_at_the_same_time_says_so_and_counts_as_no_failure(
    connection: Connection, pull_now: Pull, database_url: str
) -> None:
    pull_now()
    row = connection.execute("SELECT id FROM source").fetchone()
    assert row
    with connect(database_url, autocommit=True) as other:
        assert deliveries.lock_source(other, row[0], "tariffs")
        with pytest.raises(PullBusy, match="tpc is being pulled now"):
            pull_now()
        deliveries.unlock_source(other, row[0], "tariffs")
    assert connection.execute("SELECT failures, last_error FROM source").fetchone() == (0, None)


def test_an_operator_that_cannot_be_reached_is_noted_with_the_reason(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    pull_now()
    operator.fail_after = 0
    assert pull_now().failed
    state = connection.execute("SELECT failures, last_error FROM source").fetchone()
    assert state is not None and state[0] == 1 and "tariffs" in state[1]
    assert count(connection, "site") == 3


def test_a_location_not_for_publication_is_kept_but_not_shown(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    pull_now()
    operator.locations[0]["publish"] = False
    pull_now(full=True)
    assert count(connection, "location") == 3 and count(connection, "site") == 2
    left = connection.execute("SELECT cells FROM change ORDER BY seq DESC LIMIT 1").fetchone()
    assert left is not None and len(left[0]) == 1  # the map cell is counted anew


def test_a_location_whose_evses_are_all_removed_is_not_shown(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    operator.locations[0]["evses"] = [an_evse(1, 1, status="REMOVED")]
    pull_now()
    assert count(connection, "location") == 3 and count(connection, "site") == 2


def test_search_rows_agree_with_the_statuses_they_count(
    connection: Connection, pull_now: Pull, operator: Operator
) -> None:
    states = ["AVAILABLE", "CHARGING", "OUTOFORDER", "UNKNOWN", "PLANNED", "REMOVED", "BLOCKED"]
    for turn in range(5):
        stamp = f"2026-11-20T1{turn}:30:00Z"
        for n, location in enumerate(operator.locations):
            for m, evse in enumerate(location["evses"]):
                evse |= {"status": states[(n + m * 2 + turn) % 7], "last_updated": stamp}
            location["last_updated"] = stamp
        pull_now(full=True)
    wrong = connection.execute(
        """SELECT t.location_id FROM site t JOIN LATERAL (
               SELECT count(*) FILTER (WHERE status <> 'REMOVED') AS n_evse,
                      count(*) FILTER (WHERE status = 'AVAILABLE') AS n_available,
                      count(*) FILTER (WHERE status IN ('CHARGING', 'RESERVED', 'BLOCKED'))
                          AS n_busy,
                      count(*) FILTER (WHERE status IN ('INOPERATIVE', 'OUTOFORDER')) AS n_out,
                      count(*) FILTER (WHERE status = 'UNKNOWN') AS n_unknown,
                      count(*) FILTER (WHERE status = 'PLANNED') AS n_planned
               FROM evse_status s WHERE s.location_id = t.location_id) c ON true
           WHERE (t.n_evse, t.n_available, t.n_busy, t.n_out, t.n_unknown, t.n_planned)
              <> (c.n_evse, c.n_available, c.n_busy, c.n_out, c.n_unknown, c.n_planned)"""
    ).fetchall()
    assert wrong == [] and count(connection, "site") > 0
