"""Who does not see the screen, or uses no mouse: axe-core's rules, an upload by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from map_visit import Visit
from playwright.sync_api import Locator, Page, expect
from portal_world import HEADER, Worker, row
from small_nation import BENGALURU, SmallNation

from nop_registry.database import Connection

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("one_home")]
PHONE, DESK = (390, 740), (1280, 800)
RINGED = """() => {
  const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
  return outlineStyle !== 'none' && outlineWidth !== '0px';
}"""


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page: the rule, the element and the reason."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{page.url}: {one['impact']} {one['id']}: {node['html'][:150]}: {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file with a good row, and one for each kind of remark."""
    file = tmp_path / "stations.csv"
    file.write_text(HEADER + row(1) + row(2, lat="north") + row(3, standard=""), newline="")
    return file


def focus_by_tab(page: Page, wanted: Locator, at_most: int) -> None:
    """Press Tab until it has the focus; what has it on the way must be seen to have it."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        assert page.evaluate(RINGED), page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not within {at_most} steps")


def test_a_file_is_sent_looked_at_and_taken_by_keyboard_alone(
    enter: Callable[..., Visit], worker: Worker, table: Path
) -> None:
    visitor = enter(DESK)
    page = visitor.page
    page.goto(f"{visitor.address}/portal")
    focus_by_tab(page, page.get_by_role("link", name="Skip to the content"), 1)
    page.keyboard.press("Enter")
    focus_by_tab(page, page.get_by_role("button", name="Upload a file"), 1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/uploads")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past what stands on every page
    focus_by_tab(page, page.get_by_label("Drop a file here, or choose one"), 3)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(table)
    focus_by_tab(page, page.get_by_role("button", name="Check this file"), 7)
    page.keyboard.press("Enter")

    take = page.get_by_role("button", name="Take 1 good row")
    expect(take).to_be_visible()
    focus_by_tab(page, page.get_by_role("link", name="Skip to the content"), 1)
    page.keyboard.press("Enter")
    focus_by_tab(page, take, 4)
    page.keyboard.press("Enter")
    expect(page.locator("[data-state=committed]")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("The good rows are in")
    assert visitor.faults() == []


def test_axe_finds_no_fault_on_any_kind_of_page(
    enter: Callable[..., Visit], worker: Worker, connection: Connection, table: Path
) -> None:
    nation = SmallNation(connection)
    nation.add_station(nation.add_source(simulated=True), 1, ["AVAILABLE", "CHARGING"], BENGALURU)
    visitor = enter(DESK)
    page = visitor.page
    page.goto(f"{visitor.address}/portal")
    page.get_by_role("button", name="Upload a file").click()
    page.set_input_files("#file", table)
    page.get_by_role("button", name="Check this file").click()
    expect(page.locator("[data-count=rejected]")).to_have_text("2")
    found = violations(page)
    for path in (
        "/portal", "/portal/sources/in-abc-files", "/portal/sources/in-abc-files/uploads",
        "/portal/stations/new", "/portal/findings", "/portal/connect", "/portal/keys",
        "/portal/team?lang=hi", "/coverage",
    ):  # fmt: skip
        page.goto(visitor.address + path)
        found += violations(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    visitor.open("/?station=1")
    expect(page.locator("#sheet .evse-status").first).to_be_visible()
    found += violations(page)
    page.context.clear_cookies()
    page.goto(f"{visitor.address}/portal/sign-in")
    found += violations(page)
    assert found == []
