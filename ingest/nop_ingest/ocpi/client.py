"""An operator's OCPI server as a Python object: discover it, then walk its lists.

What is learnt about a peer is kept in its `quirks`, a dict that the caller stores:

- `token_encoding`: "base64" or "raw", whichever worked (TR-1, TR-5)
- `date_format`: the spelling of date_from that was accepted (PU-6)
- `page_limit`: the limit that was accepted instead of ours; null: none may be asked for
- set by a person: `rewrite_origin`, `hosts` (VE-8), `ignore_total` (X-Total-Count is wrong)
"""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from nop_ingest.ocpi.addresses import Resolver, resolve
from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.crawl import Crawl
from nop_ingest.ocpi.discovery import (
    Endpoints,
    VersionOffer,
    choose_versions,
    parse_endpoints,
    parse_versions,
    trusted_url,
)
from nop_ingest.ocpi.egress import Guard, parse_url
from nop_ingest.ocpi.envelope import parse_clock
from nop_ingest.ocpi.errors import EndpointMissing, PeerError
from nop_ingest.ocpi.list_urls import ListUrl, list_urls, other_slash
from nop_ingest.ocpi.paging import MAX_PAGES, Fetched, Walk
from nop_ingest.ocpi.retrying import Patience
from nop_ingest.ocpi.session import Session

PAGE_LIMIT = 500


class OcpiPeer:
    """One connection to a peer's Sender interface. Use as a context manager."""

    def __init__(
        self,
        versions_url: str,
        token: str | None,
        *,
        allow_loopback: bool = False,
        quirks: dict[str, Any] | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self.quirks: dict[str, Any] = {} if quirks is None else quirks
        self._versions_url = versions_url
        self._guard = Guard(allow_loopback=allow_loopback, limits=limits, resolver=resolver)
        self._session = Session(self._guard, token, self.quirks, patience or Patience())
        self._endpoints: Endpoints | None = None
        self._stop = threading.Event()
        self._crawls: list[Crawl] = []

    def discover(self) -> Endpoints:
        """Ask for versions and details, once per session. Raises an OcpiError that says why not."""
        if self._endpoints is None:
            _, answer = self._session.get_first(str(parse_url(self._versions_url)), self._stop)
            offers = parse_versions(answer.items)
            self._endpoints = self._read_details(
                choose_versions(offers), [o.version for o in offers]
            )
        return self._endpoints

    def pages(
        self,
        module: str,
        *,
        date_from: datetime | None = None,
        start_url: str | None = None,
        received: int = 0,
        limit: int = PAGE_LIMIT,
        max_pages: int = MAX_PAGES,
    ) -> Crawl:
        """Walk a module's list from the start, or on from a page's `next_url`.

        `received`: how many objects came before `start_url`, for links that name no offset.

        `date_from` (inclusive) asks for objects changed since. Whether the peer heeds it shows in
        what it sends. Raises an OcpiError here (discovery) or while iterating.
        """
        endpoint = self._trusted(self.discover().url_of(module))
        ways = list(list_urls(endpoint, date_from, limit, self.quirks))
        if start_url is not None:
            ways = [ListUrl(self._trusted(start_url), {})]
        stop = threading.Event()
        walk = Walk(
            _Lists(self._session, ways, self.quirks, stop),
            ways[0].url,
            limit=limit,
            received=received,
            rewrite_links=bool(self.quirks.get("rewrite_origin")),
            trust_total=not self.quirks.get("ignore_total"),
            max_pages=max_pages,
        )
        crawl = Crawl(walk, stop, self._guard.cancel)
        self._crawls.append(crawl)
        return crawl

    def close(self) -> None:
        """End what is under way and close the connection."""
        self._stop.set()
        self._guard.cancel(self._stop)
        for crawl in self._crawls:
            crawl.close()
        self._guard.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _trusted(self, url: str) -> str:
        return trusted_url(url, self._versions_url, self.quirks)

    def _read_details(self, chosen: list[VersionOffer], offered: list[str]) -> Endpoints:
        for offer in chosen[:-1]:
            # A version may be listed with a dead URL (VE-3): then the next best is asked.
            with contextlib.suppress(EndpointMissing, PeerError):
                return self._read_offer(offer, offered)
        return self._read_offer(chosen[-1], offered)

    def _read_offer(self, offer: VersionOffer, offered: list[str]) -> Endpoints:
        _, details = self._session.get(self._trusted(offer.url), self._stop)
        return Endpoints(offer.version, parse_endpoints(details.items), offered)


class _Lists:
    """Fetches list pages for a walk; the first one in whichever way the peer accepts."""

    def __init__(
        self, session: Session, ways: list[ListUrl], quirks: dict[str, Any], stop: threading.Event
    ) -> None:
        self._session = session
        self._ways = ways
        self._quirks = quirks
        self._stop = stop

    def __call__(self, url: str) -> Fetched:
        if not self._ways:
            return self._get(url)
        ways, self._ways = self._ways, []
        for way in ways[:-1]:
            try:
                return self._first(way)
            except PeerError as error:
                if not error.rejects_request:
                    raise
        return self._first(ways[-1])

    def _first(self, way: ListUrl) -> Fetched:
        try:
            fetched = self._get(way.url)
        except EndpointMissing:  # VE-7
            fetched = self._get(other_slash(way.url))
        self._quirks.update(way.quirks)
        return fetched

    def _get(self, url: str) -> Fetched:
        answer, envelope = self._session.get(url, self._stop)
        headers = answer.headers
        return Fetched(
            url=url,
            items=envelope.items,
            links=headers.get_list("link"),
            total=_count(headers.get("x-total-count")),
            page_limit=_count(headers.get("x-limit")),
            size_bytes=len(answer.body),
            received_at=datetime.now(UTC),
            peer_clock=envelope.timestamp or parse_clock(headers.get("date")),
        )


def _count(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
