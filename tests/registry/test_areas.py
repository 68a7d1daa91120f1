"""Outlines are loaded from files, and every site knows its state and district."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from nop_registry.areas_data.names import fold, spellings_of
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store.areas import assign_sites, list_areas, load_areas, load_builtin
from nop_registry.store.sites import refresh_sites

GEO = Path(__file__).parents[3] / "shared/data/geo"
captures = pytest.mark.skipif(not GEO.exists(), reason="needs ../shared/data/geo")


def square(west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def geojson(folder: Path, *areas: tuple[dict[str, Any], dict[str, Any]]) -> Path:
    features = [{"type": "Feature", "properties": p, "geometry": g} for p, g in areas]
    file = folder / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def site(connection: Connection, number: int, lon: float, lat: float) -> None:
    connection.execute(
        """INSERT INTO source (name, kind, country_code) VALUES ('a', 'ocpi', 'IN')
           ON CONFLICT DO NOTHING"""
    )
    connection.execute(
        """INSERT INTO location (id, source_id, country_code, party_id, ocpi_id, publish, lat, lon,
               details, content_hash, version, first_seen_at, received_at)
           SELECT %(n)s, id, 'IN', 'AAA', %(n)s, true, %(lat)s, %(lon)s, '{}', '', 1, now(), now()
           FROM source""",
        {"n": number, "lat": lat, "lon": lon},
    )
    connection.execute(
        """INSERT INTO evse (id, location_id, position, uid, capabilities, parking_restrictions,
               class_mask, details, content_hash)
           VALUES (%(n)s, %(n)s, 0, 'u', '{}', '{}', 1, '{}', '')""",
        {"n": number},
    )
    connection.execute(
        """INSERT INTO evse_status
               (evse_id, location_id, status, changed_at, claimed_at, received_at, source_id)
           SELECT id, id, 'AVAILABLE', now(), now(), now(), source_id FROM location
           WHERE id = %(n)s""",
        {"n": number},
    )
    refresh_sites(connection, [number])


def placed(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        """SELECT t.location_id, s.code, d.code FROM site t LEFT JOIN area s ON s.id = state_area_id
           LEFT JOIN area d ON d.id = district_area_id ORDER BY 1"""
    ).fetchall()


def load(connection: Connection, file: Path, level: int = 1, **options: Any) -> Any:
    options = {"country": "IN", "origin": "test", **options}
    return load_areas(connection, file, level=level, **options)


def test_sites_are_placed_anew_when_areas_are_loaded(
    connection: Connection, tmp_path: Path
) -> None:
    site(connection, 1, 70.5, 20.5)
    site(connection, 2, 71.5, 20.5)
    site(connection, 3, 0.0, 0.0)
    west, east = (
        ({"code": "W", "name": "West"}, square(70, 20)),
        (
            {"code": "E", "name": "East"},
            square(71, 20),
        ),
    )
    report = load(connection, geojson(tmp_path, west, east))
    assert (report.areas, report.sites_moved) == (2, 2)
    assert placed(connection) == [(1, "W", None), (2, "E", None), (3, None, None)]
    assert assign_sites(connection) == 0


def test_a_district_gives_its_sites_its_own_state(connection: Connection, tmp_path: Path) -> None:
    site(connection, 1, 71.05, 20.5)  # in the outline of E, but in a district that belongs to W
    load(
        connection,
        geojson(
            tmp_path,
            ({"code": "W", "name": "West"}, square(70, 20)),
            ({"code": "E", "name": "East"}, square(71, 20)),
        ),
    )
    load(connection, geojson(tmp_path, ({"code": "1", "name": "One"}, square(70.1, 20))), level=2)
    assert placed(connection) == [(1, "W", "1")]


def test_loading_again_replaces_the_areas_of_that_country_and_level_only(
    connection: Connection, tmp_path: Path
) -> None:
    load(connection, geojson(tmp_path, ({"code": "X", "name": "X"}, square(5, 50))), country="NL")
    load(connection, geojson(tmp_path, ({"code": "A", "name": "A"}, square(70, 20))))
    load(connection, geojson(tmp_path, ({"code": "1", "name": "1"}, square(70, 20, 0.5))), level=2)
    report = load(
        connection, geojson(tmp_path, ({"code": "B", "name": "B"}, square(70, 20))), official=True
    )
    assert (report.areas, report.removed) == (1, 1)
    sets = [(s.country_code, s.level, s.areas, s.official) for s in list_areas(connection)]
    assert sets == [("IN", 1, 1, True), ("IN", 2, 1, False), ("NL", 1, 1, False)]
    parents = connection.execute(
        "SELECT p.code FROM area a JOIN area p ON p.id = a.parent_id WHERE a.level = 2"
    ).fetchall()
    assert parents == [("B",)]


def test_a_code_that_several_areas_bear_is_replaced_by_one_of_their_names(
    connection: Connection, tmp_path: Path
) -> None:
    load(connection, geojson(tmp_path, ({"code": "W", "name": "West"}, square(70, 20))))
    report = load(
        connection,
        geojson(
            tmp_path,
            ({"code": "0", "name": "New One"}, square(70, 20, 0.2)),
            ({"code": "0", "name": "New Two"}, square(70.2, 20, 0.2)),
            ({"code": "7", "name": "Seven"}, square(70.4, 20, 0.2)),
            ({"code": "7", "name": "Seven"}, square(70.8, 20, 0.2)),
        ),
        level=2,
    )
    assert (report.areas, report.coded) == (3, 2)
    codes = connection.execute("SELECT code, ST_NumGeometries(geom) FROM area WHERE level = 2")
    assert sorted(codes.fetchall()) == [("7", 2), ("W-newone", 1), ("W-newtwo", 1)]


def test_an_outline_that_crosses_itself_is_repaired(connection: Connection, tmp_path: Path) -> None:
    ring = [[70, 20], [71, 21], [71, 20], [70, 21], [70, 20]]
    bow_tie = {"type": "Polygon", "coordinates": [ring]}
    report = load(connection, geojson(tmp_path, ({"code": "B", "name": "B"}, bow_tie)))
    valid = connection.execute("SELECT ST_IsValid(geom), ST_NumGeometries(geom) FROM area")
    assert report.mended == 1
    assert valid.fetchall() == [(True, 2)]


@pytest.mark.parametrize(
    ("geometry", "properties", "says"),
    [
        (square(155000, 463000), {"code": "a", "name": "b"}, "WGS 84"),
        ({"type": "Point", "coordinates": [1, 1]}, {"code": "a", "name": "b"}, "WGS 84"),
        ({"type": "Polygon", "coordinates": "x"}, {"code": "a", "name": "b"}, "not a GeoJSON"),
        (square(1, 1), {"naam": "b"}, "It has: naam"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_change(
    connection: Connection,
    tmp_path: Path,
    geometry: dict[str, Any],
    properties: dict[str, Any],
    says: str,
) -> None:
    with pytest.raises(InvalidInput, match=says):
        load(connection, geojson(tmp_path, (properties, geometry)))


def test_a_broken_or_foreign_file_is_refused(connection: Connection, tmp_path: Path) -> None:
    broken = tmp_path / "broken.geojson.gz"
    broken.write_bytes(gzip.compress(b'{"type": "FeatureCollection", "features": [')[:-4])
    other = tmp_path / "other.json"
    other.write_text('{"type": "Feature"}')
    for file in (broken, other, tmp_path / "absent.json"):
        with pytest.raises(InvalidInput, match=str(file.name)):
            load(connection, file)


def test_topojson_is_read_with_its_transform_and_arcs_walked_backwards(
    connection: Connection, tmp_path: Path
) -> None:
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.5, 0.5], "translate": [70, 20]},
        "arcs": [
            [[2, 0], [0, 2]],
            [[2, 2], [-2, 0], [0, -2], [2, 0]],
            [[2, 0], [2, 0], [0, 2], [-2, 0]],
        ],
        "objects": {
            "states": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1]], "properties": {"code": "W", "name": 1}},
                    {"type": "Polygon", "arcs": [[2, ~0]], "properties": {"code": "E", "name": 2}},
                ],
            },
            "land": {"type": "Polygon", "arcs": [[0, 1]]},
        },
    }  # fmt: skip
    file = tmp_path / "areas.topojson.gz"
    file.write_bytes(gzip.compress(json.dumps(topology).encode()))
    with pytest.raises(InvalidInput, match="land, states"):
        load(connection, file)
    load(connection, file, layer="states")
    boxes = connection.execute("SELECT code, ST_XMin(geom), ST_XMax(geom), ST_Area(geom) FROM area")
    assert boxes.fetchall() == [("W", 70.0, 71.0, 1.0), ("E", 71.0, 72.0, 1.0)]


def test_the_builtin_outlines_are_loaded_once_and_never_over_loaded_ones(
    connection: Connection, tmp_path: Path
) -> None:
    assert load_builtin(connection, "IN") > 250
    assert load_builtin(connection, "IN") == 0
    site(connection, 1, 77.5946, 12.9716)
    assert placed(connection) == [(1, "IN-KA", None)]
    assert connection.execute(
        "SELECT bool_and(NOT official AND origin LIKE '%unofficial outline%'), "
        "count(*) FILTER (WHERE level > 0 AND parent_id IS NULL), bool_and(ST_IsValid(geom)) "
        "FROM area"
    ).fetchone() == (True, 0, True)
    load(connection, geojson(tmp_path, ({"code": "29", "name": "Karnataka"}, square(77, 12))))
    assert load_builtin(connection, "IN") == 0
    assert placed(connection) == [(1, "29", None)]


def test_spellings_meet_in_one_form() -> None:
    codes = {spelling.folded: spelling.code for spelling in spellings_of("IN")}
    assert codes[fold("UT OF D&NH AND D&D")] == codes[fold("UT of D&NH and D&D")] == "IN-DH"
    assert codes[fold("Orissa")] == codes[fold("ODISHA")] == "IN-OD"
    assert len(set(codes.values())) == 36


@captures
@pytest.mark.parametrize(
    ("name", "country", "level", "options", "areas"),
    [
        (
            "india_districts_states_covid19india.topojson.gz", "IN", 1,
            {"layer": "states", "code_property": "st_code", "name_property": "st_nm"}, 36,
        ),
        (
            "india_districts_states_covid19india.topojson.gz", "IN", 2,
            {"layer": "districts", "code_property": "dt_code", "name_property": "district"}, 723,
        ),
        ("nl_gemeenten_342_population.geojson.gz", "NL", 2, {"name_property": "gemeente"}, 342),
        ("france_departements_101.geojson.gz", "FR", 2, {"name_property": "nom"}, 101),
    ],
)  # fmt: skip
def test_official_areas_of_three_countries_load_whole(
    connection: Connection,
    name: str,
    country: str,
    level: int,
    options: dict[str, str],
    areas: int,
) -> None:
    load_builtin(connection, country)
    report = load(connection, GEO / name, level, country=country, official=True, **options)
    assert (report.areas, report.without_parent) == (areas, 0)
    assert connection.execute(
        "SELECT count(DISTINCT code), bool_and(ST_IsValid(geom)) FROM area "
        "WHERE country_code = %s AND level = %s",
        (country, level),
    ).fetchone() == (areas, True)
