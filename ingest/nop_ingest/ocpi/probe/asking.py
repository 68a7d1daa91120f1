"""The probe's requests: one at a time, guarded, written down, and never beyond the probe's time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import msgspec

from nop_ingest.ocpi.answers import open_answer
from nop_ingest.ocpi.egress import Answer, Guard
from nop_ingest.ocpi.envelope import Envelope
from nop_ingest.ocpi.errors import NotOcpi, OcpiError, PeerBusy, PeerFailing, PeerUnreachable
from nop_ingest.ocpi.probe.verdicts import Book
from nop_ingest.ocpi.tokens import spelled

_LONGEST_WAIT_S = 3.0
_ATTEMPTS = 3
_LONG_S = 5.0
"""Who took so long to fail is not asked the same again."""
_SPACING_S = 0.25
NO_TOKEN = "none"  # noqa: S105 - the spelling of no token at all
UNKNOWN_TOKEN = "nop-probe-this-token-does-not-exist"  # noqa: S105 - known to be no token


class OutOfTime(OcpiError):
    """The probe's time is over."""


class Exchange(msgspec.Struct):
    """One request, for the record. The token is not in it."""

    url: str
    spelling: str
    """How the token was sent: raw, base64, unknown (another token) or none."""
    status: int | None
    """HTTP; None: no answer."""
    seconds: float
    bytes: int
    note: str = ""


class Said(msgspec.Struct):
    """What a peer answered: `answer` as it came, and either `envelope` or the `error` it means."""

    url: str
    answer: Answer | None
    envelope: Envelope | None
    error: OcpiError | None
    seconds: float

    @property
    def items(self) -> list[msgspec.Raw]:
        """The objects; none after an error."""
        return [] if self.envelope is None else self.envelope.items

    @property
    def total(self) -> int | None:
        """X-Total-Count."""
        return self.number("x-total-count")

    def number(self, header: str) -> int | None:
        """A header that is a number; None: absent or something else."""
        text = "" if self.answer is None else self.answer.headers.get(header, "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


class Asker:
    """Asks on behalf of the probe."""

    def __init__(
        self,
        guard: Guard,
        token: str | None,
        book: Book,
        *,
        deadline: float,
        observe: Callable[[Said, Mapping[str, str]], None],
        bare: bool = False,
    ) -> None:
        """`deadline` of time.monotonic(); `observe` sees every answer, with the ids it was sent.

        `bare`: an open feed, whose lists may come without an envelope.
        """
        self._bare = bare
        self._guard = guard
        self._token = (token or "").strip()
        self._book = book
        self._deadline = deadline
        self._observe = observe
        self._asked_at = float("-inf")
        self.spelling = "base64" if self._token else NO_TOKEN
        self.exchanges: list[Exchange] = []

    @property
    def has_token(self) -> bool:
        """There is a token to send."""
        return bool(self._token)

    @property
    def is_local(self) -> bool:
        """The peer runs on this machine."""
        return self._guard.peer_is_loopback

    @property
    def time_left_s(self) -> float:
        """Until the probe must end."""
        return self._deadline - time.monotonic()

    def spellings(self) -> list[str]:
        """The ways in which the token can be sent."""
        return list(spelled(self._token)) if self._token else [NO_TOKEN]

    def ask(
        self,
        url: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        spelling: str | None = None,
        gzip: bool = True,
        steady: bool = True,
    ) -> Said:
        """GET a URL. `steady`: a failing or busy peer is asked again, which is noted as unstable.

        Raises OutOfTime, or PeerUnreachable if the peer has never answered.
        """
        target = httpx2.URL(url)
        if parameters:
            target = target.copy_merge_params(dict(parameters))
        said = self._once(str(target), spelling or self.spelling, gzip)
        for _ in range(_ATTEMPTS - 1):
            if not steady or not _may_pass(said.error) or said.seconds > _LONG_S:
                break
            self._note_failure(said)
            self._wait(said.error)
            said = self._once(str(target), spelling or self.spelling, gzip)
        if isinstance(said.error, PeerUnreachable):
            if not self._has_answered:
                raise said.error
            self._note_failure(said)
        return said

    @property
    def _has_answered(self) -> bool:
        return any(exchange.status for exchange in self.exchanges)

    def conceal(self, text: str) -> str:
        """A text of the peer without our token."""
        for value in (*spelled(self._token).values(), self._token) if self._token else ():
            text = text.replace(value.removeprefix("Token "), "***")
        return text

    def _once(self, url: str, spelling: str, gzip: bool) -> Said:
        if self.time_left_s <= 0:
            raise OutOfTime("the time of the probe was over")
        headers = self._headers(spelling, gzip)
        if not self._guard.peer_is_loopback:
            time.sleep(max(0.0, self._asked_at + _SPACING_S - time.monotonic()))
        began = self._asked_at = time.monotonic()
        answer = envelope = error = None
        try:
            answer = self._guard.get(url, headers)
            envelope = open_answer(answer, self.conceal, bare=self._bare)
        except OcpiError as failure:
            error = failure
        seconds = time.monotonic() - began
        said = Said(url, answer, envelope, error, seconds)
        self.exchanges.append(
            Exchange(
                url=self.conceal(url),
                spelling=spelling,
                status=answer.status if answer else None,
                seconds=round(seconds, 3),
                bytes=answer.wire_bytes if answer else 0,
                note=str(error) if error else "",
            )
        )
        if answer is not None:
            self._observe(said, headers)
        return said

    def _headers(self, spelling: str, gzip: bool) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip" if gzip else "identity",
            "User-Agent": "nop-probe",
            "X-Request-ID": str(uuid.uuid4()),
            "X-Correlation-ID": str(uuid.uuid4()),
        }
        if spelling == "unknown":
            headers["Authorization"] = spelled(UNKNOWN_TOKEN)[
                self.spelling if self.spelling in ("raw", "base64") else "raw"
            ]
        elif spelling != NO_TOKEN:
            headers["Authorization"] = spelled(self._token)[spelling]
        return headers

    def _note_failure(self, said: Said) -> None:
        if not self._has_answered:
            return  # not unstable but away
        if isinstance(said.error, PeerBusy):
            limit = "with" if said.error.retry_after_s is not None else "without"
            self._book.warn(
                "stability",
                f"the peer was busy (HTTP 429 or 503 {limit} Retry-After)",
                "allow at least two requests a second from us, or say so and send Retry-After",
            )
        else:
            path = httpx2.URL(said.url).path
            self._book.fail(
                "stability",
                f"a request failed: {path}: {said.error}",
                "find the cause in the server's log: each failure delays a pull, and some end it",
            )

    def _wait(self, error: OcpiError | None) -> None:
        asked_s = error.retry_after_s if isinstance(error, PeerBusy) else None
        wait_s = min(0.3 if asked_s is None else asked_s, _LONGEST_WAIT_S)
        if wait_s >= self.time_left_s:
            raise OutOfTime("the time of the probe was over")
        time.sleep(wait_s)


def _may_pass(error: OcpiError | None) -> bool:
    """Failures that another attempt may not meet."""
    is_passing = isinstance(error, PeerBusy | PeerFailing | PeerUnreachable)
    return is_passing or (isinstance(error, NotOcpi) and error.retriable)
