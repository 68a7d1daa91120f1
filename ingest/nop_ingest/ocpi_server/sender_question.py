"""What a list request asks for, and where the next page is (ocpi.md TR-40 to TR-46)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec

from nop_ingest.normalise.timestamps import parse
from nop_ingest.ocpi_server.envelope import INVALID, AnyRequest, OcpiRefusal
from nop_registry.queries.emissions import Place, Window

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,16})\.([0-9]{1,9})\.([0-9]{1,9})", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")  # an unescaped "+" of an offset arrives as a blank
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = 253402300799 * 1_000_000  # the end of the year 9999


class Cursor(msgspec.Struct, frozen=True):
    """Where the page before ended, and what it knew of the list."""

    place: Place
    total: int
    """Objects that matched when the crawl began."""
    omitted: int
    """Of those so far the ones that cannot be said in this version."""

    def __str__(self) -> str:
        at = (self.place.listed_at - _EPOCH) // timedelta(microseconds=1)
        return f"{at}.{self.place.number}.{self.total}.{self.omitted}"


class Question(msgspec.Struct, frozen=True):
    """A list request."""

    window: Window
    limit: int
    offset: int
    cursor: Cursor | None


def read_question(request: AnyRequest) -> Question:
    """The parameters of a list request. Raises OcpiRefusal 200/2001 that names the parameter."""
    given = request.query_params
    return Question(
        Window(
            _moment("date_from", given.get("date_from")),
            _moment("date_to", given.get("date_to")),
        ),
        min(_number("limit", given.get("limit"), DEFAULT_LIMIT, least=1), MAX_LIMIT),
        _number("offset", given.get("offset"), 0, least=0),
        _cursor(given.get("cursor")),
    )


def next_url(list_url: str, question: Question, offset: int, cursor: Cursor) -> str:
    """Of the page after this one. The cursor counts; offset and limit are for who reads them."""
    parameters = {"offset": str(offset), "limit": str(question.limit)}
    for name, at in zip(("date_from", "date_to"), question.window, strict=True):
        if at is not None:
            parameters[name] = at.strftime("%Y-%m-%dT%H:%M:%S") + _fraction(at) + "Z"
    return f"{list_url}?{urlencode(parameters | {'cursor': str(cursor)})}"


def _fraction(at: datetime) -> str:
    return f".{at.microsecond:06}".rstrip("0") if at.microsecond else ""


def _moment(name: str, text: str | None) -> datetime | None:
    if not text:
        return None
    found = parse(_LOST_PLUS.sub(r"+\1", text.strip()))
    if found is None:
        raise _bad(name, "a moment such as 2026-01-31T12:00:00Z", text)
    return found


def _number(name: str, text: str | None, default: int, *, least: int) -> int:
    if not text:
        return default
    if not _NUMBER.fullmatch(text) or int(text) < least:
        raise _bad(name, f"a number from {least}", text)
    return int(text)


def _cursor(text: str | None) -> Cursor | None:
    if not text:
        return None
    found = _CURSOR.fullmatch(text)
    if not found or int(found[1]) > _LAST_US:
        raise _bad("cursor", "as the Link of the page before has it", text)
    at = _EPOCH + timedelta(microseconds=int(found[1]))
    return Cursor(Place(at, int(found[2])), int(found[3]), int(found[4]))


def _bad(name: str, wanted: str, text: str) -> OcpiRefusal:
    return OcpiRefusal(200, INVALID, f"{name} must be {wanted}, not {text[:40]!r}")
