"""The real application on loopback, and Debian's Chromium in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from application import serve_application
from map_visit import Visit
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from portal_world import COOKIE, Worker, sign_in

from nop_registry.database import Connection

# Software rendering: a test machine has no graphics card, and MapLibre needs WebGL. It costs by the
# pixel, so the window is small; and one process for pages, without a spare one for each, is enough.
# `expect` then waits longer than Playwright's 5 s: two cores share it with the rest of the run.
_PATIENCE_MS = 30_000
_ARGUMENTS = [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--renderer-process-limit=1",
]  # fmt: skip


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    """Where the application answers."""
    with serve_application(database_url, timeout_graceful_shutdown=1) as url:
        yield url


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium with software rendering."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=_PATIENCE_MS)
        opened = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """`visit(width, height)`: a fresh visitor with a window of that size."""
    contexts: list[BrowserContext] = []

    def begin(width: int = 1000, height: int = 640, **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        return Visit(context.new_page(), address)

    yield begin
    for context in contexts:
        context.close()


@pytest.fixture
def one_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Web and worker have the same secret key."""
    monkeypatch.setenv("NOP_HOME", str(tmp_path))
    monkeypatch.setenv("NOP_EGRESS_HTTP", "1")


@pytest.fixture
def worker(database_url: str, one_home: None) -> Iterator[Worker]:
    """Somebody does what is asked for."""
    with Worker(database_url) as working:
        yield working


@pytest.fixture
def enter(
    one_home: None, visit: Callable[..., Visit], connection: Connection
) -> Callable[[tuple[int, int]], Visit]:
    """`enter(size)`: the same operator's administrator, at a window of that size."""
    session = sign_in(connection)

    def begin(size: tuple[int, int]) -> Visit:
        visitor = visit(*size, accept_downloads=True)
        cookie = {"name": COOKIE, "value": session, "url": visitor.address}
        visitor.page.context.add_cookies([cookie])  # type: ignore[list-item]
        return visitor

    return begin
