"""How our Receiver answers: the table of TR-13, tokens, parties, headers, limits."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from application import client_of
from litestar.testing import TestClient
from operator_server import a_location, a_tariff, an_evse
from pusher import LATER, LOC, TOKEN, Pusher, as_version, one

import nop_ingest.ocpi_server.receiver_callers as callers
from nop_registry.database import Connection
from nop_registry.store import peers
from nop_registry.store.peer_parties import withdraw


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (LOC, {"id": "LOC2"}), (LOC, {"country_code": "NL"}), (LOC, {"party_id": "ZZZ"}),
        (f"{LOC}/1-1", {"uid": "9"}), (f"{LOC}/1-1/1", {"id": "9"}),
        ("/tariffs/IN/TPC/T1", {"id": "T2"}),
    ],
)  # fmt: skip
def test_ids_in_the_body_must_be_those_of_the_url(
    pusher: Pusher, path: str, wrong: dict[str, str]
) -> None:
    """RE-5, RE-6, TR-13: for PUT and PATCH, at every level."""
    pusher.send("PUT", LOC, a_location(1))
    whole = {3: a_location(1), 4: an_evse(1, 1), 5: an_evse(1, 1)["connectors"][0]}
    body = a_tariff() if "tariffs" in path else whole[path.count("/") - 1]
    assert pusher.code("PUT", path, body | wrong) == (200, 2001)
    if "tariffs" not in path:
        assert pusher.code("PATCH", path, wrong | {"last_updated": LATER}) == (200, 2001)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("path", ["/1-1", "/1-1/1"])
def test_a_part_of_an_unknown_location_is_asked_for(
    any_version: Pusher, registry: Connection, method: str, path: str
) -> None:
    """RE-12, PU-15, TR-13: 404/2003, and the worker GETs the Location, once."""
    evse = an_evse(1, 1)
    body = evse if path == "/1-1" else evse["connectors"][0]
    for _ in range(2):
        assert any_version.code(method, LOC + path, body) == (404, 2003)
    assert registry.execute("SELECT task_name, args FROM procrastinate_jobs").fetchall() == [
        ("repair", {"name": "tpc", "country_code": "IN", "party_id": "TPC", "location_id": "LOC1"})
    ]


def test_patches_of_what_is_not_here_are_told_so(any_version: Pusher) -> None:
    """TR-13, PU-15: Location, EVSE by status, EVSE, Connector of an unknown EVSE."""
    body = {"last_updated": LATER}
    assert any_version.code("PATCH", LOC, body | {"name": "x"}) == (404, 2003)
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    assert any_version.code("PATCH", f"{LOC}/9", body | {"status": "BLOCKED"}) == (404, 2003)
    assert any_version.code("PATCH", f"{LOC}/9", body | {"floor_level": "1"}) == (404, 2003)
    plug = an_evse(1, 1)["connectors"][0]
    assert any_version.code("PUT", f"{LOC}/9/1", plug) == (404, 2003)
    assert any_version.code("PATCH", f"{LOC}/1-1/9", body | {"format": "CABLE"}) == (404, 2003)


def test_too_large_bodies_and_objects_are_refused(
    pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-14."""
    assert pusher.code("PUT", LOC, a_location(1, name="x" * 2_000_000)) == (413, 2001)
    crowd = an_evse(1, 1)
    crowd["connectors"] = [crowd["connectors"][0] | {"id": str(n)} for n in range(51)]
    assert pusher.code("PUT", LOC, a_location(1, evses=[crowd])) == (413, 2001)
    monkeypatch.setattr("nop_ingest.push_rules.MOST_EVSES", 1)
    assert pusher.code("PUT", LOC, a_location(1)) == (413, 2001)
    deep = b'{"id":"LOC1","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    answer = pusher.client.put(f"/ocpi/2.2.1/receiver{LOC}", content=deep, headers=pusher.headers)
    assert answer.status_code == 400


def test_a_compressed_body_is_refused_unread(pusher: Pusher) -> None:
    """RE-14, T4: and its sender is told why, not that it is no JSON."""
    body = gzip.compress(json.dumps(a_location(1)).encode())
    url, headers = f"/ocpi/2.2.1/receiver{LOC}", pusher.headers | {"Content-Encoding": "gzip"}
    answer = pusher.client.put(url, content=body, headers=headers)
    assert (answer.status_code, answer.json()["status_code"]) == (415, 2001)
    assert "Content-Encoding" in answer.json()["status_message"]


def test_a_url_segment_is_decoded_once(pusher: Pusher) -> None:
    """RE-18: ids with signs that mean something in a URL; compared without case."""
    evse = an_evse(1, 1, uid="IN*TPC*E/1 50%2F")
    location = a_location(1, id="A/1 50%", evses=[evse])
    path = "/locations/IN/TPC/A%2F1%2050%25"
    assert pusher.code("PUT", path, location) == (201, 1000)
    uid = f"{path}/IN*TPC*E%2F1%2050%252F"
    status = {"status": "CHARGING", "last_updated": LATER}
    assert pusher.code("PATCH", uid, status) == (200, 1000)
    assert pusher.get(uid.lower().replace("/in/tpc", "/In/tpC"))["status"] == "CHARGING"
    assert pusher.get(f"{uid}/1/")["id"] == "1"  # VE-7: a last slash says nothing


@pytest.mark.parametrize(
    ("body", "http"),
    [(b"", 400), (b"{", 400), (b"[]", 400), (b'"x"', 400), (b'{"name":"\xff"}', 400),
     (b'\xef\xbb\xbf{"name":"n","last_updated":"2026-11-20T12:00:00Z"}', 200)],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_a_bad_request(
    any_version: Pusher, body: bytes, http: int
) -> None:
    """TR-13, TR-15."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    for method in ("PUT", "PATCH"):
        answer = any_version.client.request(
            method, f"/ocpi/{any_version.version}/receiver{LOC}", content=body,
            headers=any_version.headers,
        )  # fmt: skip
        assert answer.json()["status_code"] == (1000 if (method, http) == ("PATCH", 200) else 2001)
        assert answer.status_code == http


def test_methods_that_are_not_defined_are_named(any_version: Pusher) -> None:
    """TR-13: 405 with Allow."""
    for method in ("POST", "DELETE"):
        answer = any_version.send(method, LOC)
        assert (answer.status_code, answer.json()["status_code"]) == (405, 2000)
        assert answer.headers["allow"] == "GET, PUT, PATCH"
    assert any_version.send("POST", "/tariffs/IN/TPC/T1").status_code == 405


@pytest.mark.parametrize(
    ("path", "code"),
    [("/locations/IN/TPC/NONE", 2003), ("/tariffs/IN/TPC/NONE", 2001), (f"{LOC}/9", 2003),
     (f"{LOC}/1-1/9", 2003), ("/locations/IN/TPC", 2000), ("/tariffs", 2000),
     (f"{LOC}/1-1/1/1", 2000), ("/locations/IN/ZZZ/LOC1", 2001), ("/tariffs/NL/TPC/T1", 2001)],
)  # fmt: skip
def test_what_is_not_here_is_not_found(any_version: Pusher, path: str, code: int) -> None:
    """TR-13."""
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    assert any_version.code("GET", path) == (404, code)


def test_an_unknown_version_is_named(client: TestClient[Any]) -> None:
    """TR-13."""
    assert Pusher(client, "9.9").code("GET", LOC) == (404, 3002)


@pytest.mark.parametrize("token", [None, "Token wrong", "Bearer operator-pushes"])
def test_without_a_good_token_nothing_is_done(pusher: Pusher, token: str | None) -> None:
    """TR-7."""
    pusher.headers = {"Authorization": token} if token else {}
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert pusher.code(method, f"{LOC}/1-1", {}) == (401, 2001)


@pytest.mark.parametrize("encode", [str, lambda token: base64.b64encode(token.encode()).decode()])
def test_a_token_is_taken_as_it_is_or_encoded(
    any_version: Pusher, encode: Callable[[str], str]
) -> None:
    """RE-13, TR-2: whatever the version says."""
    any_version.headers = {"Authorization": f"Token {encode(TOKEN)}"}
    location = as_version(any_version.version, a_location(1))
    assert any_version.code("PUT", LOC, location) == (201, 1000)


def test_a_registration_token_opens_no_module(pusher: Pusher, registry: Connection) -> None:
    """TR-7."""
    registry.execute("UPDATE peer_token SET kind = 'registration'")
    assert pusher.code("GET", LOC) == (401, 2001)


def test_a_party_that_is_not_agreed_on_is_refused_and_counted(
    pusher: Pusher, registry: Connection
) -> None:
    """TR-13, PU-11: quarantined ones too."""
    location = a_location(1, party_id="QQQ")
    assert pusher.code("PUT", "/locations/IN/QQQ/LOC1", location) == (404, 2001)
    assert pusher.code("PATCH", "/locations/IN/ABC/L/1", {"status": "BLOCKED"}) == (404, 2001)
    seen = registry.execute(
        "SELECT party_id, state, seen_objects FROM peer_party WHERE state <> 'agreed' ORDER BY 1"
    ).fetchall()
    assert seen == [("ABC", "quarantined", 1), ("QQQ", "quarantined", 1)]
    assert one(registry, "SELECT count(*) FROM location") == 0


def test_a_party_whose_agreement_is_withdrawn_delivers_no_more(
    pusher: Pusher, registry: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PU-11, CR-13: at the latest a second later; what it delivered stays."""
    assert pusher.code("PUT", LOC, a_location(1)) == (201, 1000)
    withdraw(registry, peers.get_peer(registry, "tpc"), ("IN", "TPC"))
    now = callers.time.monotonic()
    monkeypatch.setattr(callers.time, "monotonic", lambda: now + 1.01)
    assert pusher.code("PUT", LOC, a_location(1)) == (404, 2001)
    assert one(registry, "SELECT count(*) FROM location WHERE retired_at IS NULL") == 1


def test_pushes_are_in_the_metrics_by_what_was_answered(pusher: Pusher) -> None:
    def counted() -> dict[str, float]:
        lines = pusher.client.get("/metrics").text.splitlines()
        found = [one for one in lines if one.startswith("nop_push_seconds_count")]
        return {name: float(count) for name, _, count in (one.rpartition(" ") for one in found)}

    before = counted()
    pusher.send("PUT", LOC, a_location(1))
    pusher.send("PATCH", f"{LOC}/1-1", {"status": "CHARGING", "last_updated": LATER})
    pusher.send("TRACE", LOC)
    new = {name: n - before.get(name, 0) for name, n in counted().items() if n != before.get(name)}
    assert new == {
        'nop_push_seconds_count{method="PUT",module="locations",status="201"}': 1,
        'nop_push_seconds_count{method="PATCH",module="locations",status="200"}': 1,
        'nop_push_seconds_count{method="other",module="locations",status="405"}': 1,
    }


def test_a_token_that_is_withdrawn_opens_nothing_a_second_later(
    pusher: Pusher, registry: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pusher.send("PUT", LOC, a_location(1))
    now = callers.time.monotonic()
    registry.execute("DELETE FROM peer_token")
    monkeypatch.setattr(callers.time, "monotonic", lambda: now + 0.99)
    assert pusher.code("GET", LOC) == (401, 2001)


def test_answers_carry_the_ids_and_the_parties_of_the_request(any_version: Pusher) -> None:
    """RT-1, RT-2, TR-16, TR-17: from and to change places."""
    sent = {
        "X-Request-ID": "r1",
        "X-Correlation-ID": "c1",
        "OCPI-from-country-code": "IN",
        "OCPI-from-party-id": "TPC",
        "OCPI-to-country-code": "IN",
        "OCPI-to-party-id": "NAP",
    }
    location = as_version(any_version.version, a_location(1))
    told = any_version.send("PUT", LOC, location, headers=sent).headers  # fmt: skip
    assert (told["x-request-id"], told["x-correlation-id"]) == ("r1", "c1")
    assert told["content-type"] == "application/json"
    assert (told["ocpi-from-party-id"], told["ocpi-to-party-id"]) == ("NAP", "TPC")
    plain = any_version.send("GET", LOC).headers
    assert plain["x-request-id"] and "ocpi-from-party-id" not in plain


def test_no_data_is_said_where_there_is_none(pusher: Pusher) -> None:
    """TR-11."""
    assert "data" not in pusher.send("PUT", LOC, a_location(1)).json()
    assert "data" not in pusher.send("PATCH", LOC, {"name": "n", "last_updated": LATER}).json()


def test_a_database_that_is_away_is_told_as_our_failure(
    pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TR-13."""
    pusher.send("PUT", LOC, a_location(1))

    def away(*_: object) -> None:
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr("nop_ingest.ocpi_server.status_batches.write_claims", away)
    status = {"status": "CHARGING", "last_updated": LATER}
    assert pusher.code("PATCH", f"{LOC}/1-1", status) == (503, 3000)


def test_a_push_counts_for_the_day_of_its_source(registry: Connection, database_url: str) -> None:
    """One delivery a day and module; what waits at the end of the process is written."""
    with client_of(database_url) as client:
        pusher = Pusher(client, "2.2.1")
        pusher.send("PUT", LOC, a_location(1))
        pusher.send("PATCH", f"{LOC}/1-1", {"status": "CHARGING", "last_updated": LATER})
        pusher.send("PATCH", f"{LOC}/9", {"status": "CHARGING", "last_updated": LATER})
    report = one(registry, "SELECT report FROM delivery WHERE mode = 'push'")
    assert (report["objects"], report["created"], report["rejected"]) == (3, 1, 1)
