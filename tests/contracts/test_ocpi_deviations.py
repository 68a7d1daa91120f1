"""What real servers do beside the rules, and the codes that say what went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from application import client_of
from operator_server import Operator, a_location, an_evse

from nop_ingest.ocpi.answers import open_answer
from nop_ingest.ocpi.egress import Answer
from nop_ingest.ocpi.errors import PeerError
from nop_ingest.ocpi.tokens import token_digest
from nop_ingest.pull import PullReport
from nop_registry.database import Connection
from nop_registry.store import peer_parties, peers, sources

LATER = "2026-11-20T12:00:00Z"


def answered(code: int, data: Any = None) -> Answer:
    body = json.dumps({"status_code": code, "status_message": "said so", "data": data}).encode()
    return Answer(200, httpx2.Headers(), body, "https://peer.example", len(body))


@pytest.mark.parametrize("code", [1000, 1001, 1900, 1999])
def test_every_code_from_1000_to_1999_is_a_success(code: int) -> None:
    """TR-10, TR-12."""
    assert len(open_answer(answered(code, [{"id": "1"}])).items) == 1


@pytest.mark.parametrize(
    "code",
    [2000, 2001, 2002, 2003, 2004, 2900, 3000, 3001, 3002, 3003, 3900, 4000, 4001, 4002, 4003],
)
def test_every_other_code_is_an_error_though_http_says_200(code: int) -> None:
    """TR-12, TR-14: mistakes of ours, of theirs, and of a hub between us."""
    with pytest.raises(PeerError, match=str(code)) as caught:
        open_answer(answered(code, [{"id": "1"}]))
    assert caught.value.status_code == code and caught.value.http_status == 200


def test_an_evse_that_moves_to_another_station_leaves_the_first_and_keeps_its_own_status(
    connection: Connection, operator: Operator, pull_now: Callable[..., PullReport]
) -> None:
    """DM-1, P8: a uid under a second location is another EVSE, and the first one is gone."""
    pull_now(full=True)
    moving = operator.locations[0]["evses"].pop(0) | {"status": "CHARGING", "last_updated": LATER}
    operator.locations[1]["evses"].append(moving)
    for location in operator.locations[:2]:
        location["last_updated"] = LATER
    pull_now(full=True)
    rows = connection.execute(
        """SELECT l.ocpi_id, e.retired_at IS NULL, s.status::text
           FROM evse e JOIN location l ON l.id = e.location_id
           LEFT JOIN evse_status s ON s.evse_id = e.id WHERE e.uid = '1-1' ORDER BY l.ocpi_id"""
    ).fetchall()
    assert [(one, live) for one, live, _ in rows] == [("LOC1", False), ("LOC2", True)]
    assert rows[1][2] == "CHARGING"
    counts = connection.execute("SELECT n_evse FROM site ORDER BY location_id").fetchall()
    assert sorted(n for (n,) in counts) == [1, 2, 3]


@pytest.fixture
def send(connection: Connection, database_url: str) -> Callable[..., Any]:
    """Push as an operator that is registered in 2.2.1."""
    with connection.transaction():
        source = sources.add_source(connection, name="tpc", kind="ocpi", country_code="IN")
        peer = peers.add_peer(connection, name="tpc", purpose="supplier", source_id=source.id)
        peer_parties.agree(connection, peer, [("IN", "TPC")])
        peers.add_token(connection, peer, token_digest("pusher"), "access")
        connection.execute("UPDATE peer SET state = 'registered', version = '2.2.1'")
    connection.commit()

    def act(path: str, body: dict[str, Any]) -> Any:
        with client_of(database_url) as client:
            return client.put(path, json=body, headers={"Authorization": "Token pusher"})

    return act


@pytest.mark.parametrize("version", ["2.1.1", "2.3.0"])
def test_a_push_to_the_address_of_another_version_is_read_in_that_version(
    send: Callable[..., Any], version: str
) -> None:
    """P16, CR-30: peers change version without saying so; the address says how to read."""
    evse = an_evse(1, 1)
    body = a_location(1, type="ON_STREET", evses=[evse])
    (connector,) = evse["connectors"]
    connector |= {"voltage": 230, "amperage": 16, "tariff_id": "T1"}
    answer = send(f"/ocpi/{version}/receiver/locations/IN/TPC/LOC1", body)
    assert (answer.status_code, answer.json()["status_code"]) == (201, 1000), answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/ocpi/receiver/locations/IN/TPC/LOC1",
        "/ocpi/2.2.1/locations/IN/TPC/LOC1",
        "/ocpi/emsp/2.2.1/locations/IN/TPC/LOC1",
        "/ocpi/2.2.1/receiver/sessions/IN/TPC/LOC1",
        "/ocpi/9.9/receiver/locations/IN/TPC/LOC1",
    ],
)
def test_a_push_to_an_address_that_we_never_gave_is_refused_in_the_envelope(
    send: Callable[..., Any], connection: Connection, path: str
) -> None:
    """P16, TR-13: not taken for something else, and said so that the operator's log shows it."""
    answer = send(path, a_location(1))
    assert answer.status_code == 404
    assert answer.json()["status_code"] in (2000, 3002), answer.text
    assert connection.execute("SELECT count(*) FROM location").fetchone() == (0,)
