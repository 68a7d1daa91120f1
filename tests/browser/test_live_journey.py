"""An operator changes a status; a driver who looks at the map sees it within seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from map_visit import Visit
from operator_server import Operator
from playwright.sync_api import expect

from nop_ingest.pull import PullReport
from nop_registry.database import Connection

pytestmark = pytest.mark.browser


def test_from_the_operators_server_to_the_drivers_screen(
    visit: Callable[..., Visit],
    connection: Connection,
    operator: Operator,
    pull_now: Callable[..., PullReport],
    tmp_path: Path,
) -> None:
    pull_now()
    row = connection.execute("SELECT id FROM location WHERE ocpi_id = 'LOC1'").fetchone()
    connection.commit()
    assert row
    visitor = visit(360, 740)
    page = visitor.open(f"/?station={row[0]}#15/28.501/77.209")
    expect(page.locator("#sheet .evse-status").first).to_have_text("Available")
    expect(page.locator("#sheet")).to_contain_text("20.06 /kWh incl. GST")
    later = "2026-11-20T11:00:00Z"
    operator.locations[0]["evses"][0] |= {"status": "OUTOFORDER", "last_updated": later}
    operator.locations[0]["last_updated"] = later
    pull_now(full=True)
    expect(page.locator("#sheet .evse-status").first).to_have_text("Out of order")
    page.screenshot(path=tmp_path / "live_journey.png")
    assert visitor.faults() == []
