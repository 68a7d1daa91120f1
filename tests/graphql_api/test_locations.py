"""Which locations a person finds, in which order, page by page."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.graphql_api.conftest import NOW, RICH, Nation, evse, location, plug

from nop_registry.enums import Status
from nop_registry.records import BusinessDetails, ExceptionalPeriod, Hours

Ask = Callable[..., Any]
CCS = "IEC_62196_T2_COMBO"


def names(data: Any) -> set[str]:
    return {edge["node"]["ocpiId"] for edge in data["locations"]["edges"]}


def found(ask: Ask, filter: str) -> set[str]:
    query = (
        f"{{ locations(filter: {{ {filter} }}) {{ totalCount edges {{ node {{ ocpiId }} }} }} }}"
    )
    data = ask(query)
    assert data["locations"]["totalCount"] == len(data["locations"]["edges"])
    return names(data)


@pytest.fixture
def filtered(nation: Nation) -> Nation:
    nation.add(
        location("FREE-CCS", evses=(evse("A-1", plug(CCS, 180)),)),
        location(
            "BUSY-CCS-FREE-AC",
            evses=(evse("B-1", plug(CCS, 180), status=Status.CHARGING), evse("B-2", plug())),
            operator=BusinessDetails(name="100% Green_Power"),
        ),
        location(
            "SLOW-CCS-FAST-CHADEMO", evses=(evse("C-1", plug(CCS, 50), plug("CHADEMO", 200)),)
        ),
        location("UNKNOWN-POWER", evses=(evse("D-1", plug(CCS, None)),), country="NLD"),
        location("ODD-POWER", evses=(evse("E-1", plug(CCS, 149.9)),), party_id="ABB"),
    )
    return nation


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (f'connectorTypes: ["{CCS}"], minPowerW: 150000, status: [AVAILABLE]', {"FREE-CCS"}),
        (f'connectorTypes: ["{CCS}"], minPowerW: 150000', {"FREE-CCS", "BUSY-CCS-FREE-AC"}),
        (f'connectorTypes: ["{CCS}"], minPowerW: 149900', {
            "FREE-CCS", "BUSY-CCS-FREE-AC", "ODD-POWER"}),
        ("current: DC, status: [CHARGING]", {"BUSY-CCS-FREE-AC"}),
        ("current: AC", {"BUSY-CCS-FREE-AC"}),
        ("minPowerW: 190000", {"SLOW-CCS-FAST-CHADEMO"}),
        ("status: [CHARGING, OUTOFORDER]", {"BUSY-CCS-FREE-AC"}),
        ("status: [UNKNOWN]", set()),
        ('country: "nl"', {"UNKNOWN-POWER"}),
        ('country: "NLD"', {"UNKNOWN-POWER"}),
        ('operator: "% green_"', {"BUSY-CCS-FREE-AC"}),
        ('operator: "%"', {"BUSY-CCS-FREE-AC"}),
        ('operator: "_"', {"BUSY-CCS-FREE-AC"}),
        ('operator: "IN*ABB"', {"ODD-POWER"}),
        ('operator: "abb"', {"ODD-POWER"}),
        ("operator: \"' OR 1=1 --\"", set()),
        ("connectorTypes: [], status: null, operator: \"\"", {
            "FREE-CCS", "BUSY-CCS-FREE-AC", "SLOW-CCS-FAST-CHADEMO", "UNKNOWN-POWER", "ODD-POWER"}),
    ],
)  # fmt: skip
def test_a_filter_means_one_evse_with_one_such_connector(
    filtered: Nation, ask: Ask, filter: str, expected: set[str]
) -> None:
    assert found(ask, filter) == expected


def test_a_status_too_old_to_be_believed_is_found_as_unknown_and_not_as_available(
    filtered: Nation, ask: Ask
) -> None:
    filtered.execute("UPDATE source SET seen_at = now() - interval '1 day'")
    filtered.execute("UPDATE evse_status SET received_at = now() - interval '1 day'")

    assert found(ask, "status: [AVAILABLE]") == set()
    assert len(found(ask, "status: [UNKNOWN, AVAILABLE]")) == 5
    data = ask(
        """{ locations(first: 1) { edges { node { evses { status statusDetail {
             lastKnownStatus isStale } } availability { available unknown total } } } } }"""
    )
    node = data["locations"]["edges"][0]["node"]
    assert {e["status"] for e in node["evses"]} == {"UNKNOWN"}
    assert node["evses"][0]["statusDetail"]["isStale"] is True
    assert node["evses"][0]["statusDetail"]["lastKnownStatus"] in ("AVAILABLE", "CHARGING")
    assert node["availability"]["available"] == 0 < node["availability"]["unknown"]


def on_ground(lat: float, lon: float, lat2: float, lon2: float) -> float:
    """Metres on the sphere (haversine)."""
    a, b, c, d = map(math.radians, (lat, lon, lat2, lon2))
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6371008.77 * math.asin(math.sqrt(h))


@pytest.mark.parametrize("lat", [0.0, 19.0, -33.0, 69.0])
def test_near_gives_the_nearest_on_the_ground_in_order_page_by_page(
    nation: Nation, ask: Ask, lat: float
) -> None:
    # Far from the equator a degree of longitude is short, and the map's distance misleads.
    places = {
        f"P{i}": (lat + 0.3 * math.sin(i) * i / 40, 77 + 0.8 * math.cos(2.4 * i) * i / 40)
        for i in range(41)
    }
    nation.add(*(location(id, *place) for id, place in places.items()))
    truth = sorted((on_ground(lat, 77, *place), id) for id, place in places.items())
    expected = [(id, round(metres)) for metres, id in truth if metres <= 30_000]
    query = """query($near: Near!, $after: String) {
        locations(near: $near, first: 7, after: $after) {
            totalCount edges { node { ocpiId distanceM } } pageInfo { hasNextPage endCursor } } }"""
    seen: list[tuple[str, int]] = []
    after, more = None, True
    while more:
        page = ask(query, near={"lat": lat, "lon": 77, "radiusM": 30_000}, after=after)["locations"]
        seen += [(e["node"]["ocpiId"], e["node"]["distanceM"]) for e in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    assert [id for id, _ in seen] == [id for id, _ in expected]
    assert all(abs(a[1] - b[1]) <= 1 for a, b in zip(seen, expected, strict=True))
    assert page["totalCount"] == len(expected)


@pytest.mark.parametrize("box", ["72,18,73,20", "60,0,90,40"])
def test_a_box_small_or_wide_finds_what_is_inside(nation: Nation, ask: Ask, box: str) -> None:
    nation.add(location("IN", 19, 72.5), location("OUT", 45, 72.5), location("WEST", 19, 59.9))
    west, south, east, north = map(float, box.split(","))
    query = "query($b: BBox!) { locations(bbox: $b) { edges { node { ocpiId } } } }"

    data = ask(query, b={"west": west, "south": south, "east": east, "north": north})

    assert names(data) == {"IN"}


def test_pages_neither_repeat_nor_miss_while_locations_come_and_go(
    nation: Nation, ask: Ask
) -> None:
    nation.add(*(location(f"L{i}") for i in range(30)))
    query = """query($after: String) { locations(first: 10, after: $after) {
        edges { cursor node { ocpiId } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    first = ask(query)["locations"]
    seen = [edge["node"]["ocpiId"] for edge in first["edges"]]

    nation.add(*(location(f"NEW{i}") for i in range(10)))
    nation.add(*(location(id, publish=False) for id in seen), at=NOW + timedelta(hours=1))
    after = first["pageInfo"]["endCursor"]
    while after:
        page = ask(query, after=after)["locations"]
        seen += [edge["node"]["ocpiId"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] is True
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None

    assert len(seen) == len(set(seen))
    assert {f"L{i}" for i in range(30)} <= set(seen)


def test_no_rows_is_an_empty_page(nation: Nation, ask: Ask) -> None:
    query = """{ locations(first: 0) {
        edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""

    assert ask(query)["locations"] == {
        "edges": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }


DISTANCE_CURSOR = base64.b64encode(b"d:00000000:1.5:7").decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('after: "nonsense"', "not a cursor"),
        ('after: "aTonOyBEUk9QIFRBQkxF"', "not a cursor"),
        ('after: "☃"', "not a cursor"),
        (f'after: "{base64.b64encode(b"d:x:nan:1").decode()}"', "not a cursor"),
        (f'after: "{base64.b64encode(b"i:" + b"9" * 40).decode()}"', "not a cursor"),
        (f'after: "{DISTANCE_CURSOR}"', "another list"),
        (f'near: {{lat: 1, lon: 1}} after: "{DISTANCE_CURSOR}"', "another list"),
        ('near: {lat: 1, lon: 1} after: "aTo3"', "another list"),
        ("orderBy: DISTANCE", "needs near"),
        ("near: {lat: 1, lon: 1} bbox: {west: 1, south: 1, east: 2, north: 2}", "not both"),
        ("near: {lat: 91, lon: 1}", "near needs"),
        ("near: {lat: 1e999, lon: 1}", ""),
        ("near: {lat: 1, lon: 1, radiusM: 1e9}", "radiusM"),
        ("near: {lat: 1, lon: 1, radiusM: 0}", "radiusM"),
        ("bbox: {west: 2, south: 1, east: 1, north: 2}", "bbox needs"),
        ("filter: {minPowerW: -1}", "minPowerW"),
        ('filter: {country: "XQ"}', "ISO 3166"),
        ('filter: {operator: "a\\u0000b"}', "100 characters"),
        ('filter: {operator: "' + "x" * 101 + '"}', "100 characters"),
        ("filter: {connectorTypes: [" + '"x" ' * 51 + "]}", "at most 50"),
    ],
)
def test_a_question_without_sense_is_answered_with_what_to_change(
    nation: Nation, client: TestClient[Litestar], arguments: str, message: str
) -> None:
    query = f"{{ locations({arguments}) {{ edges {{ node {{ id }} }} }} }}"

    response = client.post("/graphql", json={"query": query})

    assert response.status_code == 200
    [error] = response.json()["errors"]
    assert message in error["message"]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")


def test_an_evse_is_found_by_any_spelling_and_of_copies_the_fresher_is_shown(
    rich_nation: Nation, ask: Ask
) -> None:
    query = """query($id: String!) { evse(evseId: $id) {
        evseId sameId location { ocpiId isSimulated } } }"""

    for spelling in ("IN*TPC*ERICH*1", "intpcerich1", " in*tpc*erich1 "):
        shown = ask(query, id=spelling)["evse"]
        assert shown["evseId"] == "IN*TPC*ERICH*1"
        assert shown["location"] == {"ocpiId": "RICH", "isSimulated": False}
        assert shown["sameId"] == 2
    rich_nation.execute("UPDATE source SET seen_at = now() - interval '2 days' WHERE name = 'tata'")
    rich_nation.execute("UPDATE evse_status SET received_at = now() - interval '2 days'")
    rich_nation.execute("UPDATE source SET seen_at = now() WHERE name = 'copy'")
    assert ask(query, id="INTPCERICH1")["evse"]["location"]["isSimulated"] is True
    assert ask(query, id="no such thing")["evse"] is None


def test_what_may_not_be_seen_is_nowhere(rich_nation: Nation, ask: Ask) -> None:
    hidden = rich_nation.number(location("HIDDEN"))

    data = ask(
        """query($id: ID!) { location(id: $id) { name } evse(evseId: "IN*TPC*EHIDDEN*1") { uid }
        removed: evse(evseId: "IN*TPC*ERICH*3") { uid }
        locations { totalCount edges { node { ocpiId evses { uid } } } }
        stats { locations evses } }""",
        id=str(hidden),
    )

    assert data["location"] is data["evse"] is data["removed"] is None
    assert names(data) == {"RICH", "PLAIN", "RICH-COPY"}
    assert data["locations"]["totalCount"] == data["stats"]["locations"] == 3
    evses = [e["uid"] for edge in data["locations"]["edges"] for e in edge["node"]["evses"]]
    assert "RICH-3" not in evses and data["stats"]["evses"] == len(evses)


@pytest.mark.parametrize("id", ["0", "-1", "x", "1e3", "99999999999999999999", "", "\uff11"])
def test_an_id_that_is_none_is_not_found(nation: Nation, ask: Ask, id: str) -> None:
    assert ask("query($id: ID!) { location(id: $id) { id } }", id=id)["location"] is None


def test_stats_sources_and_coverage_answer(rich_nation: Nation, ask: Ask) -> None:
    data = ask(
        """{ stats { asOf locations evses connectors powerKw evsesOfUnknownPower
                     byStatus { available busy out unknown planned total }
                     sources { total stale simulated newestSeenAt } }
             sources { name state simulated isStale }
             coverage(level: STATE) { code name sources byStatus { total }
                                      metrics { code value unit leftOut } asOf } }"""
    )

    stats = data["stats"]
    assert stats["evses"] == stats["byStatus"]["total"] == 6
    assert stats["connectors"] == 5  # the EVSE of PLAIN has none, the planned one does not count
    assert (stats["powerKw"], stats["evsesOfUnknownPower"]) == (180 + 22 + 22, 2)
    assert stats["sources"]["stale"] == stats["sources"]["simulated"] == 1
    assert [s["name"] for s in data["sources"]] == ["copy", "tata"]
    assert sum(area["byStatus"]["total"] for area in data["coverage"]) > 0
    assert {"evses", "locations", "power_kw"} <= {m["code"] for m in data["coverage"][0]["metrics"]}


def test_names_of_the_schema_follow_ocpi(rich_nation: Nation, ask: Ask) -> None:
    node = ask(
        """query($id: ID!) { location(id: $id) { party { countryCode partyId } lastUpdated
           evses { evseId connectors { standard format powerType maxElectricPowerW tariffIds
           tariffs { ocpiId currency elements { priceComponents { type price vat } } } } } } }""",
        id=str(rich_nation.number(RICH)),
    )["location"]

    assert node["lastUpdated"] == "2026-11-01T10:30:00.25Z"
    connector = node["evses"][0]["connectors"][0]
    assert connector["standard"] == CCS and connector["maxElectricPowerW"] == 180_000
    assert connector["tariffIds"] == ["FAST", "missing"]
    assert [t["ocpiId"] for t in connector["tariffs"]] == ["FAST"]
    component = connector["tariffs"][0]["elements"][0]["priceComponents"][0]
    assert component == {"type": "ENERGY", "price": "17.10", "vat": "18"}


def test_whether_a_location_is_open_now_is_told_where_it_is_known(nation: Nation, ask: Ask) -> None:
    """HO-3 to HO-5: from its hours; without any it is null."""
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    closing = ExceptionalPeriod(soon, soon + timedelta(hours=1))
    passing = ExceptionalPeriod(soon - timedelta(hours=2), soon)
    nation.add(
        location(
            "OPEN", opening_times=Hours(twentyfourseven=True, exceptional_closings=(closing,))
        ),
        location(
            "SHUT", opening_times=Hours(twentyfourseven=True, exceptional_closings=(passing,))
        ),
        location("SILENT"),
    )
    data = ask("{ locations { edges { node { ocpiId opening { isOpen opensAt closesAt } } } } }")
    told = {e["node"]["ocpiId"]: e["node"]["opening"] for e in data["locations"]["edges"]}
    when = soon.isoformat().replace("+00:00", "Z")
    assert {name: one["isOpen"] for name, one in told.items()} == {
        "OPEN": True, "SHUT": False, "SILENT": None
    }  # fmt: skip
    assert as_utc(told["OPEN"]["closesAt"]) == as_utc(told["SHUT"]["opensAt"]) == as_utc(when)
    assert set(told["SILENT"].values()) == {None}


def as_utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_location_without_a_named_operator_shows_its_party_everywhere(
    nation: Nation, ask: Ask
) -> None:
    """RT-7, DM-5: the field, and the filter that people fill with what they were shown."""
    nation.add(
        location("NAMED", operator=BusinessDetails(name="Tata Power")),
        location("UNNAMED", party_id="ABC", evses=(evse("A", evse_id="IN*XYZ*E1"),)),
    )
    data = ask("{ locations { edges { node { ocpiId operator { name website } } } } }")
    told = {e["node"]["ocpiId"]: e["node"]["operator"] for e in data["locations"]["edges"]}
    assert told == {
        "NAMED": {"name": "Tata Power", "website": None},
        "UNNAMED": {"name": "IN-XYZ", "website": None},
    }
    assert found(ask, 'operator: "IN-XYZ"') == {"UNNAMED"}
