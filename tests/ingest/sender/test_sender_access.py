"""Who may read what of our Sender, how often, and by which methods (SE-9, SE-13, TR-7, TR-13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from litestar.testing import TestClient
from operator_server import Operator, a_location, a_tariff

from nop_ingest.ocpi.tokens import token_digest
from nop_ingest.ocpi_server.pace import WINDOW_S, Pace
from nop_ingest.pull import PullReport
from nop_registry.consumers import parse_scope
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import peers

ROUTES = ["locations", "locations/LOC1", "locations/LOC1/1-1", "locations/LOC1/1-1/1", "tariffs"]
Consumers = Callable[..., Any]


@pytest.fixture
def two_owners(operator: Operator) -> Operator:
    """TPC in Delhi, and ABC with one station in Colombo and one in Delhi."""
    colombo = {"latitude": "6.927079", "longitude": "79.861244"}
    operator.locations += [
        a_location(11, party_id="ABC", country="LKA", coordinates=colombo,
                   time_zone="Asia/Colombo"),
        a_location(12, party_id="ABC"),
    ]  # fmt: skip
    operator.tariffs.append(a_tariff(party_id="ABC"))
    return operator


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_every_route_needs_a_token_that_may_read(
    consumer: Any,
    client: TestClient[Any],
    connection: Connection,
    add_consumer: Consumers,
    route: str,
    version: str,
) -> None:
    """TR-7, SE-9: no token, a wrong one, token A, and a supplier's."""
    url = f"/ocpi/{version}/sender/{route}"
    assert consumer.ask(url).status_code == 200
    assert client.get(url).status_code == 401
    answer = client.get(url, headers={"Authorization": "Token guess"})
    assert (answer.status_code, answer.json()["status_code"]) == (401, 2001)
    with connection.transaction():
        peer = peers.get_peer(connection, "app")
        peers.add_token(connection, peer, token_digest("token-A"), "registration")
        row = connection.execute("SELECT id FROM source").fetchone()
        assert row
    connection.commit()
    assert client.get(url, headers={"Authorization": "Token token-A"}).status_code == 401
    supplier = add_consumer("cpo", purpose="supplier", source_id=row[0])
    assert supplier.refused(url) == (404, 2000)


@pytest.mark.parametrize(
    ("scope", "locations", "tariffs"),
    [
        ({}, {"LOC1", "LOC2", "LOC3", "LOC11", "LOC12"}, 2),
        ({"parties": ["IN-ABC"]}, {"LOC11", "LOC12"}, 1),
        ({"parties": ["IN-ABC", "IN-TPC"]}, {"LOC1", "LOC2", "LOC3", "LOC11", "LOC12"}, 2),
        ({"parties": ["DE-XYZ"]}, set(), 0),
        ({"countries": ["LK"]}, {"LOC11"}, 1),
        ({"countries": ["IN"]}, {"LOC1", "LOC2", "LOC3", "LOC12"}, 2),
        ({"bbox": [79, 6, 80, 8]}, {"LOC11"}, 1),
        ({"bbox": [77, 28, 78, 29], "parties": ["IN-TPC"]}, {"LOC1", "LOC2", "LOC3"}, 1),
    ],
)
def test_a_consumer_reads_its_scope_and_nothing_else(
    two_owners: Operator,
    consumer: Any,
    add_consumer: Consumers,
    scope: dict[str, Any],
    locations: set[str],
    tariffs: int,
) -> None:
    """SE-9: list, count, filter and single objects alike."""
    scoped = add_consumer("scoped", scope=scope)
    answer = scoped.ask("locations")
    assert {one["id"] for one in answer.json()["data"]} == locations
    assert answer.headers["x-total-count"] == str(len(locations))
    filtered = scoped.ask("locations?date_from=2026-01-01")
    assert {one["id"] for one in filtered.json()["data"]} == locations
    assert filtered.headers["x-total-count"] == str(len(locations))
    for name in ("LOC1", "LOC11", "LOC12"):
        assert (scoped.ask(f"locations/{name}").status_code == 200) == (name in locations)
    answer = scoped.ask("tariffs")
    assert len(answer.json()["data"]) == tariffs == int(answer.headers["x-total-count"])


def test_simulated_stations_are_sent_to_those_only_who_ask_for_them(
    two_owners: Operator, consumer: Any, add_consumer: Consumers, connection: Connection
) -> None:
    """OCPI has no field that would label them."""
    asking = add_consumer("tester", scope={"simulated": True})
    connection.execute("UPDATE source SET simulated = true")
    connection.commit()
    for url in ("locations", "locations?date_from=2026-01-01", "tariffs"):
        answer = consumer.ask(url)
        assert (answer.json()["data"], answer.headers["x-total-count"]) == ([], "0")
        answer = asking.ask(url)
        assert len(answer.json()["data"]) == int(answer.headers["x-total-count"]) > 0
    assert consumer.ask("locations/LOC1").status_code == 404
    assert asking.ask("locations/LOC1").status_code == 200


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"party": ["IN-TPC"]}, "parties, countries"),
        ({"parties": ["TPC"]}, "such as IN-TPC"),
        ({"countries": ["IND"]}, "such as IN,"),
        ({"countries": ["ZZ"]}, "such as IN,"),
        ({"bbox": [80, 6, 79, 8]}, "west, south"),
        ({"bbox": [1, 2, 3]}, "scope"),
    ],
)
def test_a_scope_without_sense_is_refused(scope: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        parse_scope(scope)


def test_who_asks_too_often_is_told_how_long_to_wait(
    consumer: Any, add_consumer: Consumers
) -> None:
    """SE-9: 429 with Retry-After and X-RateLimit-*; other consumers are not held up."""
    eager = add_consumer("eager", requests_per_minute=3)
    answers = [eager.ask("locations") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers[:4]] == list("2100")
    last = answers[-1]
    assert last.json()["status_code"] == 2000 and last.headers["x-ratelimit-limit"] == "3"
    assert 0 < int(last.headers["retry-after"]) <= 60
    assert last.headers["retry-after"] == last.headers["x-ratelimit-reset"]
    assert consumer.ask("locations").status_code == 200


def test_a_new_minute_brings_new_turns() -> None:
    """SE-9: the minute begins with its first request."""
    at = [1000.0]
    pace = Pace(lambda: at[0])
    assert [pace.take(1, 2).allowed for _ in range(3)] == [True, True, False]
    assert pace.take(2, 2).allowed
    at[0] += WINDOW_S - 1
    assert pace.take(1, 2) == (False, 2, 0, 1)
    at[0] += 1
    assert pace.is_new_minute(1) and pace.take(1, 2) == (True, 2, 1, WINDOW_S)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("route", ROUTES)
def test_nothing_can_be_written_here(consumer: Any, method: str, route: str) -> None:
    """TR-13: 405 with Allow."""
    answer = consumer.ask(route, method=method, json={})
    assert (answer.status_code, answer.json()["status_code"]) == (405, 2000)
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("route", ROUTES)
def test_head_and_options_are_answered_and_no_other_origin_is_let_in(
    consumer: Any, route: str
) -> None:
    """SE-13: CORS is off."""
    origin = {"Origin": "https://elsewhere.example"}
    full, head = consumer.ask(route, headers=origin), consumer.ask(route, method="HEAD")
    assert head.status_code == 200 and head.content == b""
    assert head.headers.get("x-total-count") == full.headers.get("x-total-count")
    asked = origin | {"Access-Control-Request-Method": "GET"}
    options = consumer.ask(route, method="OPTIONS", headers=asked)
    assert options.status_code in (200, 204) and "GET" in options.headers["allow"]
    for answer in (full, head, options):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_slash_at_the_end_and_an_unknown_version(consumer: Any) -> None:
    """VE-7: no redirect; TR-13: 404 with 3002."""
    for route in ROUTES:
        answer = consumer.ask(f"{route}/", follow_redirects=False)
        assert answer.status_code == 200 and not answer.history
    assert consumer.refused("locations", "9.9") == (404, 3002)
    assert consumer.refused("locations/LOC1/1-1/1/more") == (404, 2000)


def test_the_version_details_lead_a_consumer_to_the_lists(consumer: Any) -> None:
    """VE-4, SE-1: both modules, role SENDER since 2.2, in 2.1.1 without one."""
    for version in ("2.1.1", "2.2.1", "2.3.0"):
        offered = consumer.data(f"/ocpi/{version}")["endpoints"]
        for module in ("locations", "tariffs"):
            (entry,) = [one for one in offered if one["identifier"] == module]
            assert entry["url"] == f"https://nap.example/ocpi/{version}/sender/{module}"
            assert entry.get("role") == (None if version == "2.1.1" else "SENDER")


def test_a_registration_is_no_invitation_to_call(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-11: push to consumers is optional and not offered; a change is there to be read."""
    operator.locations[0]["name"] = "Renamed"
    pull_now(full=True)
    assert consumer.data("locations/LOC1")["name"] == "Renamed"
