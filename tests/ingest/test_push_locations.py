"""What pushed Locations, EVSEs, Connectors and statuses do to the registry (ocpi.md section 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar.testing import TestClient
from operator_server import a_location, a_tariff, an_evse
from pusher import LATER, LATEST, LOC, Pusher, as_version, one, status_of, version_count

from nop_registry.database import Connection


def test_a_location_is_created_replaced_and_loses_what_is_left_out(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-1, TR-13: PUT says everything; an EVSE that is not in it is gone."""
    location = as_version(any_version.version, a_location(1, floor="x"))
    assert any_version.code("PUT", LOC, location) == (201, 1000)
    location |= {"last_updated": LATER, "evses": location["evses"][:1]}
    del location["operator"]
    assert any_version.code("PUT", LOC, location) == (200, 1000)
    assert one(registry, "SELECT operator_name, version FROM location") == (None, 2)
    gone = "SELECT uid FROM evse WHERE retired_at IS NOT NULL"
    assert one(registry, gone) == "1-2"
    assert any_version.get(LOC)["evses"][0]["uid"] == "1-1"
    assert one(registry, "SELECT n_evse, n_available FROM site") == (1, 1)


def test_a_patch_replaces_top_level_fields_whole(any_version: Pusher) -> None:
    """RE-2, P14: no deep merge; what is not named stays; null takes an optional field away."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    hours = {"twentyfourseven": False, "regular_hours": [
        {"weekday": 1, "period_begin": "08:00", "period_end": "20:00"}]}  # fmt: skip
    patch = {"opening_times": hours, "postal_code": None, "last_updated": LATER}
    assert any_version.code("PATCH", LOC, patch) == (200, 1000)
    held = any_version.get(LOC)
    assert held["opening_times"] == hours and held["name"] == "Station 1"
    assert "postal_code" not in held and len(held["evses"]) == 2


@pytest.mark.parametrize(
    ("path", "field"), [("", "coordinates"), ("/1-1", "status"), ("/1-1/1", "power_type")]
)
def test_a_required_field_cannot_be_removed(pusher: Pusher, path: str, field: str) -> None:
    """RE-2."""
    pusher.send("PUT", LOC, a_location(1))
    answer = pusher.send("PATCH", LOC + path, {field: None, "last_updated": LATER})
    assert (answer.status_code, answer.json()["status_code"]) == (200, 2001)
    assert answer.json()["data"][0]["field"] == field


@pytest.mark.parametrize("path", ["", "/1-1", "/1-1/1"])
def test_a_patch_without_last_updated_is_refused_since_2_2(
    any_version: Pusher, registry: Connection, path: str
) -> None:
    """RE-3, TR-13, P14; in 2.1.1 it counts as of now."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    field = {"": "name", "/1-1": "floor_level", "/1-1/1": "terms_and_conditions"}[path]
    old = any_version.version == "2.1.1"
    code = any_version.code("PATCH", LOC + path, {field: "https://new.example"})
    assert code == (200, 1000 if old else 2001)
    newest = one(registry, "SELECT last_updated > now() - interval '1 minute' FROM location")
    assert newest is old


def test_a_status_without_last_updated_counts_as_of_now_in_2_1_1(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-3."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    code = any_version.code("PATCH", f"{LOC}/1-1", {"status": "CHARGING"})
    assert code == (200, 1000 if any_version.version == "2.1.1" else 2001)
    taken = status_of(registry, "1-1") == "CHARGING"
    assert taken is (any_version.version == "2.1.1")


def test_parents_are_as_young_as_their_youngest_part(any_version: Pusher) -> None:
    """RE-4, DM-12: status, EVSE and Connector bump what they are in."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    status = {"status": "CHARGING", "last_updated": LATER}
    assert any_version.code("PATCH", f"{LOC}/1-1", status) == (200, 1000)
    held = any_version.get(LOC)
    assert (held["last_updated"], held["evses"][0]["last_updated"]) == (LATER, LATER)
    assert held["evses"][1]["last_updated"] < LATER
    plug = {"max_amperage": 100, "last_updated": LATEST}
    assert any_version.code("PATCH", f"{LOC}/1-2/1", plug) == (200, 1000)
    held = any_version.get(LOC)
    assert (held["last_updated"], held["evses"][1]["last_updated"]) == (LATEST, LATEST)
    assert held["evses"][0]["status"] == "CHARGING"


def test_equal_identity_in_a_patch_is_ignored(pusher: Pusher) -> None:
    """RE-5, RE-6: compared without case; the spelling that is held stays."""
    pusher.send("PUT", LOC, a_location(1))
    patch = {"id": "loc1", "party_id": "tpc", "name": "New", "last_updated": LATER}
    assert pusher.code("PATCH", LOC, patch) == (200, 1000)
    held = pusher.get("/locations/in/tpc/loc1")
    assert (held["id"], held["party_id"], held["name"]) == ("LOC1", "TPC", "New")


def test_a_patch_of_an_imperfect_object_is_taken_and_one_that_spoils_it_is_not(
    pusher: Pusher, registry: Connection
) -> None:
    """RE-7."""
    bad = {
        "uid": "1-3",
        "status": "AVAILABLE",
        "last_updated": "2026-11-20T10:00:00Z",
        "connectors": [{"standard": "", "id": ""}],
    }
    location = a_location(1, country="Atlantis", address="", evses=[an_evse(1, 1), bad])
    location["evses"].append({"status": "AVAILABLE"})  # no uid: cannot be taken
    assert pusher.code("PUT", LOC, location) == (201, 1000)
    status = {"status": "CHARGING", "last_updated": LATER}
    assert pusher.code("PATCH", f"{LOC}/1-1", status) == (200, 1000)
    assert pusher.code("PATCH", f"{LOC}/1-3", status | {"floor_level": "1"}) == (200, 1000)
    assert status_of(registry, "1-3") == "CHARGING"
    spoilt = {"coordinates": {"latitude": "x", "longitude": "y"}, "last_updated": LATEST}
    answer = pusher.send("PATCH", LOC, spoilt)
    assert answer.json()["status_code"] == 2001
    assert answer.json()["data"][0]["field"].startswith("coordinates")
    assert pusher.get(LOC)["coordinates"] == location["coordinates"]


def test_faults_that_change_their_place_in_a_list_are_no_new_ones(pusher: Pusher) -> None:
    """RE-7: the list is sent in another order; one fault more is refused all the same."""
    good, bad = an_evse(1, 1), an_evse(1, 2, floor_level={"no": "text"})
    assert pusher.code("PUT", LOC, a_location(1, evses=[bad, good])) == (201, 1000)
    turned = {"evses": [good, bad], "last_updated": LATER}
    assert pusher.code("PATCH", LOC, turned) == (200, 1000)
    worse = {"evses": [bad, good | {"floor_level": []}], "last_updated": LATEST}
    answer = pusher.send("PATCH", LOC, worse).json()
    assert [told["field"] for told in answer["data"]] == ["evses[0].floor_level"]


def test_a_part_is_not_older_than_a_whole_that_brought_only_a_new_time(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-8, P6: some send every Location anew each hour; an EVSE has a clock of its own."""
    location = as_version(any_version.version, a_location(1))
    any_version.send("PUT", LOC, location)
    any_version.send("PUT", LOC, location | {"last_updated": LATEST})
    evse = location["evses"][0] | {"status": "CHARGING", "last_updated": LATER}
    assert any_version.code("PUT", f"{LOC}/1-1", evse) == (200, 1000)
    assert status_of(registry, "1-1") == "CHARGING"
    assert any_version.get(LOC)["last_updated"] == LATEST
    name = {"name": "Of before", "last_updated": LATER}
    assert any_version.code("PATCH", LOC, name) == (200, 1000)
    assert any_version.get(LOC)["name"] == "Station 1"


def test_what_is_older_than_what_is_held_is_accepted_and_not_applied(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-8, at each level; it is counted."""
    whole = as_version(any_version.version, a_location(1, last_updated=LATEST))
    any_version.send("PUT", LOC, whole)
    for path, patch in (("", {"name": "Old"}), ("/1-1", {"floor_level": "9"}),
                        ("/1-1/1", {"max_amperage": 9})):  # fmt: skip
        patch["last_updated"] = "2026-11-19T00:00:00Z"
        assert any_version.code("PATCH", LOC + path, patch) == (200, 1000)
    old = whole | {"name": "Old", "last_updated": LATER}
    assert any_version.code("PUT", LOC, old) == (200, 1000)
    held = any_version.get(LOC)
    assert held["name"] == "Station 1" and "floor_level" not in held["evses"][0]
    assert one(registry, "SELECT report->>'stale' FROM delivery") == "4"


def test_a_status_older_than_the_newest_one_heard_does_not_apply(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-8."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    for status, at in (("CHARGING", LATEST), ("OUTOFORDER", LATER)):
        body = {"status": status, "last_updated": at}
        answer = any_version.send("PATCH", f"{LOC}/1-1", body)
        assert (answer.status_code, answer.json()["status_code"]) == (200, 1000)
    assert "not applied" in answer.json()["status_message"]
    assert status_of(registry, "1-1") == "CHARGING"


def test_a_clock_that_runs_ahead_does_not_block_a_charger(
    pusher: Pusher, registry: Connection
) -> None:
    """RE-8: a time in the future counts as now."""
    future, soon = "2036-01-01T00:00:00Z", "2036-01-01T00:00:01Z"
    pusher.send("PUT", LOC, a_location(1, last_updated=future))
    pusher.send("PATCH", f"{LOC}/1-1", {"status": "CHARGING", "last_updated": soon})
    at = one(registry, "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC',"
             " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")  # fmt: skip
    pusher.send("PATCH", f"{LOC}/1-1", {"status": "BLOCKED", "last_updated": at})
    pusher.send("PATCH", LOC, {"name": "Mended", "last_updated": at})
    assert status_of(registry, "1-1") == "BLOCKED" and pusher.get(LOC)["name"] == "Mended"


def test_an_unknown_status_is_taken_as_unknown_and_reported(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-9."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    body = {"status": "WORKING", "last_updated": LATER}
    assert any_version.code("PATCH", f"{LOC}/1-1", body) == (200, 1000)
    assert status_of(registry, "1-1") == "UNKNOWN"
    assert one(registry, "SELECT value FROM finding WHERE code = 'unknown-status'") == "WORKING"


def test_a_removed_evse_leaves_the_map_and_may_come_back(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-10: a tombstone; a Location without a valid EVSE is not shown."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    for uid in ("1-1", "1-2"):
        body = {"status": "REMOVED", "last_updated": LATER}
        assert any_version.code("PATCH", f"{LOC}/{uid}", body) == (200, 1000)
    assert one(registry, "SELECT count(*) FROM site") == 0
    assert {evse["status"] for evse in any_version.get(LOC)["evses"]} == {"REMOVED"}
    any_version.send("PATCH", f"{LOC}/1-1", {"status": "AVAILABLE", "last_updated": LATEST})
    assert one(registry, "SELECT n_evse, n_available FROM site") == (1, 1)


def test_a_location_that_is_not_to_be_published_is_hidden_at_once(
    pusher: Pusher, registry: Connection
) -> None:
    """RE-11, DM-11: a missing flag counts as true, and is reported."""
    location = a_location(1)
    del location["publish"]
    pusher.send("PUT", LOC, location)
    assert one(registry, "SELECT count(*) FROM site") == 1
    assert one(registry, "SELECT count(*) FROM finding WHERE code = 'publish-missing'") == 1
    pusher.send("PATCH", LOC, {"publish": False, "last_updated": LATER})
    assert one(registry, "SELECT count(*) FROM site") == 0


def test_evses_and_connectors_are_added_and_replaced(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-1, RE-4, TR-13."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    evse = an_evse(1, 3, status="CHARGING", last_updated=LATER)
    assert any_version.code("PUT", f"{LOC}/1-3", evse) == (201, 1000)
    assert any_version.code("PUT", f"{LOC}/1-3", evse) == (200, 1000)
    plug = evse["connectors"][0] | {"id": "2", "max_amperage": 32, "last_updated": LATEST}
    assert any_version.code("PUT", f"{LOC}/1-3/2", plug) == (201, 1000)
    assert any_version.code("PUT", f"{LOC}/1-3/2", plug) == (200, 1000)
    assert any_version.get(f"{LOC}/1-3/2") == plug
    assert [c["id"] for c in any_version.get(f"{LOC}/1-3")["connectors"]] == ["1", "2"]
    assert one(registry, "SELECT n_evse, n_available, n_busy FROM site") == (3, 2, 1)


def test_the_same_put_twice_leaves_one_version(any_version: Pusher, registry: Connection) -> None:
    """RE-15."""
    for _ in range(3):
        any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
        any_version.send("PUT", "/tariffs/IN/TPC/T1", as_version(any_version.version, a_tariff()))
    assert version_count(registry) == 2
    assert one(registry, "SELECT count(*) FROM status_event") == 2


def test_one_operator_may_change_its_version(client: TestClient[Any], registry: Connection) -> None:
    """What was pushed in one version is patched and read in another."""
    old, new = Pusher(client, "2.1.1"), Pusher(client, "2.3.0")
    old.send("PUT", LOC, as_version("2.1.1", a_location(1)))
    assert new.get(f"{LOC}/1-1/1")["max_amperage"] == 120
    patch = {"floor_level": "2", "last_updated": LATER}
    assert new.code("PATCH", f"{LOC}/1-2", patch) == (200, 1000)
    held = registry.execute("SELECT uid, floor_level FROM evse ORDER BY uid").fetchall()
    assert held == [("1-1", None), ("1-2", "2")]
    assert old.get(f"{LOC}/1-2")["floor_level"] == "2"
    versions = registry.execute("SELECT ocpi_version FROM delivery ORDER BY 1").fetchall()
    assert versions == [("2.1.1",), ("2.3.0",)]


def test_statuses_that_were_patched_survive_a_static_change(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-7: what is stored again says the statuses that hold now."""
    location = as_version(any_version.version, a_location(1))
    for evse in location["evses"]:
        del evse["last_updated"]
    any_version.send("PUT", LOC, location)
    at = datetime.now(UTC) + timedelta(minutes=1)  # what had no time is as of its receipt
    status = {"status": "CHARGING", "last_updated": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    any_version.send("PATCH", f"{LOC}/1-1", status)
    any_version.send("PATCH", LOC, {"name": "New", "last_updated": LATER})
    any_version.send("PATCH", f"{LOC}/1-1", {"floor_level": "3", "last_updated": LATEST})
    assert any_version.get(LOC)["evses"][0]["status"] == "CHARGING"
    assert status_of(registry, "1-1") == "CHARGING"
    assert one(registry, "SELECT count(*) FROM status_event") == 3
