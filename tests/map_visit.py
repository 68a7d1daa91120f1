"""A visitor of the map page who notices everything that a page must not do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

_NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
window.alert = (text) => window.violations.push(`alert ${text}`);
"""


class Visit:
    """A page and everything that it should not have done."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note_request)
        page.add_init_script(_NOTE_VIOLATIONS)

    def _note_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc not in self.address:
            self.complaints.append(f"foreign host: {request.url}")

    def open(self, path: str) -> Page:
        """Load the path and wait until the map is drawn and live."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector("body[data-ready=true][data-live=true]", timeout=60_000)
        return self.page

    def faults(self) -> list[str]:
        """Violations of the security policy, errors, and requests to other hosts."""
        violations: list[str] = self.page.evaluate("window.violations")
        return self.complaints + violations
