"""Tiles: every station once at every zoom, light, and cheap to refuse."""

from __future__ import annotations

import gzip
import math
import random

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from small_nation import BENGALURU, DELHI, SmallNation
from vector_tile import Feature, read_points

from nop_registry.database import Connection
from nop_registry.store.tiles import rebuild, roll_up

CCS = "IEC_62196_T2_COMBO"
T2 = "IEC_62196_T2"


def tile_of(place: tuple[float, float], z: int) -> tuple[int, int, int]:
    lon, lat = place
    down = 1 - math.asinh(math.tan(math.radians(lat))) / math.pi
    return z, int((lon + 180) / 360 * 2**z), int(down / 2 * 2**z)


def fetch(
    client: TestClient[Litestar], place: tuple[float, float], z: int, query: str = ""
) -> list[Feature]:
    z, x, y = tile_of(place, z)
    answer = client.get(f"/tiles/locations/{z}/{x}/{y}.mvt{query}")
    assert answer.status_code in (200, 204), answer.text
    return read_points(answer.content, "locations")


@pytest.mark.parametrize("z", range(17))
def test_a_station_is_in_exactly_one_tile_of_each_zoom(
    client: TestClient[Litestar], nation: SmallNation, z: int
) -> None:
    # On the corner of tiles of every zoom, and a city away.
    corner = (90.0, 0.0)
    nation.add_station(nation.add_source(), 1, place=corner)
    roll_up(nation.connection)
    middle = 2**z // 2
    east = 2**z * 3 // 4
    found = []
    for x in {east, max(east - 1, 0)}:
        for y in {middle if z else 0, max(middle - 1, 0)}:
            answer = client.get(f"/tiles/locations/{z}/{x}/{y}.mvt")
            found += read_points(answer.content, "locations")
    assert [(feature.id, feature.properties["state"]) for feature in found] == [(1, "available")]


def test_a_low_tile_counts_stations_and_charging_points_by_state(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, ["AVAILABLE", "CHARGING", "RESERVED"])
    nation.add_station(source, 2, ["OUTOFORDER", "UNKNOWN", "PLANNED"], (77.5950, 12.9720))
    nation.add_station(source, 3, ["AVAILABLE", "CHARGING"], DELHI)
    roll_up(nation.connection)
    (ring,) = fetch(client, BENGALURU, 8)
    assert ring.id is None
    assert ring.properties == {
        "n": 2, "n_evse": 6, "n_available": 1, "n_busy": 2, "n_out": 1, "n_unknown": 1,
        "n_planned": 1,
    }  # fmt: skip
    (alone,) = fetch(client, DELHI, 8)
    assert (alone.id, alone.properties) == (3, {"n_evse": 2, "n_available": 1, "state": "some"})


def test_a_high_tile_shows_stations_with_power_and_label(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(simulated=True), 1, ["CHARGING"])
    (station,) = fetch(client, BENGALURU, 14)
    assert (station.id, station.properties) == (
        1,
        {"n_evse": 1, "state": "busy", "max_power_w": 60_000, "simulated": True},
    )


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["AVAILABLE", "PLANNED"], "available"),
        (["AVAILABLE", "OUTOFORDER"], "some"),
        (["BLOCKED", "OUTOFORDER"], "busy"),
        (["UNKNOWN", "OUTOFORDER"], "unknown"),
        (["INOPERATIVE"], "out"),
        (["PLANNED"], "planned"),
    ],
)
def test_a_station_has_one_state_whatever_its_charging_points_say(
    client: TestClient[Litestar], nation: SmallNation, statuses: list[str], state: str
) -> None:
    nation.add_station(nation.add_source(), 1, statuses)
    roll_up(nation.connection)
    assert [fetch(client, BENGALURU, z)[0].properties["state"] for z in (5, 13)] == [state, state]


def test_a_silent_source_is_shown_as_unknown_and_planned_stays_planned(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source(seen_ago_s=3600)
    nation.add_station(source, 1, ["AVAILABLE"])
    nation.add_station(source, 2, ["PLANNED"], DELHI)
    roll_up(nation.connection)
    for z in (4, 13):
        states = {fetch(client, place, z)[0].properties["state"] for place in (BENGALURU, DELHI)}
        assert states == {"unknown", "planned"}


def test_an_unpublished_station_is_in_no_tile(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(), 1)
    nation.withdraw(1)
    roll_up(nation.connection)
    assert [fetch(client, BENGALURU, z) for z in (0, 6, 11, 12, 16)] == [[]] * 5


def test_a_filter_asks_one_charging_point_not_the_whole_station(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source()
    plugs = [(T2, 7_400), (CCS, 60_000)]
    nation.add_station(source, 1, ["AVAILABLE", "CHARGING"], plugs=plugs)
    nation.add_station(source, 2, ["CHARGING", "AVAILABLE"], (77.595, 12.972), plugs=plugs)
    query = "?connector=CCS2&min_power=50"
    for z in (6, 11, 13):
        counts = [f.properties for f in fetch(client, BENGALURU, z, query)]
        assert sum(p["n_evse"] for p in counts) == 2, "the Type 2 sockets do not count"
        found = fetch(client, BENGALURU, z, query + "&available=1")
        assert [(f.id, f.properties["state"]) for f in found] == [(2, "available")]
        assert fetch(client, BENGALURU, z, "?connector=T2&min_power=50") == []


def test_no_tile_of_a_dense_city_is_heavier_than_50_kb(
    client: TestClient[Litestar], nation: SmallNation, connection: Connection
) -> None:
    crowd(connection, nation.add_source(), 30_000)
    rebuild(connection)
    connection.commit()
    for z in range(17):
        _, x, y = tile_of(BENGALURU, z)
        answer = client.get(f"/tiles/locations/{z}/{x}/{y}.mvt")
        assert len(gzip.compress(answer.content)) < 50_000
        shown = read_points(answer.content, "locations")
        assert sum(feature.properties.get("n", 1) for feature in shown) > 0
    assert sum(f.properties.get("n", 1) for f in fetch(client, BENGALURU, 5)) == 30_000


def crowd(connection: Connection, source: int, stations: int) -> None:
    """A city: most stations in the middle, unlike any real one ever was."""
    chance = random.Random(3)
    rows = [
        (n, source, *(middle + chance.gauss(0, 0.03) for middle in BENGALURU))
        for n in range(1, stations + 1)
    ]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE drawn (id bigint, source int, lon float8, lat float8)")
        with cursor.copy("COPY drawn FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    connection.execute(
        """INSERT INTO location (id, source_id, country_code, party_id, ocpi_id, publish, lat, lon,
               details, content_hash, version, first_seen_at, received_at)
           SELECT id * 7919, source, 'IN', 'TPC', 'L' || id, true, lat, lon, '{}', 'x', 1, now(),
               now() FROM drawn"""
    )
    connection.execute(
        """INSERT INTO site (location_id, source_id, geom, cell, class_mask, max_power_w, n_evse,
               n_available, n_busy, n_out, n_unknown, n_planned)
           SELECT id * 7919, source, g, cell_at(g), 1, 7400 + id % 9 * 10000, 1 + id % 7, id % 2,
               0, 0, 0, 0
           FROM (SELECT *, ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 3857) AS g
                 FROM drawn) placed"""
    )
    connection.commit()


@pytest.mark.parametrize(
    "address",
    [
        "17/0/0.mvt", "31/0/0.mvt", "99999999999999999999/0/0.mvt", "4/16/0.mvt", "4/0/16.mvt",
        "04/0/0.mvt", "4/00/0.mvt", "4/-1/0.mvt", "4/1.0/0.mvt", "٤/0/0.mvt", "4/0/0", "4/0/0.png",
        "4/0/0.mvt.mvt", "4/0/%30.mvt%00",
    ],
)  # fmt: skip
def test_what_is_no_tile_is_refused_without_asking_the_database(
    client: TestClient[Litestar], address: str
) -> None:
    client.app.state.pool.connection = None  # asking would raise
    assert client.get(f"/tiles/locations/{address}").status_code == 404


def test_a_reader_that_has_the_tile_is_told_so(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(), 1)
    z, x, y = tile_of(BENGALURU, 14)
    address = f"/tiles/locations/{z}/{x}/{y}.mvt"
    first = client.get(address)
    assert first.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "public, max-age=5"
    again = client.get(address + "?junk=1", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.content == first.content


def test_an_empty_tile_has_no_content(client: TestClient[Litestar]) -> None:
    for z in (3, 13):
        answer = client.get(f"/tiles/locations/{z}/0/0.mvt")
        assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("query", ["connector=CCS9", "min_power=49", "operator=" + "x" * 101])
def test_a_filter_that_cannot_be_is_refused_with_what_can(
    client: TestClient[Litestar], query: str
) -> None:
    answer = client.get(f"/tiles/locations/4/11/6.mvt?{query}")
    assert answer.status_code == 400
    assert "must be" in answer.text
