"""An operator's first hour in Chromium: from the invitation to stations on the map."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from map_visit import Visit
from mock_operator import mock_cpo
from playwright.sync_api import Page, Route, expect
from portal_world import HEADER, Worker, row

from nop.mock.tokens import STATIC_TOKEN
from nop_registry.access import Role
from nop_registry.database import Connection
from nop_registry.store.invitations import invite
from nop_registry.store.source_parties import bind_source
from nop_registry.store.sources import add_source

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("one_home")]
PHONE, DESK = (360, 740), (1280, 800)


def fits(page: Page) -> bool:
    """Nobody scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def drop(page: Page, files: dict[str, str]) -> None:
    """Files are dropped on the form, as from a file manager."""
    page.locator("#drop").evaluate(
        """(place, files) => {
          const dataTransfer = new DataTransfer();
          for (const [name, text] of Object.entries(files)) {
            dataTransfer.items.add(new File([text], name));
          }
          place.dispatchEvent(new DragEvent('drop', {dataTransfer, cancelable: true}));
        }""",
        files,
    )


def test_invited_upload_bad_rows_annotated_file_mended_all_in(
    visit: Callable[..., Visit], worker: Worker, connection: Connection, tmp_path: Path
) -> None:
    secret = invite(connection, login="ravi@abc.in", role=Role.OPERATOR_EDITOR, parties=["IN*ABC"])
    connection.commit()
    visitor = visit(*DESK, accept_downloads=True)
    page = visitor.page
    page.goto(f"{visitor.address}/portal/invitation/{secret}")
    page.fill("[name=name]", "Ravi Kumar")
    page.fill("[name=password]", "a long sentence about kites")
    page.fill("[name=again]", "a long sentence about kites")
    page.locator("main form button").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Say how your data come")
    page.screenshot(path=tmp_path / "1_empty.png")
    page.get_by_role("button", name="Upload a file").click()

    file = tmp_path / "stations.csv"
    rows = [row(1), row(2), row(3, lat="north"), row(4, standard="")]
    file.write_text(HEADER + "".join(rows), newline="")
    page.set_input_files("#file", file)
    broken: list[Route] = []

    def break_off(route: Route) -> None:
        broken.append(route)
        route.abort() if len(broken) == 1 else route.continue_()

    page.route("**/bytes", break_off)  # the network fails once: the rest is sent by itself
    page.get_by_role("button", name="Check this file").click()
    expect(page.locator("[data-count=rejected]")).to_have_text("2")
    assert len(broken) == 2
    visitor.complaints = [text for text in visitor.complaints if "ERR_FAILED" not in text]
    expect(page.get_by_role("row", name=re.compile("north"))).to_contain_text("lat")
    page.screenshot(path=tmp_path / "2_preview.png", full_page=True)
    page.get_by_role("button", name="Take 2 good rows").click()
    expect(page.locator("[data-state=committed]")).to_contain_text("The good rows are in")

    with page.expect_download() as download:
        page.get_by_role("link", name="Your file with our remarks (CSV)").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    bad = [line for line in lines if line["lat"] == "north" or not line["standard"]]
    assert len(lines) == 4 and len(bad) == 2
    for line in bad:  # as a person does in a spreadsheet, leaving our columns where they are
        line["lat"] = line["lat"].replace("north", "28.613939")
        line["standard"] = line["standard"] or "IEC_62196_T2"
    mended = io.StringIO(newline="")
    writer = csv.DictWriter(mended, lines[0])
    writer.writeheader()
    writer.writerows(lines)
    file.write_text(mended.getvalue(), newline="")

    page.get_by_role("link", name="Send the mended file").click()
    drop(page, {"a.csv": "a", "b.csv": "b"})
    expect(page.locator("#sent")).to_contain_text("one file at a time")
    drop(page, {file.name: mended.getvalue()})
    expect(page.locator("#sent")).to_be_empty()
    page.get_by_role("button", name="Check this file").click()
    expect(page.locator("[data-count=rejected]")).to_have_text("0")
    page.get_by_role("button", name="Take 4 good rows").click()
    expect(page.locator("[data-state=committed]")).to_contain_text("All rows are in")
    page.screenshot(path=tmp_path / "3_all_in.png", full_page=True)
    assert connection.execute("SELECT count(*) FROM site").fetchone() == (4,)
    connection.commit()
    assert visitor.faults() == []

    phone = visit(*PHONE)
    phone.page.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    for n, path in enumerate((
        "/portal", "/portal/uploads/1", "/portal/sources/in-abc-files", "/portal/stations",
        "/portal/stations/new", "/portal/tariffs/new", "/portal/findings?lang=hi",
        "/portal/sources/in-abc-files/history", "/portal/sources/in-abc-files/diff?a=1&b=2",
    )):  # fmt: skip
        phone.page.goto(phone.address + path)
        phone.page.screenshot(path=tmp_path / f"phone_{n}.png", full_page=True)
        assert fits(phone.page), path
    assert phone.faults() == []
    phone.page.goto(f"{phone.address}/portal/sources/in-abc-files/uploads")
    phone.page.set_input_files("#file", file)
    phone.page.context.clear_cookies()  # the session ends while a file is being chosen
    phone.page.locator("#upload button").click()
    expect(phone.page.locator("#sent")).to_contain_text("इस बीच आप साइन आउट हो गए")


def test_the_wizard_tests_a_server_and_connects_it_by_keyboard(
    enter: Callable[..., Visit], worker: Worker, connection: Connection, tmp_path: Path
) -> None:
    source = add_source(
        connection, name="abc-ocpi", kind="ocpi", country_code="IN", allow_loopback=True
    )
    bind_source(connection, source.id, ["IN*ABC"])
    connection.commit()
    visitor = enter(DESK)
    page = visitor.page
    with mock_cpo("total-missing", locations=3) as mock:
        page.goto(visitor.address + "/portal/connect")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.get_by_label("Versions URL of your server").first.focus()
        page.keyboard.type(mock.versions_url)
        page.keyboard.press("Tab")
        page.keyboard.type(STATIC_TOKEN)
        page.keyboard.press("Enter")
        expect(page.locator("[data-state=done]")).to_contain_text("X-Total-Count")
        page.screenshot(path=tmp_path / "probe.png", full_page=True)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.screenshot(path=tmp_path / "probe_phone.png", full_page=True)
        assert fits(page)
        page.get_by_role("button", name="Connect with this token").press("Enter")
        expect(page.locator("[data-secret]")).to_have_text(re.compile("nop_"))
        page.reload()
        expect(page.locator("[data-secret]")).to_have_count(0)
    assert visitor.faults() == []
