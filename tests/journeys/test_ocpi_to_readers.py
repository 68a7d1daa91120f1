"""An operator's OCPI page reaches every reader: tile, GraphQL, station sheet, coverage, metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from operator_server import Operator
from vector_tile import read_points

from nop_ingest.pull import PullReport
from nop_registry.database import Connection
from nop_registry.store.tiles import roll_up

Client = TestClient[Litestar]
DELHI_Z4 = "/tiles/locations/4/11/6.mvt"

ASK = """{ locations(near: {lat: 28.5, lon: 77.209, radiusM: 20000}, orderBy: DISTANCE) {
  totalCount
  edges { node { name isSimulated availability { available busy total }
    evses { evseId status statusDetail { lastChanged lastSeen isStale }
      connectors { standard maxElectricPowerW price { text } } } } } } }"""


@pytest.fixture
def pulled(connection: Connection, pull_now: Callable[..., PullReport]) -> Callable[[], None]:
    def act() -> None:
        pull_now(full=True)
        with connection.transaction():
            roll_up(connection)

    return act


def graphql(client: Client, query: str) -> dict[str, Any]:
    answer = client.post("/graphql", json={"query": query}).json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


def test_a_pulled_station_is_on_the_low_tile_with_its_counts(
    client: Client, pulled: Callable[[], None], operator: Operator
) -> None:
    operator.locations[0]["evses"][0] |= {"status": "CHARGING"}
    pulled()
    (ring,) = read_points(client.get(DELHI_Z4).content, "locations")
    assert ring.properties["n"] == 3 and ring.properties["n_evse"] == 6
    assert (ring.properties["n_available"], ring.properties["n_busy"]) == (5, 1)


def test_a_pulled_station_answers_in_graphql_with_status_and_price(
    client: Client, pulled: Callable[[], None]
) -> None:
    pulled()
    found = graphql(client, ASK)["locations"]
    assert found["totalCount"] == 3
    node = found["edges"][0]["node"]
    assert node["name"] == "Station 1" and node["isSimulated"] is False
    assert node["availability"] == {"available": 2, "busy": 0, "total": 2}
    evse = node["evses"][0]
    assert evse["evseId"] == "IN*TPC*E1*1" and evse["status"] == "AVAILABLE"
    assert evse["statusDetail"]["isStale"] is False
    connector = evse["connectors"][0]
    assert connector["maxElectricPowerW"] == 60000
    assert "20.06 /kWh incl. GST" in connector["price"]["text"]  # 17.00 and 18 %


def test_a_silent_operators_stations_become_unknown_for_every_reader(
    client: Client, connection: Connection, pulled: Callable[[], None]
) -> None:
    pulled()
    connection.execute(
        """UPDATE source SET seen_at = now() - interval '3 hours';
           UPDATE evse_status SET received_at = now() - interval '3 hours'"""
    )
    connection.commit()
    ring = wait_for_ring(client, connection)  # nothing changed but the clock
    assert ring.get("n_available", 0) == 0 and ring["n_unknown"] == 6
    node = graphql(client, ASK)["locations"]["edges"][0]["node"]
    assert node["availability"]["available"] == 0
    assert {e["status"] for e in node["evses"]} == {"UNKNOWN"}
    detail = graphql(
        client, '{ evse(evseId: "in*tpc*e1*1") { statusDetail { lastKnownStatus isStale } } }'
    )["evse"]["statusDetail"]
    assert detail == {"lastKnownStatus": "AVAILABLE", "isStale": True}


def wait_for_ring(client: Client, connection: Connection) -> dict[str, Any]:
    """The ring once it counts unknown EVSEs. The change log is read behind the oldest transaction
    of the whole server, so a session of an earlier test that is just ending can hold it back."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with connection.transaction():
            roll_up(connection)
        (ring,) = read_points(client.get(DELHI_Z4).content, "locations")
        if "n_unknown" in ring.properties:
            return ring.properties
        time.sleep(0.03)
    raise AssertionError("the ring never counted unknown EVSEs")


def test_the_same_figures_stand_on_the_coverage_page_and_in_the_metrics(
    client: Client, pulled: Callable[[], None]
) -> None:
    pulled()
    rows = client.get("/coverage.csv?by=source").text
    assert "tpc" in rows
    assert graphql(client, "{ stats { locations evses } }")["stats"] == {
        "locations": 3,
        "evses": 6,
    }
    metrics = client.get("/metrics").text
    assert 'nop_source_age_seconds{source="tpc"}' in metrics
