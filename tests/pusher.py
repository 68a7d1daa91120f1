"""An operator that pushes to our Receiver over HTTP, in any of the three versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from application import client_of
from litestar.testing import TestClient

from nop_ingest.ocpi.tokens import token_digest
from nop_registry.database import Connection
from nop_registry.store import peers, sources

TOKEN = "operator-pushes"
LATER, LATEST = "2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"
LOC = "/locations/IN/TPC/LOC1"


class Pusher:
    """An operator that pushes to us in one version."""

    def __init__(self, client: TestClient[Any], version: str) -> None:
        self.client, self.version = client, version
        self.headers = {"Authorization": f"Token {TOKEN}"}

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        headers = self.headers | options.pop("headers", {})
        return self.client.request(
            method, f"/ocpi/{self.version}/receiver{path}", json=body, headers=headers, **options
        )

    def code(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        answer = self.send(method, path, body)
        return answer.status_code, answer.json()["status_code"]

    def get(self, path: str) -> Any:
        answer = self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


def as_version(version: str, thing: dict[str, Any]) -> dict[str, Any]:
    """A 2.2.1 object as that version says it."""
    thing = dict(thing)
    if version == "2.1.1":
        for name in ("country_code", "party_id", "publish"):
            thing.pop(name, None)
        if "coordinates" in thing:
            thing["type"] = "ON_STREET"
    if version == "2.3.0" and "elements" in thing:
        thing["tax_included"] = "NO"
    return thing


@pytest.fixture
def registry(connection: Connection) -> Connection:
    """With a supplier that may deliver IN*TPC, and IN*QQQ waits for approval."""
    source = sources.add_source(
        connection, name="tpc", kind="ocpi", country_code="IN",
        versions_url="http://127.0.0.1:9/versions", allow_loopback=True,
    )  # fmt: skip
    peer = peers.add_peer(connection, name="tpc", purpose="supplier", source_id=source.id)
    peers.add_token(connection, peer, token_digest(TOKEN), "access")
    connection.execute(
        """INSERT INTO peer_party (peer_id, country_code, party_id, state)
           VALUES (%(peer)s, 'IN', 'TPC', 'agreed'), (%(peer)s, 'IN', 'QQQ', 'quarantined')""",
        {"peer": peer.id},
    )
    connection.commit()
    connection.autocommit = True
    return connection


@pytest.fixture
def client(registry: Connection, database_url: str) -> Iterator[TestClient[Any]]:
    with client_of(database_url) as running:
        yield running


@pytest.fixture
def pusher(client: TestClient[Any]) -> Pusher:
    """In OCPI 2.2.1."""
    return Pusher(client, "2.2.1")


@pytest.fixture(params=["2.1.1", "2.2.1", "2.3.0"])
def any_version(client: TestClient[Any], request: pytest.FixtureRequest) -> Pusher:
    return Pusher(client, request.param)


def one(connection: Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0] if len(row) == 1 else row


def status_of(connection: Connection, uid: str) -> Any:
    return one(
        connection,
        f"""SELECT status::text FROM evse_status JOIN evse ON evse.id = evse_status.evse_id
            WHERE uid = '{uid}'""",
    )


def version_count(connection: Connection) -> int:
    """Of all objects together."""
    return int(one(connection, "SELECT count(*) FROM object_version"))
