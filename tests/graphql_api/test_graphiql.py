"""GraphiQL in a real browser, under its strict content security policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from loopback import serve
from playwright.sync_api import sync_playwright
from tests.graphql_api.conftest import Nation, location


@pytest.fixture
def address(app: Litestar) -> Iterator[str]:
    """The application on a port of its own."""
    with serve(app) as url:
        yield url


@pytest.mark.browser
def test_a_person_runs_a_query_without_any_other_host_or_inline_code(
    nation: Nation, address: str, chromium: str
) -> None:
    nation.add(location("A", name="Marine Drive"))
    query = "{ locations { edges { node { name } } } }"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))

        page.goto(f"{address}/graphql?query={query}")
        page.click(".graphiql-execute-button")
        page.locator(".result-window", has_text="Marine Drive").wait_for(timeout=60_000)
        page.click("[aria-label='Show Documentation Explorer']")
        page.get_by_text("A GraphQL schema provides a root type").wait_for(timeout=60_000)
        browser.close()

    foreign = [u for u in asked if not u.startswith((address, "data:", "blob:"))]
    assert foreign == []
    assert [text for text in said if "Content Security Policy" in text or "Error" in text] == []
