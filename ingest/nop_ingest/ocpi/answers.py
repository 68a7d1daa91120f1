"""What an answer means for us: the peer's objects, or the error that TR-14 tells apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from nop_ingest.ocpi.egress import Answer
from nop_ingest.ocpi.envelope import Envelope, parse_clock, parse_envelope
from nop_ingest.ocpi.errors import (
    AuthFailed,
    EndpointMissing,
    NotOcpi,
    PeerBusy,
    PeerError,
    PeerFailing,
)

_LONGEST_MESSAGE = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SECONDS = re.compile(r"\d{1,12}(\.\d+)?")


def open_answer(
    answer: Answer, conceal: Callable[[str], str] = str, *, bare: bool = False
) -> Envelope:
    """The envelope of a successful answer; otherwise the error that TR-14 tells apart.

    `conceal` takes secrets out of texts that the peer wrote. `bare`: a list without an envelope
    will do.
    """
    status = answer.status
    if status in (401, 403):
        raise AuthFailed(
            f"The peer refuses our token (HTTP {status}). Ask the operator for a valid one."
        )
    if status == 404:
        raise EndpointMissing("The peer has nothing under this URL (HTTP 404).")
    if status in (429, 503):
        raise PeerBusy(f"The peer is busy (HTTP {status}).", _retry_after_s(answer))
    if status >= 500:
        raise PeerFailing(f"The peer failed (HTTP {status}).")
    if 300 <= status < 400:
        raise NotOcpi(f"The peer answered HTTP {status} without a page.", retriable=False)
    try:
        content_type = answer.headers.get("content-type", "")
        envelope = parse_envelope(answer.body, content_type, bare=bare and status < 300)
    except NotOcpi:
        if status < 400:
            raise
        raise PeerError(
            f"The peer refused the request (HTTP {status}).", status_code=None, http_status=status
        ) from None
    if status >= 400 or not 1000 <= envelope.status_code < 2000:
        said = _CONTROL.sub(" ", conceal(envelope.status_message or ""))[:_LONGEST_MESSAGE].strip()
        raise PeerError(
            f"The peer answered OCPI status {envelope.status_code} (HTTP {status})"
            + (f": {said}" if said else "."),
            status_code=envelope.status_code,
            http_status=status,
        )
    return envelope


def _retry_after_s(answer: Answer) -> float | None:
    """Retry-After in seconds or as a date; else X-RateLimit-Reset in seconds or as Unix time."""
    now = datetime.now(UTC)
    for name in ("retry-after", "x-ratelimit-reset"):
        value = answer.headers.get(name, "").strip()
        if _SECONDS.fullmatch(value):
            seconds = float(value)
            is_moment = seconds > 1e9
            return max(0.0, seconds - now.timestamp()) if is_moment else seconds
        if moment := parse_clock(value):
            return max(0.0, (moment - now).total_seconds())
    return None
