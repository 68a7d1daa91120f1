"""Somebody with a browser before the portal: opens pages, fills in their forms."""

from __future__ import annotations

import re
from typing import Any

from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

PASSWORD = "saffron kettle violin"


class Visitor:
    """Cookies and the page that was seen last."""

    def __init__(self, client: TestClient[Litestar]) -> None:
        self.client = client
        client.cookies.clear()
        self.page: Response = client.get("/portal/sign-in")

    def open(self, path: str) -> Response:
        """Look at a page; redirects are followed."""
        self.page = self.client.get(path)
        return self.page

    def send(self, path: str, **fields: Any) -> Response:
        """Send a form of the page that is open; redirects are followed."""
        self.page = self.client.post(path, data={"csrf": self.token(), **fields})
        return self.page

    def token(self) -> str:
        """The token of the page's forms."""
        found = re.search(r'name="csrf" value="([0-9a-f]{96})"', self.page.text)
        assert found, self.page.text[:500]
        return found[1]

    def shown_secret(self) -> str:
        """What the page shows once."""
        found = re.search(r'class="secret">\s*([^<]+?)\s*<', self.page.text)
        assert found, self.page.text[:3000]
        return found[1]

    def alert(self) -> str:
        """What the page complains of; empty: nothing."""
        found = re.search(r'role="alert">([^<]+)', self.page.text)
        return found[1] if found else ""

    def sign_in(self, login: str, password: str = PASSWORD, **fields: str) -> Response:
        """Try a password."""
        self.open("/portal/sign-in")
        return self.send("/portal/sign-in", login=login, password=password, **fields)
