"""Authorised requests to one peer: token spelling, ids, pace, retries (TR-1, TR-5, TR-17)."""

from __future__ import annotations

import base64
import functools
import re
import threading
import uuid
from typing import Any

from nop_ingest.ocpi.answers import open_answer
from nop_ingest.ocpi.egress import Answer, Guard
from nop_ingest.ocpi.envelope import Envelope
from nop_ingest.ocpi.errors import AuthFailed, OcpiError, PeerError
from nop_ingest.ocpi.retrying import Pacer, Patience

_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")
_FIRST_CONTACT_ATTEMPTS = 3


class Session:
    """Sends the token to `guard`'s peer. The token is in no repr, log or error."""

    def __init__(
        self, guard: Guard, token: str | None, quirks: dict[str, Any], patience: Patience
    ) -> None:
        self._guard = guard
        self._quirks = quirks
        self._patience = patience
        self._pacer = Pacer(patience)
        self._authorizations = _authorizations((token or "").strip())
        self._correlation_id = str(uuid.uuid4())

    def get(self, url: str, stop: threading.Event) -> tuple[Answer, Envelope]:
        """A successful answer. Retries; after a 401 tries the token's other spelling once.

        Raises an OcpiError.
        """
        return self._get(url, stop, doubtful=False)

    def get_first(self, url: str, stop: threading.Event) -> tuple[Answer, Envelope]:
        """As `get`, for the first contact, where some servers hide a refused token (TR-5).

        They answer HTTP 200 with status 3000, or with an empty list: both spellings are tried.
        """
        return self._get(url, stop, doubtful=True)

    def _get(self, url: str, stop: threading.Event, *, doubtful: bool) -> tuple[Answer, Envelope]:
        attempts = self._patience.attempts
        attempts = min(attempts, _FIRST_CONTACT_ATTEMPTS) if doubtful else attempts
        empty: tuple[Answer, Envelope] | None = None
        failures: list[OcpiError] = []
        for spelling in self._spellings():
            attempt = functools.partial(self._once, url, spelling, stop)
            try:
                found = self._pacer.retry(attempt, stop, attempts)
            except AuthFailed as error:
                failures.insert(0, error)  # tells more than a PeerError
                continue
            except PeerError as error:
                if not doubtful:
                    raise
                failures.append(error.hinting("Some servers answer so to a token that is wrong."))
                continue
            if doubtful and not found[1].items:
                empty = empty or found
                continue
            if spelling:
                self._quirks["token_encoding"] = spelling
            return found
        if empty is not None:
            return empty
        raise failures[0]

    def _once(self, url: str, spelling: str, stop: threading.Event) -> tuple[Answer, Envelope]:
        if not self._guard.peer_is_loopback:
            self._pacer.space(stop)
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "nop-ingest",
            "X-Request-ID": str(uuid.uuid4()),
            "X-Correlation-ID": self._correlation_id,
        }
        if spelling:
            headers["Authorization"] = self._authorizations[spelling]
        answer = self._guard.get(url, headers, stop=stop)
        return answer, open_answer(answer, self._conceal)

    def _spellings(self) -> list[str]:
        """The one that worked last time first; else Base64, as OCPI 2.2.1 has it."""
        known = self._quirks.get("token_encoding")
        return sorted(self._authorizations, key=lambda name: name != known) or [""]

    def _conceal(self, text: str) -> str:
        for authorization in self._authorizations.values():
            text = text.replace(authorization.removeprefix("Token "), "***")
        return text


def _authorizations(token: str) -> dict[str, str]:
    if not token:
        return {}
    spelled = {"base64": "Token " + base64.b64encode(token.encode()).decode("ascii")}
    if _HEADER_SAFE.fullmatch(token):
        spelled["raw"] = "Token " + token
    return spelled
