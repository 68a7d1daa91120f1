"""When consumers are told of what: clocks and tombstones (ocpi.md SE-4, SE-5, SE-7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from operator_server import Operator, a_location, a_tariff, an_evse

from nop_ingest.pull import PullReport
from nop_ingest.push_rules import Address
from nop_ingest.push_statuses import Claim, write_claims
from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.store import sources
from nop_registry.store.emissions import forget_tombstones
from nop_registry.store.upkeep import tidy
from nop_registry.store.withdrawal import withdraw_source

VERSIONS = ["2.1.1", "2.2.1", "2.3.0"]
FIRST = "2026-11-20T10:00:00Z"  # what the operator says of everything at first


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> datetime:
    return datetime.now(UTC)


def visit() -> str:
    """A consumer's last visit, for date_from."""
    return now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_of_the_first_import_the_operators_own_dates_are_told(consumer: Any) -> None:
    """SE-5: a hub shall not change last_updated."""
    assert {one["last_updated"] for one in consumer.data("locations")} == {FIRST}
    assert {one["last_updated"] for one in consumer.data("tariffs")} == {FIRST}


def test_what_reaches_us_late_is_told_as_of_then(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-5: else a consumer who asks for changes since its last visit would never see it."""
    visited, timely = visit(), now() - timedelta(minutes=5)
    operator.locations += [
        a_location(8, last_updated="2026-11-20T09:00:00Z"),
        a_location(9, last_updated=stamp(timely)),
    ]
    operator.tariffs.append(a_tariff(id="T2"))
    pull_now(full=True)
    told = {one["id"]: one["last_updated"] for one in consumer.data("locations")}
    assert told["LOC8"] >= visited[:23] and told["LOC9"] == stamp(timely)
    assert consumer.ids(f"locations?date_from={visited}") == ["LOC8"]
    assert consumer.ids(f"tariffs?date_from={visited}") == ["T2"]


def test_a_late_status_is_told_as_of_its_arrival(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-5: the same for EVSEs, without writing anything for it."""
    visited, late = visit(), stamp(now() - timedelta(minutes=40))
    operator.locations[0]["evses"][0] |= {"status": "OUTOFORDER", "last_updated": late}
    operator.locations[0] |= {"last_updated": late}
    pull_now(full=True)
    (found,) = consumer.data(f"locations?date_from={visited}")
    assert found["id"] == "LOC1" and found["evses"][0]["last_updated"] >= visited[:23]


def test_changed_content_moves_the_clock_though_the_operator_did_not(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-5: last_updated as it was, content not."""
    visited = visit()
    operator.locations[1]["name"] = "Renamed"
    operator.tariffs[0]["elements"][0]["price_components"][0]["price"] = 18.0
    pull_now(full=True)
    assert consumer.ids(f"locations?date_from={visited}") == ["LOC2"]
    assert consumer.ids(f"tariffs?date_from={visited}") == ["T1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_no_longer_published_is_told_as_removed(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport], version: str
) -> None:
    """SE-7, SE-4: all EVSEs REMOVED, a new clock, and nothing that was not public."""
    visited = visit()
    operator.locations[1] |= {
        "publish": False, "last_updated": "2026-11-20T11:00:00Z", "address": "1 Private Lane",
        "coordinates": {"latitude": "28.111111", "longitude": "77.111111"},
    }  # fmt: skip
    pull_now(full=True)
    answer = consumer.ask(f"locations?date_from={visited}", version)
    (found,) = answer.json()["data"]
    assert found["id"] == "LOC2" and {e["status"] for e in found["evses"]} == {"REMOVED"}
    assert found.get("publish") in (None, False)
    assert "Private" not in answer.text and "28.111111" not in answer.text
    assert len(consumer.data("locations", version)) == 3


def test_a_retired_location_is_told_until_its_tombstone_is_forgotten(
    operator: Operator,
    consumer: Any,
    pull_now: Callable[..., PullReport],
    connection: Connection,
) -> None:
    """SE-4, SE-7: absent from two full pulls; kept for the retention time, then not listed."""
    operator.locations.pop(0)
    pull_now(full=True)
    visited = visit()
    pull_now(full=True)
    (gone,) = consumer.data(f"locations?date_from={visited}")
    assert gone["id"] == "LOC1" and {e["status"] for e in gone["evses"]} == {"REMOVED"}
    assert forget_tombstones(connection, timedelta(days=90)) == 0
    connection.execute(
        "UPDATE location_emission SET withdrawn_at = now() - interval '91 days' "
        "WHERE withdrawn_at IS NOT NULL"
    )
    tidy(connection, timedelta(days=90))
    connection.commit()
    answer = consumer.ask("locations")
    assert {one["id"] for one in answer.json()["data"]} == {"LOC2", "LOC3"}
    assert answer.headers["x-total-count"] == "2"


def test_a_withdrawn_source_is_told_as_removed_and_may_come_back(
    operator: Operator,
    consumer: Any,
    pull_now: Callable[..., PullReport],
    connection: Connection,
) -> None:
    """SE-7: all of its locations, and its tariffs as ended."""
    visited = visit()
    assert withdraw_source(connection, "tpc", "at the operator's wish") == 3
    connection.commit()
    found = consumer.data(f"locations?date_from={visited}")
    assert len(found) == 3
    assert {e["status"] for one in found for e in one["evses"]} == {"REMOVED"}
    (ended,) = consumer.data(f"tariffs?date_from={visited}")
    assert ended["end_date_time"] >= visited[:19]
    assert connection.execute("SELECT count(*) FROM site").fetchone() == (0,)
    with connection.transaction():
        sources.release_source(connection, "tpc", accept_removal=False)
    back = visit()
    pull_now(full=True)
    found = consumer.data(f"locations?date_from={back}")
    assert {e["status"] for one in found for e in one["evses"]} == {"AVAILABLE"} and len(found) == 3
    assert "end_date_time" not in consumer.data("tariffs")[0]


def test_a_location_that_is_back_is_told_at_once(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-7: publish false and true again."""
    operator.locations[0] |= {"publish": False, "last_updated": stamp(now())}
    pull_now(full=True)
    visited = visit()
    operator.locations[0] |= {"publish": True, "last_updated": stamp(now())}
    pull_now(full=True)
    (back,) = consumer.data(f"locations?date_from={visited}")
    evse = back["evses"][0]
    assert back["id"] == "LOC1" and evse["status"] == "AVAILABLE"
    assert evse["last_updated"] >= visited[:23]  # later than when it was told as REMOVED
    assert len(consumer.ids("locations")) == 3


def test_an_evse_that_left_is_removed_for_a_while_and_then_not_listed(
    operator: Operator,
    consumer: Any,
    pull_now: Callable[..., PullReport],
    connection: Connection,
) -> None:
    """SE-4: incremental consumers learn it."""
    visited = visit()
    operator.locations[0]["evses"] = [an_evse(1, 1)]
    operator.locations[0]["last_updated"] = stamp(now())
    pull_now(full=True)
    found = consumer.data("locations/LOC1")
    assert consumer.ids(f"locations?date_from={visited[:19]}Z") == ["LOC1"]
    states = {evse["uid"]: evse["status"] for evse in found["evses"]}
    assert states == {"1-1": "AVAILABLE", "1-2": "REMOVED"}
    connection.execute(
        "UPDATE evse SET retired_at = now() - interval '91 days' WHERE retired_at IS NOT NULL"
    )
    connection.commit()
    (first,) = [one for one in consumer.data("locations") if one["id"] == "LOC1"]
    assert [evse["uid"] for evse in first["evses"]] == ["1-1"]


def test_a_withdrawn_tariff_is_told_as_ended(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-4: OCPI has no REMOVED for tariffs; 2.1.1 cannot say an end, so it is absent there."""
    operator.tariffs.append(a_tariff(id="T2"))
    pull_now(full=True)
    operator.tariffs.pop(0)
    pull_now(full=True)
    visited = visit()
    pull_now(full=True)
    (gone,) = consumer.data(f"tariffs?date_from={visited}")
    assert gone["id"] == "T1" and gone["end_date_time"] >= visited[:19]
    assert consumer.ids("tariffs", "2.1.1") == ["T2"]
    location = consumer.data("locations/LOC1")
    assert "tariff_ids" not in location["evses"][0]["connectors"][0]


def test_a_silent_source_is_told_as_unknown_and_its_return_too(
    operator: Operator,
    consumer: Any,
    pull_now: Callable[..., PullReport],
    connection: Connection,
) -> None:
    """SE-5: what we make of silence is a change we make; nobody has to write for it."""
    connection.execute(
        """UPDATE source SET seen_at = now() - interval '3 hours', status_ttl_s = 3600;
           UPDATE evse_status SET received_at = now() - interval '3 hours'"""
    )
    connection.commit()
    silent = now() - timedelta(hours=2, minutes=1)
    found = consumer.data(f"locations?date_from={stamp(silent)}")
    assert len(found) == 3
    assert {e["status"] for one in found for e in one["evses"]} == {"UNKNOWN"}
    assert consumer.data(f"locations?date_from={stamp(silent + timedelta(minutes=5))}") == []
    visited = visit()
    pull_now(full=True)
    found = consumer.data(f"locations?date_from={visited}")
    assert {e["status"] for one in found for e in one["evses"]} == {"AVAILABLE"}


def test_a_missing_locations_statuses_are_told_as_unknown_at_once(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-5, PU-4: missing from one full pull, however lately it was heard of; back in the next.

    No date goes back: a consumer may discard what is older than what it has.
    """
    taken = operator.locations.pop(0)
    visited = visit()
    pull_now(full=True)
    (found,) = consumer.data(f"locations?date_from={visited}")
    unknown = found["evses"][0]
    assert found["id"] == "LOC1" and unknown["status"] == "UNKNOWN"
    assert unknown["last_updated"] >= visited[:23]
    operator.locations.append(taken)
    again = visit()
    pull_now(full=True)
    (found,) = consumer.data(f"locations?date_from={again}")
    known = found["evses"][0]
    assert known["status"] == "AVAILABLE" and known["last_updated"] >= again[:23]


def test_a_push_after_a_silence_is_told_with_its_own_status_only(
    operator: Operator,
    consumer: Any,
    pull_now: Callable[..., PullReport],
    connection: Connection,
) -> None:
    """SE-5: what lapsed stays UNKNOWN until it is heard of; no date goes back."""
    connection.execute(
        """UPDATE source SET seen_at = now() - interval '3 hours', status_ttl_s = 3600,
               versions_url = NULL;
           UPDATE evse_status SET received_at = now() - interval '3 hours'"""
    )
    connection.commit()
    silent = {e["last_updated"] for one in consumer.data("locations") for e in one["evses"]}
    visited = visit()
    assert consumer.data(f"locations?date_from={visited}") == []
    address = Address("IN", "TPC", "LOC1", operator.locations[0]["evses"][0]["uid"])
    source = sources.get_source(connection, "tpc")
    word = Claim(source.id, "2.2.1", address, Status.CHARGING, now())
    assert write_claims(connection, [word], now()) == ["taken"]
    connection.commit()
    found = consumer.data(f"locations?date_from={visited}")
    told = [(e["status"], e["last_updated"]) for one in found for e in one["evses"]]
    assert len(found) == 3 and {status for status, _ in told[1:]} == {"UNKNOWN"}
    assert told[0][0] == "CHARGING" and min(at for _, at in told) > max(silent)
    again = visit()
    sources.note_success(connection, source, started_at=now(), full=True, quirks={})
    connection.commit()
    found = consumer.data(f"locations?date_from={again}")  # LOC1 too, where it has another EVSE
    heard = {e["status"] for one in found for e in one["evses"]}
    assert {one["id"] for one in found} >= {"LOC2", "LOC3"}
    assert heard <= {"AVAILABLE", "CHARGING"} and "AVAILABLE" in heard
    assert min(one["last_updated"] for one in found) >= again[:23]


def test_a_location_is_told_anew_when_a_tariff_that_it_names_comes_or_goes(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-5: its connectors name the tariff, or no longer do; a new price is the tariff's change."""
    plug = operator.locations[1]["evses"][0]["connectors"][0]
    plug["tariff_ids"] = ["T1", "T2"]
    operator.locations[1]["last_updated"] = stamp(now())
    pull_now(full=True)
    assert _named(consumer.data("locations/LOC2")) == ["T1"]
    visited = visit()
    operator.tariffs.append(a_tariff(id="T2"))
    pull_now(full=True)
    (found,) = consumer.data(f"locations?date_from={visited}")
    assert _named(found) == ["T1", "T2"]
    visited = visit()
    price = operator.tariffs[1]["elements"][0]["price_components"][0]
    price["price"] = 18.0
    pull_now(full=True)
    assert consumer.data(f"locations?date_from={visited}") == []
    operator.tariffs.pop()
    pull_now(full=True)
    pull_now(full=True)
    (found,) = consumer.data(f"locations?date_from={visited}")
    assert _named(found) == ["T1"]


def test_in_2_1_1_a_location_changes_when_its_tariff_begins_or_ends(
    operator: Operator,
    consumer: Any,
    pull_now: Callable[..., PullReport],
    connection: Connection,
) -> None:
    """SE-5: nobody writes anything then; other versions tell the dates themselves."""
    moment = now()
    operator.tariffs[0] |= {
        "start_date_time": stamp(moment - timedelta(days=1)),
        "end_date_time": stamp(moment + timedelta(days=1)),
        "last_updated": stamp(moment),
    }
    pull_now(full=True)
    (first, *_) = consumer.data("locations", "2.1.1")
    assert first["evses"][0]["connectors"][0]["tariff_id"] == "T1"
    connection.execute(
        """UPDATE tariff SET document = jsonb_set(document, '{end_date_time}',
               to_jsonb(to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))"""
    )
    connection.execute("UPDATE location_emission SET emitted_at = now() - interval '1 day'")
    connection.commit()
    visited = stamp(now() - timedelta(seconds=5))
    found = consumer.data(f"locations?date_from={visited}", "2.1.1")
    assert len(found) == 3 and "tariff_id" not in found[0]["evses"][0]["connectors"][0]
    assert min(one["last_updated"] for one in found) >= visited
    assert consumer.data(f"locations?date_from={visited}") == []
    assert consumer.data("locations/LOC1", "2.1.1")["last_updated"] >= visited


def _named(location: dict[str, Any]) -> list[str]:
    """The tariffs that its first connector names."""
    ids: list[str] = location["evses"][0]["connectors"][0]["tariff_ids"]
    return ids


def test_a_tariff_withdrawn_before_it_began_was_never_in_force(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-7: without its beginning it would have been, all the time."""
    operator.tariffs.append(a_tariff(id="T2", start_date_time="2099-01-01T00:00:00Z"))
    pull_now(full=True)
    operator.tariffs.pop()
    pull_now(full=True)
    pull_now(full=True)
    (gone,) = [one for one in consumer.data("tariffs") if one["id"] == "T2"]
    assert gone["start_date_time"] == gone["end_date_time"] <= visit()
