"""Pulls from peers that deviate, or that deliver for others."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from operator_server import KEY, Operator, a_location, a_tariff, agree_on, intercept, send

from nop_ingest.ocpi.errors import AuthFailed, NotOcpi
from nop_ingest.pull import PullReport
from nop_registry.database import Connection, connect
from nop_registry.sealing import seal
from nop_registry.store import sources
from nop_registry.store.withdrawal import withdraw_source

Pull = Callable[..., PullReport]


def read(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    found = connection.execute(query).fetchall()  # type: ignore[arg-type]
    connection.commit()
    return found


def speak(operator: Operator, version: str) -> None:
    """The operator offers this version only."""

    def versions(request: BaseHTTPRequestHandler) -> bool:
        send(request, [{"version": version, "url": f"{operator.base}/2.2.1"}])
        return True

    intercept(operator, "/versions", versions)


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


@pytest.mark.parametrize("version", ["2.3.0", "2.2"])
def test_objects_are_read_in_the_version_that_was_chosen(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull, version: str
) -> None:
    """VE-3: and the delivery remembers it."""
    speak(operator, version)
    source_of()
    report = pull_it()
    assert report.version == version and not report.failed
    assert report.modules[1].tally.created == 3
    stored = read(connection, "SELECT DISTINCT ocpi_version FROM delivery")
    assert stored == [("2.2.1" if version == "2.2" else version,)]


def speak_2_1_1(operator: Operator) -> None:
    speak(operator, "2.1.1")
    operator.locations = [
        without(a_location(n), "country_code", "party_id", "publish") | {"type": "ON_STREET"}
        for n in (1, 2)
    ]
    operator.tariffs = [without(a_tariff(), "country_code", "party_id", "type")]


def owners(connection: Connection) -> list[tuple[Any, ...]]:
    return read(connection, "SELECT DISTINCT country_code, party_id FROM location")


def test_an_object_of_2_1_1_belongs_to_the_party_that_a_person_named(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """CR-35, RO-3: without one it is refused, not guessed."""
    speak_2_1_1(operator)
    source_of()
    report = pull_it()
    assert report.version == "2.1.1" and report.modules[1].tally.rejected == 2
    with connection.transaction():
        sources.change_quirks(connection, "tpc", {"party": "IN*ABC"})
    assert pull_it(full=True).modules[1].tally.created == 2
    assert owners(connection) == [("IN", "ABC")]


@pytest.mark.parametrize("said", ["roles", "agreement"])
def test_an_object_of_2_1_1_belongs_to_the_connections_party(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull, said: str
) -> None:
    """CR-35: party_id and country_code of the credentials, or the one that was agreed on."""
    speak_2_1_1(operator)
    agree_on(connection, source_of(), "INTPC")
    if said == "roles":
        connection.execute(
            """UPDATE peer SET roles = '[{"country_code": "IN", "party_id": "TPC"}]'"""
        )
        connection.commit()
    assert pull_it().modules[1].tally.created == 2
    assert owners(connection) == [("IN", "TPC")]


def test_the_version_that_was_agreed_on_is_read(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """VE-3, CR-30: even where a better one is offered since; a person may choose another."""
    intercept(operator, "/versions", lambda request: send(request, [
        {"version": v, "url": f"{operator.base}/2.2.1"} for v in ("2.2.1", "2.3.0")
    ]) or True)  # fmt: skip
    agree_on(connection, source_of(), "INTPC")
    connection.execute("UPDATE peer SET version = '2.2.1'")
    connection.commit()
    assert pull_it().version == "2.2.1"
    assert read(connection, "SELECT quirks ? 'version' FROM source") == [(False,)]
    with connection.transaction():
        sources.change_quirks(connection, "tpc", {"version": "2.3.0"})
    assert pull_it(full=True).version == "2.3.0"


def test_an_open_feed_is_pulled(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """P22, CR-34: no versions, no token, no envelope."""

    def feed(request: BaseHTTPRequestHandler) -> bool:
        assert request.headers["Authorization"] is None
        body = json.dumps(
            operator.tariffs if "tariffs" in request.path else operator.locations
        ).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
        return True

    intercept(operator, "/feed", feed)
    urls = {name: f"{operator.base}/feed/{name}.json" for name in ("locations", "tariffs")}
    source = source_of(versions_url=None, token=None, module_urls=urls)
    report = pull_it()
    assert [m.tally.created for m in report.modules] == [1, 3] and not report.failed
    connection.execute("UPDATE source SET last_attempt_at = NULL")
    assert [s.name for s in sources.list_sources_to_pull(connection)] == [source.name]


def test_a_source_without_an_address_is_not_due(connection: Connection, source_of: Any) -> None:
    source_of(versions_url=None, token=None)
    assert sources.list_sources_to_pull(connection) == []


def test_what_was_learnt_about_a_peer_is_kept_also_when_the_pull_fails(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-6, TR-5: and a person's word is not overwritten."""
    source_of(quirks={"ignore_total": True})
    operator.fail_after = 0
    assert pull_it().failed
    assert read(connection, "SELECT quirks FROM source") == [
        ({"ignore_total": True, "token_encoding": "base64"},)
    ]
    operator.fail_after = None

    def meanwhile(request: BaseHTTPRequestHandler) -> bool:
        with connect(connection.info.dsn + f" password={connection.info.password}") as other:
            sources.change_quirks(other, "tpc", {"date_to": True}, ["ignore_total"])
        return False

    intercept(operator, "/tariffs", meanwhile)
    report = pull_it()
    assert not report.failed and "token_encoding" in {quirk.name for quirk in report.quirks}
    assert read(connection, "SELECT quirks - 'clock_ahead_s' FROM source") == [
        ({"date_to": True, "token_encoding": "base64"},)
    ]


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


@pytest.mark.parametrize("path", ["/versions", "/locations"])
def test_a_token_that_was_renewed_meanwhile_is_tried_before_the_pull_fails(
    connection: Connection, database_url: str, operator: Operator, source_of: Any, pull_it: Pull,
    path: str,
) -> None:  # fmt: skip
    """CR-11: the peer knows its new credentials a moment before this pull does."""
    source = source_of()
    renewed = seal("renewed", key=KEY, purpose=f"source-token:{source.name}")
    tokens = []

    def act(request: BaseHTTPRequestHandler) -> bool:
        tokens.append(request.headers["Authorization"])
        if len(tokens) > 1:
            return False
        with connect(database_url) as other:
            other.execute("UPDATE source SET token_sealed = %s", (renewed,))
        request.send_error(401)
        return True

    intercept(operator, path, act)
    report = pull_it()
    assert not report.failed and report.modules[1].tally.created == 3
    assert tokens[0] != tokens[1]
    assert read(connection, "SELECT state, failures FROM source") == [("active", 0)]


def age(connection: Connection) -> None:
    """Nobody has said anything of the statuses for a day."""
    connection.execute("UPDATE source SET seen_at = now() - interval '1 day'")
    connection.execute("UPDATE evse_status SET received_at = now() - interval '1 day'")


def test_a_token_that_modules_refuse_stops_the_pulls_after_three(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """TR-14 (2): although versions and details were given to anybody (VE-2)."""
    source_of()
    intercept(operator, "/locations", lambda request: request.send_error(401) or True)
    for _ in range(3):
        assert pull_it().failed
    assert read(connection, "SELECT state FROM source") == [("auth_failed",)]


def test_a_pull_by_hand_that_goes_well_ends_the_refusal(
    connection: Connection, source_of: Any, pull_it: Pull
) -> None:
    """TR-14 (2): the worker pulls it again; a source that a person disabled stays so."""
    source_of()
    connection.execute("UPDATE source SET state = 'auth_failed', state_reason = 'HTTP 401'")
    pull_it()
    state = "SELECT state, state_reason FROM source"
    assert read(connection, state) == [("active", None)]
    connection.execute("UPDATE source SET state = 'disabled', last_attempt_at = NULL")
    pull_it()
    assert read(connection, state) == [("disabled", None)]


def test_a_refusal_that_looks_like_an_empty_register_empties_nothing(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """P2, PU-4: neither once nor again and again."""
    source_of()
    pull_it()
    intercept(operator, "/locations", lambda request: send(request, []) or True)
    for _ in range(3):
        assert pull_it(full=True).held
    assert read(connection, "SELECT count(*) FROM location WHERE retired_at IS NULL") == [(3,)]


@pytest.mark.parametrize("linked", [True, False])
def test_a_list_whose_objects_moved_between_pages_makes_nothing_missing(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull, linked: bool
) -> None:
    """PU-4 (b), P20: as many came as there are, but two of them twice, so two may be missed."""
    source_of()
    operator.locations = [a_location(n) for n in range(25)]
    pull_it()
    link = f'<{operator.base}/locations?offset={{}}>; rel="next"'

    def move(request: BaseHTTPRequestHandler) -> bool:
        offset = int(request.path.partition("offset=")[2].partition("&")[0] or 0)
        headers = {"X-Total-Count": "25"}
        if linked and offset < 20:
            headers["Link"] = link.format(offset + 10)
        now = operator.locations if not offset else [*operator.locations[8:10], *operator.locations]
        send(request, now[offset : offset + 10] if offset < 20 else now[20:25], headers)
        return True

    intercept(operator, "/locations", move)
    for _ in range(2):
        (report,) = [m for m in pull_it(full=True).modules if m.module == "locations"]
        assert (report.state, report.tally.objects, report.tally.repeated) == ("complete", 25, 2)
        assert report.tally.notices == {"list-moved": 1}
        assert report.notes[0].startswith("list-moved: 2 fewer different objects")
        assert (report.tally.missing, report.tally.retired) == (0, 0)
    assert read(connection, "SELECT count(*) FROM location WHERE missing_since IS NOT NULL") == [
        (0,)
    ]
    told = "SELECT report->'notices' FROM delivery WHERE module = 'locations' ORDER BY id DESC"
    assert read(connection, told)[0] == ({"list-moved": 1},)


def test_a_moved_module_is_found_by_reading_the_details_again(
    operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """TR-14 (3), VE-9: each pull reads them."""
    source_of()
    pull_it()

    def moved(request: BaseHTTPRequestHandler) -> bool:
        ends = [
            {"identifier": "locations", "role": "SENDER", "url": f"{operator.base}/v2/locations"}
        ]
        send(request, {"version": "2.2.1", "endpoints": ends})
        return True

    intercept(operator, "/2.2.1", moved)
    assert not pull_it(full=True).failed


def test_an_answer_that_is_no_ocpi_is_told(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """TR-14 (7)."""
    source_of(versions_url=operator.url + "?bare")

    def bare(request: BaseHTTPRequestHandler) -> bool:
        request.send_response(200)
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"[]")
        return True

    intercept(operator, "/versions", bare)
    with pytest.raises(NotOcpi):
        pull_it()
    intercept(operator, "/versions", lambda request: request.send_error(403) or True)
    with pytest.raises(AuthFailed):
        pull_it()
    assert read(connection, "SELECT failures FROM source") == [(2,)]


def test_nulls_and_fields_that_nobody_knows_cost_nothing(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """TR-18, TR-19, P10: and what came is kept as it came."""
    nothing = dict.fromkeys(("directions", "images", "facilities", "energy_mix", "owner"))
    operator.locations = [a_location(1, **nothing, vendor={"x": [1]})]
    source_of()
    assert pull_it().modules[1].tally.created == 1
    (raw,) = read(connection, "SELECT raw FROM object_version WHERE kind = 'location'")[0]
    assert json.loads(bytes(raw))["vendor"] == {"x": [1]}
