"""The map in a real browser: live, by keyboard, on a phone, without scripts."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from map_visit import Visit
from playwright.sync_api import Page, Route, expect
from small_nation import BENGALURU, DELHI, SmallNation

from nop_registry.database import Connection
from nop_registry.store.tiles import roll_up

pytestmark = pytest.mark.browser

CLOSE_UP = f"#14/{BENGALURU[1]}/{BENGALURU[0]}"
AVAILABLE, BUSY = (0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00)

COLOUR = """async ([picture, x, y]) => {
  const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], {type: 'image/png'}));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d');
  context.drawImage(bitmap, 0, 0);
  return Array.from(context.getImageData(x, y, 1, 1).data).slice(0, 3);
}"""
PLACE = """([lon, lat]) => {
  const stage = document.getElementById('map');
  const {x, y} = stage.map.project([lon, lat]);
  const {left, top} = stage.getBoundingClientRect();
  return [x + left, y + top];
}"""
RINGS = """() => document.getElementById('map').map
  .queryRenderedFeatures({layers: ['rings']}).map((ring) => ring.properties)"""


@pytest.fixture
def nation(connection: Connection) -> SmallNation:
    nation = SmallNation(connection)
    source = nation.add_source("tata", simulated=True)
    nation.add_station(source, 1, ["AVAILABLE"], BENGALURU, name="<img src=x onerror=alert(1)>")
    nation.add_station(source, 2, ["CHARGING"], (BENGALURU[0] + 0.01, BENGALURU[1]))
    nation.add_station(source, 3, ["AVAILABLE", "PLANNED"], DELHI, operator_name="Statiq")
    roll_up(connection)
    return nation


def mark_colour(page: Page, place: tuple[float, float]) -> tuple[int, ...]:
    """Of the station's disc, above its glyph."""
    x, y = page.evaluate(PLACE, list(place))
    picture = base64.b64encode(page.screenshot()).decode()
    return tuple(page.evaluate(COLOUR, [picture, round(x), round(y - 7)]))


def wait_for(page: Page, condition: str) -> None:
    """Playwright's own wait_for_function needs eval, which the security policy forbids."""
    for _ in range(240):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"not within a minute: {condition}")


def wait_for_colour(page: Page, place: tuple[float, float], colour: tuple[int, ...]) -> None:
    for _ in range(120):
        if mark_colour(page, place) == colour:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"the mark is {mark_colour(page, place)}, not {colour}")


def test_a_status_change_shows_within_seconds_on_map_list_and_sheet(
    visit: Callable[..., Visit], nation: SmallNation, tmp_path: Path
) -> None:
    visitor = visit()
    page = visitor.open(f"/?station=1{CLOSE_UP}")
    wait_for_colour(page, BENGALURU, AVAILABLE)
    expect(page.locator('.card[data-id="1"] .card-state')).to_have_text("Available")
    expect(page.locator("#sheet .evse-status")).to_have_text("Available")

    nation.set_status(10, "CHARGING")

    wait_for_colour(page, BENGALURU, BUSY)
    expect(page.locator('.card[data-id="1"] .card-state')).to_have_text("In use")
    expect(page.locator("#sheet .evse-status")).to_have_text("In use")
    page.screenshot(path=tmp_path / "live.png")
    assert visitor.faults() == []


def test_rings_follow_the_changes_of_their_stations(
    visit: Callable[..., Visit], nation: SmallNation
) -> None:
    visitor = visit()
    page = visitor.open("/#4/20/79")
    wait_for(page, f"({RINGS})().length === 1")
    assert page.evaluate(RINGS) == [{"n": 2, "n_evse": 2, "n_available": 1, "n_busy": 1}]
    nation.set_status(10, "OUTOFORDER")
    roll_up(nation.connection)
    wait_for(page, f"({RINGS})()[0]?.n_out === 1")
    x, y = page.evaluate(PLACE, list(BENGALURU))
    page.mouse.click(x, y)
    wait_for(page, "document.getElementById('map').map.getZoom() > 5.9")
    assert visitor.faults() == []


def test_a_station_opens_by_mark_or_list_and_closes_by_escape_or_back(
    visit: Callable[..., Visit], nation: SmallNation
) -> None:
    visitor = visit()
    page = visitor.open(f"/{CLOSE_UP}")
    page.mouse.click(*page.evaluate(PLACE, list(BENGALURU)))
    title = page.locator("#sheet #station-title")
    expect(title).to_have_text("<img src=x onerror=alert(1)>")
    expect(title).to_be_focused()
    assert "station=1" in page.url
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    assert "station=" not in page.url
    link = page.locator('.card[data-id="2"] a')
    link.click()
    expect(title).to_have_text("Station 2")
    page.go_back()
    expect(page.locator("#sheet")).to_be_hidden()
    expect(link).to_be_focused()
    assert visitor.faults() == []


def test_a_filter_changes_map_list_and_address_and_a_shared_address_restores_it(
    visit: Callable[..., Visit], nation: SmallNation
) -> None:
    visitor = visit()
    page = visitor.open("/#4/20/79")
    expect(page.locator(".card")).to_have_count(3)
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Operator").select_option("Statiq")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator("#announce")).to_contain_text("1 station, 2 charging points")
    wait_for(page, f"({RINGS})().length === 0")
    assert "operator=Statiq" in page.url
    other = visit()
    again = other.open(page.url.removeprefix(other.address))
    expect(again.locator(".card")).to_have_count(1)
    assert again.locator("#filters select[name=operator]").input_value() == "Statiq"
    again.get_by_text("Clear filters").click()
    expect(again.locator(".card")).to_have_count(3)
    assert visitor.faults() + other.faults() == []


def test_a_filter_is_announced_even_when_a_live_change_overtakes_its_list(
    visit: Callable[..., Visit], nation: SmallNation
) -> None:
    visitor = visit()
    page = visitor.open("/#4/20/79")
    expect(page.locator(".card")).to_have_count(3)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/stations?*operator=*", hold_the_first)
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Operator").select_option("Statiq")
    nation.set_status(10, "OUTOFORDER")
    expect(page.locator("#announce")).to_contain_text("1 station, 2 charging points")
    assert len(held) == 1


def test_moving_the_map_by_keyboard_moves_the_list(
    visit: Callable[..., Visit], nation: SmallNation
) -> None:
    page = visit().open(f"/{CLOSE_UP}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".card")).to_have_count(2)
    page.locator("#map canvas").focus()
    none = page.locator("#list", has_text="No station matches")
    for _ in range(240):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(150)
        if none.count():
            break
    expect(none).to_be_visible()
    assert float(re.split("[#/]", page.url)[-2]) < BENGALURU[1]


def test_a_phone_shows_everything_without_sideways_scrolling(
    visit: Callable[..., Visit], nation: SmallNation, tmp_path: Path
) -> None:
    visitor = visit(360, 740, has_touch=True)
    page = visitor.open(f"/{CLOSE_UP}")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator(".search button").bounding_box()["height"] >= 44  # type: ignore[index]
    page.touchscreen.tap(*page.evaluate(PLACE, list(BENGALURU)))
    sheet = page.locator("#sheet")
    expect(sheet.locator("#station-title")).to_be_visible()
    low = sheet.bounding_box()
    sheet.get_by_role("button", name="Enlarge").click()
    high = sheet.bounding_box()
    assert low and high and high["height"] > low["height"]
    page.screenshot(path=tmp_path / "phone.png")
    sheet.get_by_role("button", name="Close").click()
    expect(sheet).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert visitor.faults() == []


def test_without_scripts_the_list_the_filters_and_the_station_work(
    visit: Callable[..., Visit], nation: SmallNation
) -> None:
    visitor = visit(java_script_enabled=False)
    page = visitor.page
    page.goto(visitor.address)
    expect(page.locator(".card")).to_have_count(3)
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Available now").check()
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".card")).to_have_count(2)
    page.locator('.card[data-id="3"] a').click()
    expect(page.locator("h1")).to_have_text("Station 3")
    assert visitor.complaints == []
