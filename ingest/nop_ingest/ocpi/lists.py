"""Fetch list pages in the way that this peer accepts: date, limit, slash and routing (PU-6, RT-3).

The first page finds out; what differs from the specification is remembered in the peer's quirks.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from nop_ingest.ocpi.envelope import parse_clock
from nop_ingest.ocpi.errors import EndpointMissing, PeerError
from nop_ingest.ocpi.list_urls import ListUrl, has_slash, other_slash
from nop_ingest.ocpi.paging import Fetched
from nop_ingest.ocpi.routing import Routing
from nop_ingest.ocpi.session import Session


class Lists:
    """Called with the URL of each page of one list. The first call tries every way."""

    def __init__(
        self,
        session: Session,
        ways: Sequence[ListUrl],
        quirks: dict[str, Any],
        stop: threading.Event,
        *,
        routing: Routing,
        routing_ways: Sequence[str],
        may_be_empty: bool,
    ) -> None:
        """`may_be_empty`: an empty first page is no reason to ask by another routing."""
        self._session = session
        self._ways = list(ways)
        self._quirks = quirks
        self._stop = stop
        self._routing = routing
        self._way, *self._other_ways = routing_ways
        self._may_be_empty = may_be_empty

    def __call__(self, url: str) -> Fetched:
        if not self._ways:
            return self._get(url)
        ways, self._ways = self._ways, []
        refusal: PeerError | None = None
        empty: tuple[Fetched, str] | None = None
        for routing in (self._way, *self._other_ways):
            self._way = routing
            try:
                found = self._in_some_spelling(ways)
            except PeerError as error:
                if not error.rejects_request:
                    raise
                refusal = refusal or error
                continue
            if found.items or self._may_be_empty:
                if refusal or empty:
                    self._quirks["routing"] = routing
                return found
            empty = empty or (found, routing)
        if empty is not None:
            found, self._way = empty
            return found
        assert refusal is not None  # noqa: S101 - there is at least one way of routing
        raise refusal

    def _in_some_spelling(self, ways: Sequence[ListUrl]) -> Fetched:
        for way in ways[:-1]:
            try:
                return self._first(way)
            except PeerError as error:
                if not error.rejects_request:
                    raise
        return self._first(ways[-1])

    def _first(self, way: ListUrl) -> Fetched:
        try:
            found = self._get(way.url)
        except EndpointMissing:  # VE-7
            found = self._get(other_slash(way.url))
        if has_slash(found.url) != has_slash(way.url):
            self._quirks["trailing_slash"] = has_slash(found.url)
        self._quirks.update(way.quirks)
        return found

    def _get(self, url: str) -> Fetched:
        asked_at = datetime.now(UTC)
        headers = self._routing.headers(self._way)
        answer, envelope = self._session.get(url, self._stop, headers)
        received = answer.headers
        slashed = other_slash(url)
        return Fetched(
            url=slashed if answer.url == slashed else url,
            items=envelope.items,
            links=received.get_list("link"),
            total=_count(received.get("x-total-count")),
            page_limit=_count(received.get("x-limit")),
            size_bytes=len(answer.body),
            asked_at=asked_at,
            received_at=datetime.now(UTC),
            peer_clock=envelope.timestamp or parse_clock(received.get("date")),
        )


def _count(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
