"""The platform as the mock sees it: discovered, registered with, and pushed to.

Every call goes through the platform's own egress guard, this machine allowed.
"""

from __future__ import annotations

import base64
import uuid
from typing import Any, Self

import msgspec

from nop.mock.stations import COUNTRY, MOCK
from nop_ingest.ocpi.egress import Guard
from nop_registry.errors import InvalidInput, NopError

Document = dict[str, Any]


class Unusable(NopError):
    """The platform's answer cannot be used."""


class Platform:
    """One platform: where its versions are, and the token that it accepts."""

    def __init__(self, versions_url: str, token: str) -> None:
        self.versions_url = versions_url
        self.version: str | None = None
        self.endpoints: dict[tuple[str, str], str] = {}
        """(identifier, role in upper case or "") -> URL"""
        self._token = token
        self._raw = False
        self._guard = Guard(allow_loopback=True)

    def use_token(self, token: str) -> None:
        """Send this token from now on."""
        self._token = token

    def send_raw(self, raw: bool) -> None:
        """Send the token as it is, whatever the version says, or not."""
        self._raw = raw

    def discover(self, versions: tuple[str, ...]) -> None:
        """Read versions and the details of the best common one (VE-1, VE-3).

        `versions`: those that may be spoken. Raises Unusable or an OcpiError.
        """
        offered = self.get(self.versions_url)
        found = {o.get("version"): o.get("url") for o in offered if isinstance(o, dict)}
        common = [v for v in sorted(versions, reverse=True) if isinstance(found.get(v), str)]
        if not common:
            names = ", ".join(map(str, found)) or "none"
            raise NoCommonVersion(f"the platform offers no common version: it offers {names}")
        self.version = common[0]
        details = self.get(str(found[self.version]))
        listed = details.get("endpoints") if isinstance(details, dict) else None
        self.endpoints = {
            (str(e.get("identifier")).lower(), str(e.get("role") or "").upper()): str(e.get("url"))
            for e in listed or ()
            if isinstance(e, dict)
        }

    def endpoint(self, module: str, role: str) -> str:
        """The URL of a module without a last slash. Raises InvalidInput when it is not offered."""
        for wanted in (role, ""):
            if url := self.endpoints.get((module, wanted)):
                return url.rstrip("/")
        offered = ", ".join(" ".join(e).strip() for e in sorted(self.endpoints)) or "nothing"
        raise InvalidInput(f"the platform offers no {module} as {role}; it offers {offered}")

    def get(self, url: str) -> Any:
        """`data` of a successful answer. Raises Unusable or an OcpiError."""
        http, code, data = self.send("GET", url)
        if http != 200 or not 1000 <= code < 2000:
            raise Unusable(f"the platform answered HTTP {http}, OCPI status {code} to GET {url}")
        return data

    def send(self, method: str, url: str, document: Any = None) -> tuple[int, int, Any]:
        """HTTP status, OCPI status (0: none) and data of any answer. Raises an OcpiError."""
        headers = {
            "Authorization": self._authorization(),
            "Accept": "application/json",
            "X-Request-ID": str(uuid.uuid4()),
            "X-Correlation-ID": str(uuid.uuid4()),
        }
        if method == "GET":
            answer = self._guard.get(url, headers)
        else:
            headers["Content-Type"] = "application/json"
            if self.version != "2.1.1" and "/credentials" not in url:
                headers |= {
                    "OCPI-from-country-code": COUNTRY,
                    "OCPI-from-party-id": MOCK.party_id,
                }
            body = msgspec.json.encode(document) if document is not None else None
            answer = self._guard.request(method, url, headers, body)
        try:
            envelope = msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return answer.status, 0, None
        if not isinstance(envelope, dict):
            return answer.status, 0, None
        code = envelope.get("status_code")
        return answer.status, code if isinstance(code, int) else 0, envelope.get("data")

    def close(self) -> None:
        """Close the connection."""
        self._guard.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _authorization(self) -> str:
        is_raw = self._raw or self.version == "2.1.1"
        value = self._token if is_raw else base64.b64encode(self._token.encode()).decode("ascii")
        return f"Token {value}"


class NoCommonVersion(Unusable):
    """The platform speaks none of the mock's versions."""
