"""The regulator's page in Chromium, with scripts switched off, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from application import serve_application
from fresh_databases import Databases
from playwright.sync_api import Browser, Page

from nop_registry.database import Connection, connect
from nop_registry.store.areas import load_builtin
from nop_registry.store.sites import refresh_sites

pytestmark = pytest.mark.browser

_LOCATIONS = """
INSERT INTO source (name, kind, country_code, seen_at) VALUES ('operator-a', 'ocpi', 'IN', now());
INSERT INTO location (id, source_id, country_code, party_id, ocpi_id, publish, lat, lon, country,
    state, operator_name, details, content_hash, version, first_seen_at, received_at)
SELECT n, s.id, 'IN', 'AAA', n, true, 10 + n * 7 % 18, 73 + n * 5 % 13, 'IND',
    CASE n % 4 WHEN 0 THEN 'ORISSA' WHEN 1 THEN 'Telangana' END, 'Operator ' || n % 20, '{}', '', 1,
    now(), now()
FROM source s, generate_series(1, 400) n;
INSERT INTO evse (id, location_id, position, uid, capabilities, parking_restrictions, max_power_w,
    class_mask, details, content_hash)
SELECT l.id * 10 + n, l.id, n, n, '{}', '{}', CASE WHEN n > 1 THEN 60000 END, 1, '{}', ''
FROM location l, generate_series(1, (1 + l.id % 4)::int) n;
INSERT INTO evse_status
    (evse_id, location_id, status, changed_at, claimed_at, received_at, source_id)
SELECT e.id, e.location_id, (ARRAY['AVAILABLE', 'CHARGING', 'OUTOFORDER', 'UNKNOWN', 'PLANNED'])
    [1 + e.id % 5]::ocpi_status, now(), now(), now(),
    l.source_id FROM evse e JOIN location l ON l.id = e.location_id;
"""


@pytest.fixture(scope="module")
def nation(databases: Databases, template: str) -> Iterator[str]:
    """URL of a database of 400 locations strewn over India, which the tests only read."""
    name = databases.make(template)
    with closing(connect(databases.url(name))) as connection:
        load_builtin(connection, "IN")
        connection.execute(_LOCATIONS)
        refresh_sites(connection, list(range(1, 401)))
        connection.commit()
    yield databases.url(name)
    databases.give_back(name)


@pytest.fixture(scope="module")
def address(nation: str) -> Iterator[str]:
    """The platform over it."""
    with serve_application(nation) as url:
        yield url


@pytest.fixture
def connection(nation: str) -> Iterator[Connection]:
    with closing(connect(nation)) as opened:
        yield opened


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page without scripts."""
    width, height = request.param
    with browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=False
    ) as context:
        yield context.new_page()


def cells(page: Page, code: str) -> list[str]:
    return page.locator(f'#areas ~ .wide tr[data-code="{code}"] td').all_inner_texts()


def numbers(texts: list[str]) -> list[int]:
    return [int(text.replace(",", "")) for text in texts if text.replace(",", "").isdigit()]


def by_hand(connection: Connection, sql: str) -> tuple[Any, ...]:
    row = connection.execute(sql).fetchone()
    assert row
    return row


def test_the_page_stands_without_scripts_and_its_sums_are_those_of_sql(
    page: Page, address: str, connection: Connection, tmp_path: Path
) -> None:
    hosts, failures = set(), []
    page.on("request", lambda sent: hosts.add(urlsplit(sent.url).netloc))
    page.on("console", lambda said: failures.append(said.text))
    page.on("requestfailed", lambda sent: failures.append(sent.url))
    page.goto(f"{address}/coverage")
    page.screenshot(path=tmp_path / "coverage.png", full_page=True)

    evses, kw, unknown, planned = by_hand(
        connection,
        """SELECT count(*) FILTER (WHERE s.status <> 'PLANNED'),
                  sum(max_power_w) FILTER (WHERE s.status <> 'PLANNED') / 1000,
                  count(*) FILTER (WHERE s.status <> 'PLANNED' AND max_power_w IS NULL),
                  count(*) FILTER (WHERE s.status = 'PLANNED')
           FROM evse e JOIN evse_status s ON s.evse_id = e.id""",
    )
    total = numbers(cells(page, "total"))
    assert [total[0], total[2], total[3]] == [evses, kw, unknown]
    assert planned in total
    rows = page.locator('#areas ~ .wide tbody tr[data-code] [data-metric="evses"]')
    assert sum(numbers(rows.all_inner_texts())) == evses
    assert page.locator("#kpi-evses .value").inner_text().replace(",", "") == str(evses)
    (telangana,) = by_hand(
        connection,
        """SELECT count(*) FROM evse_status s JOIN location l ON l.id = s.location_id
           WHERE l.state = 'Telangana' AND s.status <> 'PLANNED'""",
    )
    assert numbers(cells(page, "IN-TS"))[0] == telangana

    assert page.locator(".choropleth path").count() > 30
    width = (page.viewport_size or {})["width"]
    for selector in ("main", ".kpis", ".choropleth > svg", ".wide"):  # wide tables scroll inside
        box = page.locator(selector).first.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] > 99
    assert hosts == {urlsplit(address).netloc}
    assert failures == []


def test_a_reader_goes_from_the_nation_to_a_state_and_back(page: Page, address: str) -> None:
    page.goto(f"{address}/coverage?simulated=0")
    evses = numbers(cells(page, "IN-KA"))[0]
    page.locator('#areas ~ .wide tr[data-code="IN-KA"] a').click()
    assert page.locator("h1").inner_text() == "Coverage: Karnataka"
    assert numbers(cells(page, "total"))[0] == evses > 0
    page.get_by_role("link", name="Coverage of India").click()
    assert page.url == f"{address}/coverage?simulated=0"
    page.locator("#areas ~ .wide thead a", has_text="State").click()
    names = page.locator("#areas ~ .wide tbody th").all_inner_texts()
    assert names[0].startswith("Andaman")
