"""Pulls from peers that deviate, or that deliver for others."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from operator_server import KEY, Operator, a_location, intercept, read, send

from nop_ingest.ocpi.errors import AuthFailed, NotOcpi
from nop_ingest.pull import PullReport
from nop_registry.database import Connection, connect
from nop_registry.sealing import seal
from nop_registry.store import sources

Pull = Callable[..., PullReport]


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
    """TR-14 (3), VE-9: each pull reads them; where it was is nothing any more."""
    source_of()
    pull_it()
    asked = []

    def moved(request: BaseHTTPRequestHandler) -> bool:
        ends = [
            {"identifier": "locations", "role": "SENDER", "url": f"{operator.base}/v2/locations"}
        ]
        send(request, {"version": "2.2.1", "endpoints": ends})
        return True

    def gone(request: BaseHTTPRequestHandler) -> bool:
        asked.append(request.path)
        request.send_error(404)
        return True

    intercept(operator, "/2.2.1", moved)
    intercept(operator, "/locations", gone)
    report = pull_it(full=True)
    assert not report.failed and asked == []
    assert report.modules[-1].tally.unchanged == len(operator.locations)


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
