"""Authorised requests to one peer: token spelling, ids, pace, retries (TR-1, TR-5, TR-17)."""

from __future__ import annotations

import base64
import functools
import re
import threading
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from nop_ingest.ocpi.answers import open_answer
from nop_ingest.ocpi.egress import Answer, Guard
from nop_ingest.ocpi.envelope import Envelope
from nop_ingest.ocpi.errors import AuthFailed, OcpiError, PeerError
from nop_ingest.ocpi.retrying import Pacer, Patience

_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")
_FIRST_CONTACT_ATTEMPTS = 3
_UNKNOWN_LOCATION = 2003
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Session:
    """Sends the token to `guard`'s peer. The token is in no repr, log or error."""

    def __init__(
        self,
        guard: Guard,
        token: str | None,
        quirks: dict[str, Any],
        patience: Patience,
        *,
        bare: bool = False,
    ) -> None:
        """`bare`: an open feed, whose lists may come without an envelope (TR-14)."""
        self._guard = guard
        self._bare = bare
        self._quirks = quirks
        self._patience = patience
        self._pacer = Pacer(patience)
        self._authorizations = _authorizations((token or "").strip())
        self._correlation_id = str(uuid.uuid4())
        self._trusted = False  # versions and details are given to anybody by some; lists are not

    def get(
        self, url: str, stop: threading.Event, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[Answer, Envelope]:
        """A successful answer. Retries; tries the token's other spelling once if it is refused.

        Until this peer has sent an object, OCPI status 2xxx or 3xxx may be such a refusal (TR-5).
        Raises an OcpiError.
        """
        return self._get(url, stop, headers, doubtful=False)

    def get_first(self, url: str, stop: threading.Event) -> tuple[Answer, Envelope]:
        """As `get`, for the first contact, where some servers hide a refused token (TR-5).

        They answer HTTP 200 with status 3000, or with an empty list: both spellings are tried.
        """
        return self._get(url, stop, NO_HEADERS, doubtful=True)

    def _get(
        self, url: str, stop: threading.Event, headers: Mapping[str, str], *, doubtful: bool
    ) -> tuple[Answer, Envelope]:
        attempts = self._patience.attempts
        attempts = min(attempts, _FIRST_CONTACT_ATTEMPTS) if doubtful else attempts
        empty: tuple[Answer, Envelope] | None = None
        failures: list[OcpiError] = []
        for spelling in self._spellings():
            attempt = functools.partial(self._once, url, spelling, stop, headers)
            try:
                found = self._pacer.retry(attempt, stop, attempts)
            except AuthFailed as error:
                failures.append(error)
                continue
            except PeerError as error:
                if doubtful:
                    error = error.hinting("Some servers answer so to a token that is wrong.")
                elif self._trusted or not _may_hide_refusal(error):
                    raise
                failures.append(error)
                continue
            if doubtful and not found[1].items:
                empty = empty or found
                continue
            if spelling:
                self._quirks["token_encoding"] = spelling
            self._trusted = self._trusted or (not doubtful and bool(found[1].items))
            return found
        if empty is not None:
            return empty
        # At first contact a 401 tells more; later the token was accepted once, and 2xxx tells more.
        telling = AuthFailed if doubtful else PeerError
        raise next((error for error in failures if isinstance(error, telling)), failures[0])

    def _once(
        self, url: str, spelling: str, stop: threading.Event, more: Mapping[str, str]
    ) -> tuple[Answer, Envelope]:
        if not self._guard.peer_is_loopback:
            self._pacer.space(stop)
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "nop-ingest",
            "X-Request-ID": str(uuid.uuid4()),
            "X-Correlation-ID": self._correlation_id,
            **more,
        }
        if spelling:
            headers["Authorization"] = self._authorizations[spelling]
        answer = self._guard.get(url, headers, stop=stop)
        try:
            return answer, open_answer(answer, self._conceal, bare=self._bare)
        except AuthFailed:
            if spelling:
                raise
            raise AuthFailed(
                f"The peer asks for a token (HTTP {answer.status}), and we have none. "
                "Ask the operator for one."
            ) from None

    def _spellings(self) -> list[str]:
        """The one that worked last time first; else Base64, as OCPI 2.2.1 has it."""
        known = self._quirks.get("token_encoding")
        return sorted(self._authorizations, key=lambda name: name != known) or [""]

    def _conceal(self, text: str) -> str:
        for authorization in self._authorizations.values():
            text = text.replace(authorization.removeprefix("Token "), "***")
        return text


def _may_hide_refusal(error: PeerError) -> bool:
    code = error.status_code or 0
    return 2000 <= code < 4000 and code != _UNKNOWN_LOCATION


def _authorizations(token: str) -> dict[str, str]:
    if not token:
        return {}
    spelled = {"base64": "Token " + base64.b64encode(token.encode()).decode("ascii")}
    if _HEADER_SAFE.fullmatch(token):
        spelled["raw"] = "Token " + token
    return spelled
