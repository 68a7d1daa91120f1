"""The map page is whole without JavaScript, and loads nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from small_nation import BENGALURU, DELHI, SmallNation

from nop_dashboards.security import content_security_policy
from nop_registry.database import Connection

AROUND_BENGALURU = "77.4,12.8,77.8,13.2"
CCS = ("IEC_62196_T2_COMBO", 60_000)
T2 = ("IEC_62196_T2", 7_400)


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def stations_in(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="card" data-id="(\d+)"', html)]


def test_the_page_lists_the_nation_with_counts_and_as_of(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, ["AVAILABLE", "CHARGING"], BENGALURU)
    nation.add_station(source, 2, ["OUTOFORDER"], DELHI)
    page = client.get("/")
    assert page.status_code == 200
    assert sorted(stations_in(page.text)) == [1, 2]
    assert "2 stations, 3 charging points in this view; 1 available" in text_of(page.text)
    assert re.search(r"Data as of \d\d:\d\d UTC \(just now\)", text_of(page.text))
    assert "India · EV charging map" in page.text


def test_a_box_and_filters_in_the_address_decide_the_list(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, ["AVAILABLE", "CHARGING"], plugs=[T2, CCS])
    nation.add_station(source, 2, ["CHARGING", "AVAILABLE"], plugs=[T2, CCS])
    nation.add_station(source, 3, ["AVAILABLE"], DELHI, plugs=[CCS], operator_name="Statiq")
    asked = f"bbox={AROUND_BENGALURU}&connector=CCS2&min_power=50"
    assert sorted(stations_in(client.get(f"/?{asked}").text)) == [1, 2]
    free = client.get(f"/?{asked}&available=1").text
    assert stations_in(free) == [2], "a free Type 2 socket is no free CCS2"
    assert "1 station, 1 charging point in this view; 1 available" in text_of(free)
    assert stations_in(client.get("/?operator=Statiq").text) == [3]
    assert '<option value="CCS2" selected>' in free and 'value="1" checked' in free


def test_stations_nearest_to_the_middle_come_first_and_pages_miss_none(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source()
    for n in range(1, 61):
        nation.add_station(source, n, place=(77.6 + n % 7 / 1000, 13.0 + n % 11 / 1000))
    page = client.get(f"/?bbox={AROUND_BENGALURU}").text
    seen = stations_in(page)
    while following := re.search(r'href="(/\?[^"]+)" data-next', page):
        page = client.get(following[1].replace("&amp;", "&")).text
        seen += stations_in(page)
    assert len(seen) == 60 and set(seen) == set(range(1, 61))
    assert seen[0] == 22, "one step east of the middle, none is nearer"


def test_simulated_data_is_named_on_the_page_and_on_the_station(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(simulated=True), 1)
    page = client.get("/").text
    assert "Simulated data." in page
    assert '<span class="tag">simulated</span>' in page
    assert "Simulated data." in client.get("/station/1").text


def test_real_data_carries_no_such_label(client: TestClient[Litestar], nation: SmallNation) -> None:
    nation.add_station(nation.add_source(), 1)
    assert "imulated" not in client.get("/").text


def test_a_silent_source_is_listed_as_unknown(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(seen_ago_s=7200), 1, ["AVAILABLE"])
    text = text_of(client.get("/").text)
    assert "0 available" in text and "Unknown" in text
    assert "1 silent: their statuses are shown as unknown" in text


def test_an_unpublished_station_is_not_listed(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(), 1, name="Secret depot")
    nation.withdraw(1)
    assert "Secret depot" not in client.get("/").text
    assert "No station matches" in client.get(f"/stations?bbox={AROUND_BENGALURU}").text


def test_a_name_leads_to_a_city_a_station_or_an_evse(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, name="Mall of Bengal", city="Kolkata", place=(88.36, 22.57))
    nation.add_station(source, 2)
    for question in ("bengal", "BENGAL"):
        found = client.get("/places", params={"q": question}).text
        assert "Bengaluru" in found and "Mall of Bengal" not in found
    city = client.get("/", params={"q": "Bengaluru"}, follow_redirects=False)
    assert city.status_code == 302
    west, south, east, north = map(float, city.headers["location"][7:].split("%2C"))
    assert west < BENGALURU[0] < east and south < BENGALURU[1] < north
    evse = client.get("/", params={"q": "in*tpc*e1*0"}, follow_redirects=False)
    assert evse.headers["location"] == "/station/1"
    assert "Nothing begins with" in client.get("/", params={"q": "100%_\\"}).text


def test_texts_of_operators_never_become_markup(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    evil = '<script>alert(1)</script>"onmouseover="x'
    nation.add_station(
        nation.add_source(), 1, name=evil, address=evil, city=evil, operator_name=evil
    )
    pages = (
        client.get("/").text,
        client.get("/station/1").text,
        client.get("/", params={"q": evil}).text,
    )
    for page in pages:
        assert "<script>alert" not in page
        assert '"onmouseover="' not in page


class Loaded(HTMLParser):
    """What a browser would load or run by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag in ("script", "img"):
            self.addresses.append(given.get("src") or "inline")
        if tag == "link":
            self.addresses.append(given["href"] or "")
        self.inline += [tag] if tag == "style" else []


@pytest.mark.parametrize("path", ["/", "/station/1"])
def test_a_page_loads_only_files_of_this_server_and_every_one_exists(
    client: TestClient[Litestar], nation: SmallNation, path: str
) -> None:
    nation.add_station(nation.add_source(), 1)
    loaded = Loaded()
    loaded.feed(client.get(path).text)
    assert loaded.inline == []
    assert len(loaded.addresses) > 2
    for address in loaded.addresses:
        assert address.startswith("/static/")
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


@pytest.mark.parametrize("path", ["../map.py", "%2e%2e/map.py", "vendor/README.md", "", "x" * 300])
def test_only_files_of_the_pages_are_served(client: TestClient[Litestar], path: str) -> None:
    assert client.get(f"/static/v/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/stations", "/no/such/page", "/health/live", "/events?since=x"]
)
def test_every_answer_carries_the_security_headers(client: TestClient[Litestar], path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == content_security_policy(None)
    assert "unsafe" not in headers["content-security-policy"]


def test_only_the_origin_of_a_configured_map_style_is_let_in() -> None:
    policy = content_security_policy("https://tiles.example.in/styles/nation.json")
    assert "connect-src 'self' https://tiles.example.in;" in policy
    assert "script-src 'self';" in policy


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=9,9,1,1",
        "bbox=a,b,c,d",
        "bbox=nan,1,2,3",
        "connector=x",
        "after=1,2,3",
        "after=1,99999999999999999999",
    ],
)
def test_a_question_that_cannot_be_understood_gets_a_sentence(
    client: TestClient[Litestar], query: str
) -> None:
    answer = client.get(f"/?{query}")
    assert answer.status_code == 400
    assert "must" in answer.text or "needs" in answer.text


def test_a_database_that_is_gone_is_a_polite_503(
    client: TestClient[Litestar], connection: Connection
) -> None:
    connection.rollback()
    connection.execute("DROP TABLE tile_cell, site CASCADE")
    connection.commit()
    for path in ("/", "/tiles/locations/4/11/6.mvt"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "site" not in answer.text
