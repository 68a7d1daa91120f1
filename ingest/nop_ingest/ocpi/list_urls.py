"""The first URL of a list, in the spellings that picky peers take (PU-6, VE-7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec

# Without fraction and with Z is what OCPI asks for; then what some peers accept instead.
_DATE_FORMATS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.000Z")
_SMALL_PAGE = 100


class ListUrl(msgspec.Struct, frozen=True):
    """One way to ask for a list, and what is learnt about the peer if it accepts."""

    url: str
    quirks: dict[str, Any]


def list_urls(
    endpoint: str, date_from: datetime | None, limit: int, quirks: dict[str, Any]
) -> Iterator[ListUrl]:
    """Ways to ask for a list, the one most likely to be accepted first.

    The last ones ask for everything: a peer that takes no date in any spelling is not read in part
    any more (`no_incremental`).
    """
    limits = [quirks.get("page_limit", limit), limit, min(limit, _SMALL_PAGE), None]
    usual = _DATE_FORMATS[0]
    known = quirks.get("date_format", usual)
    formats = [known, *_DATE_FORMATS, None] if date_from else [None]
    seen = set()
    for date_format in formats:
        for page_limit in limits:
            parameters: dict[str, Any] = {}
            learnt: dict[str, Any] = {}
            if date_from and date_format:
                parameters["date_from"] = date_from.astimezone(UTC).strftime(date_format)
                if date_format != usual:
                    learnt["date_format"] = date_format
            elif date_from:
                learnt["no_incremental"] = True
            if quirks.get("date_to"):  # PU-7: some freeze its default when they start
                parameters["date_to"] = datetime.now(UTC).strftime(date_format or known)
            if page_limit is not None:
                parameters["limit"] = page_limit
            if page_limit != limit:
                learnt["page_limit"] = page_limit
            url = str(httpx2.URL(endpoint).copy_merge_params(parameters))
            if url not in seen:
                seen.add(url)
                yield ListUrl(url, learnt)


def in_known_slash(url: str, quirks: dict[str, Any]) -> str:
    """The URL of a list with or without the slash at its end, as this peer has it (VE-7)."""
    wanted = quirks.get("trailing_slash")
    return other_slash(url) if isinstance(wanted, bool) and wanted != has_slash(url) else url


def has_slash(url: str) -> bool:
    """Whether the path ends with a slash."""
    return httpx2.URL(url).path.endswith("/")


def other_slash(url: str) -> str:
    """The same URL with or without the slash at the end of its path."""
    parsed = httpx2.URL(url)
    path = parsed.path
    return str(parsed.copy_with(path=path[:-1] if path.endswith("/") else path + "/"))
