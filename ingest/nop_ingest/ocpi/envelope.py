"""OCPI's envelope, as the specification has it and as real servers send it (TR-10 to TR-15)."""

from __future__ import annotations

import codecs
import contextlib
import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from nop_ingest.ocpi.errors import NotOcpi


class Envelope(msgspec.Struct, frozen=True):
    """An answer whose objects are not decoded yet: one bad object must not cost its neighbours."""

    items: list[msgspec.Raw]
    """`data`; a single object is a list of one, null or absent is an empty list."""
    status_code: int
    status_message: str | None
    timestamp: datetime | None
    """The peer's clock, UTC."""


class _Usual(msgspec.Struct):
    status_code: int | str
    data: list[msgspec.Raw] | None = None
    status_message: str | None = None
    timestamp: str | None = None


class _Unusual(msgspec.Struct):
    status_code: msgspec.Raw = msgspec.Raw(b"null")
    data: msgspec.Raw = msgspec.Raw(b"null")
    status_message: msgspec.Raw = msgspec.Raw(b"null")
    timestamp: msgspec.Raw = msgspec.Raw(b"null")


_usual = msgspec.json.Decoder(_Usual)
_unusual = msgspec.json.Decoder(_Unusual)
_raw_list = msgspec.json.Decoder(list[msgspec.Raw])


def parse_envelope(body: bytes, content_type: str = "", *, bare: bool = False) -> Envelope:
    """Read an answer. One pass over the body for a usual one, two for a deviating one (TR-15).

    `bare`: also a list that no envelope is around, or one without its codes (open feeds, P22).
    Raises NotOcpi.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    if "8859-1" in content_type:  # mostly a default of the peer's framework, and the body is UTF-8
        try:
            body.decode()
        except UnicodeDecodeError:
            body = body.decode("latin-1").encode()
    if bare and (unwrapped := _without_envelope(body)) is not None:
        return Envelope(unwrapped, 1000, None, None)
    try:
        found = _usual.decode(body)
        items, code, message, clock = (
            found.data,
            found.status_code,
            found.status_message,
            found.timestamp,
        )
    except msgspec.ValidationError:
        items, code, message, clock = _parse_unusual(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        items, code, message, clock = _parse_broken(body)
    try:
        status_code = int(float(code))
    except (ValueError, OverflowError):
        raise NotOcpi("The peer's answer has no OCPI status_code.", retriable=False) from None
    return Envelope(items or [], status_code, message, parse_clock(clock))


def _without_envelope(body: bytes) -> list[msgspec.Raw] | None:
    """The objects of a body that is just a list, or {"data": list}; None: it is something else."""
    text = body.lstrip()
    try:
        if text.startswith(b"{"):
            found = _unusual.decode(text)
            if found.status_code != msgspec.Raw(b"null"):
                return None
            text = bytes(found.data)
        return _raw_list.decode(text) if text.startswith(b"[") else None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _parse_broken(body: bytes) -> tuple[list[msgspec.Raw], str, str | None, str | None]:
    """A NaN or half a surrogate in one object must not cost the whole page (PU-2)."""
    try:
        found = json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        raise NotOcpi("The peer's answer is not JSON.", retriable=True) from None
    if not isinstance(found, dict):
        raise NotOcpi("The peer's answer is not an OCPI envelope.", retriable=False)
    data = found.get("data")
    objects = data if isinstance(data, list) else [] if data is None else [data]
    items = [msgspec.Raw(json.dumps(item).encode()) for item in objects]
    message, clock = found.get("status_message"), found.get("timestamp")
    return items, str(found.get("status_code")), message and str(message), clock and str(clock)


def _parse_unusual(body: bytes) -> tuple[list[msgspec.Raw], str, str | None, str | None]:
    try:
        found = _unusual.decode(body)
    except msgspec.ValidationError:
        raise NotOcpi("The peer's answer is not an OCPI envelope.", retriable=False) from None
    except (msgspec.DecodeError, RecursionError):
        raise NotOcpi("The peer's answer is not JSON.", retriable=True) from None
    data = bytes(found.data)
    if data == b"null":
        items = []
    else:
        items = _raw_list.decode(data) if data.startswith(b"[") else [found.data]
    texts = [_text(raw) for raw in (found.status_code, found.status_message, found.timestamp)]
    return items, texts[0] or "", texts[1], texts[2]


def _text(raw: msgspec.Raw) -> str | None:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return None if value is None else str(value)


def parse_clock(text: str | None) -> datetime | None:
    """A peer's time in any of the spellings of TR-30, or an HTTP date; None if unreadable."""
    if not text:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with contextlib.suppress(ValueError, OverflowError):
            moment = read(text.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None
