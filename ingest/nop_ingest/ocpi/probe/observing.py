"""What every answer is held against: envelope, headers, request ids, clock and speed."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median
from typing import Any

import msgspec

from nop_ingest.ocpi.envelope import parse_clock
from nop_ingest.ocpi.probe.asking import Said
from nop_ingest.ocpi.probe.verdicts import Book

_JSON = re.compile(r"application/json\s*(;\s*charset=\"?utf-8\"?)?", re.IGNORECASE)
_MOST_SKEW_S = 60.0


class Observer:
    """Looks at answers as they come; `conclude` writes what was seen into the book."""

    def __init__(self, book: Book, *, slow_s: float) -> None:
        """`slow_s`: the median page should not take longer."""
        self._book = book
        self._slow_s = slow_s
        self._answers = 0
        self._oddities: Counter[str] = Counter()
        self._content_types: Counter[str] = Counter()
        self._without_ids = 0
        self._skews: list[float] = []
        self._page_seconds: list[float] = []
        self.version: str | None = None
        """The version that is spoken, once it is known."""

    @property
    def peer_ahead_s(self) -> float:
        """How far the peer's clock is ahead of ours; 0 while unknown."""
        return median(self._skews) if self._skews else 0.0

    def see(self, said: Said, headers: Mapping[str, str]) -> None:
        """Look at one answer to a request with these headers."""
        answer = said.answer
        if answer is None or answer.status >= 300 or said.envelope is None:
            return
        self._answers += 1
        self._content_types[answer.headers.get("content-type", "none")] += 1
        self._oddities.update(_oddities(answer.body))
        echoed = all(
            answer.headers.get(name) == headers[name]
            for name in ("X-Request-ID", "X-Correlation-ID")
        )
        self._without_ids += not echoed
        if said.envelope.timestamp is not None:
            now = datetime.now(UTC)
            self._skews.append((said.envelope.timestamp - now).total_seconds())
        if answer.headers.get("x-total-count") or answer.headers.get("x-limit"):
            self._page_seconds.append(said.seconds)

    def conclude(self) -> None:
        """Write the verdicts."""
        if self._answers:
            self._conclude_envelope()
            self._conclude_content_type()
            self._conclude_ids()
            self._conclude_clock()
            self._conclude_speed()

    def _conclude_envelope(self) -> None:
        for oddity, count in self._oddities.items():
            self._book.warn(
                "envelope", f"{oddity} ({count} of {self._answers} answers)",
                "send {data, status_code, status_message, timestamp}: a number, a list for lists, "
                "an object for objects, the time in UTC",
            )  # fmt: skip
        self._book.passed("envelope", f"{self._answers} answers looked at")

    def _conclude_content_type(self) -> None:
        for content_type, count in self._content_types.items():
            if not _JSON.fullmatch(content_type.strip()):
                self._book.warn(
                    "content-type", f"Content-Type is {content_type[:60]!r} in {count} answers",
                    "send Content-Type: application/json",
                )  # fmt: skip
        self._book.passed("content-type", "application/json")

    def _conclude_ids(self) -> None:
        if self._without_ids and self.version != "2.1.1":
            self._book.warn(
                "request-ids", f"{self._without_ids} of {self._answers} answers lack them",
                "copy X-Request-ID and X-Correlation-ID from the request into the answer",
            )  # fmt: skip
        note = "2.1.1 does not know them" if self.version == "2.1.1" else "both come back"
        self._book.passed("request-ids", note)

    def _conclude_clock(self) -> None:
        if not self._skews:
            self._book.skipped("clock", "no answer says what time it is")
            return
        ahead_s = self.peer_ahead_s
        if abs(ahead_s) > _MOST_SKEW_S:
            where = "ahead of" if ahead_s > 0 else "behind"
            self._book.warn(
                "clock", f"the peer's clock is {abs(ahead_s):,.0f} s {where} ours",
                "set the server's clock (NTP), and send timestamp in UTC",
            )  # fmt: skip
        self._book.passed("clock", f"{ahead_s:+.0f} s from ours")

    def _conclude_speed(self) -> None:
        if not self._page_seconds:
            return
        usual_s = median(self._page_seconds)
        if usual_s > self._slow_s:
            self._book.warn(
                "speed", f"a page takes {usual_s:.1f} s",
                f"answer within {self._slow_s:g} s: page by an index, not by counting rows",
            )  # fmt: skip
        self._book.passed("speed", f"a page takes {usual_s * 1000:,.0f} ms")


def _oddities(body: bytes) -> list[str]:
    """How a readable envelope deviates from OCPI's (TR-15)."""
    found = []
    if body.startswith(codecs.BOM_UTF8):
        found.append("the body begins with a byte order mark")
        body = body.removeprefix(codecs.BOM_UTF8)
    try:
        envelope = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return [*found, "the body is not clean JSON"]
    code = _value(envelope.get("status_code"))
    if not isinstance(code, int):
        found.append("status_code is not a number")
    clock = _value(envelope.get("timestamp"))
    if clock is None:
        found.append("timestamp is missing")
    elif not isinstance(clock, str) or parse_clock(clock) is None:
        found.append("timestamp cannot be read")
    if bytes(envelope.get("data", msgspec.Raw(b"[]"))).strip() == b"null":
        found.append("data is null")
    return found


def _value(raw: msgspec.Raw | None) -> Any:
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
