"""The real application in a process of its own, and Debian's Chromium in front of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from map_visit import Visit
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from server_ports import take_port

# Software rendering: a test machine has no graphics card, and MapLibre needs WebGL.
# `expect` then waits longer than Playwright's 5 s: two cores share it with the rest of the run.
_PATIENCE_MS = 30_000
_ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture
def address(database_url: str, tmp_path: Path) -> Iterator[str]:
    """Where the application answers."""
    port = take_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "nop.asgi:create_app",
               "--port", str(port), "--log-level", "warning",
               "--timeout-graceful-shutdown", "1"]  # fmt: skip
    environment = {**os.environ, "NOP_DATABASE_URL": database_url, "NOP_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment) as server:
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def _wait_until_ready(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, "the application ended while starting"
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/health/ready").status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError("the application did not become ready in a minute")


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

    def begin(width: int = 1280, height: int = 800, **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        return Visit(context.new_page(), address)

    yield begin
    for context in contexts:
        context.close()
