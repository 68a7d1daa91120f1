"""An operator's OCPI server as a Python object: discover it, then walk its lists.

What is learnt about a peer is kept in its `quirks` (see quirks.py), a dict that the caller stores.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import msgspec

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
from nop_ingest.ocpi.errors import (
    EgressDenied,
    EndpointMissing,
    NotOcpi,
    OcpiError,
    PeerError,
    PeerFailing,
)
from nop_ingest.ocpi.list_urls import ListUrl, in_known_slash, list_urls
from nop_ingest.ocpi.lists import Lists
from nop_ingest.ocpi.paging import MAX_PAGES, Walk
from nop_ingest.ocpi.retrying import Patience
from nop_ingest.ocpi.routing import Party, Routing
from nop_ingest.ocpi.session import Session

PAGE_LIMIT = 500
_OPEN_FEED_VERSION = "2.2.1"
_DEAD = (EndpointMissing, PeerError, PeerFailing, NotOcpi, EgressDenied)


class OcpiPeer:
    """One connection to a peer's Sender interface. Use as a context manager."""

    def __init__(
        self,
        versions_url: str | None,
        token: str | None,
        *,
        module_urls: Mapping[str, str] | None = None,
        routing: Routing | None = None,
        allow_loopback: bool = False,
        quirks: dict[str, Any] | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        """`module_urls`: an open feed, whose lists a person named; it has no versions (P22)."""
        if versions_url is None and not module_urls:
            raise ValueError("a peer needs a versions URL, or the URLs of its lists")
        self.quirks: dict[str, Any] = {} if quirks is None else quirks
        self._versions_url = versions_url
        self._module_urls = dict(module_urls or {})
        self._routing = routing or Routing()
        self._guard = Guard(allow_loopback=allow_loopback, limits=limits, resolver=resolver)
        self._session = Session(
            self._guard, token, self.quirks, patience or Patience(), bare=bool(module_urls)
        )
        self._endpoints: Endpoints | None = None
        self._stop = threading.Event()
        self._crawls: list[Crawl] = []

    def discover(self) -> Endpoints:
        """Ask for versions and details, once per session. Raises an OcpiError that says why not."""
        if self._endpoints is None:
            pinned = self.quirks.get("version")
            if self._versions_url is None:
                version = pinned or _OPEN_FEED_VERSION
                self._endpoints = Endpoints(version, self._module_urls, [])
                return self._endpoints
            _, answer = self._session.get_first(str(parse_url(self._versions_url)), self._stop)
            offers = parse_versions(answer.items)
            chosen = choose_versions(offers, pinned)
            self._endpoints = self._read_details(chosen, [o.version for o in offers])
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
        endpoints = self.discover()
        endpoint = self._trusted(endpoints.url_of(module), module)
        endpoint = in_known_slash(endpoint, self.quirks)
        ways = list(list_urls(endpoint, date_from, limit, self.quirks))
        if start_url is not None:
            ways = [ListUrl(self._trusted(start_url, module), {})]
        stop = threading.Event()
        lists = Lists(
            self._session,
            ways,
            self.quirks,
            stop,
            routing=self._routing,
            routing_ways=self._routing.ways(endpoints.version, self.quirks),
            may_be_empty=date_from is not None or start_url is not None,
        )
        walk = Walk(
            lists,
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

    def fetch_location(self, owner: Party, location_id: str) -> msgspec.Raw | None:
        """One Location by its id; None: the peer has none. A repair tool (PU-15).

        Raises an OcpiError. Whose location came back is for the caller to check.
        """
        endpoints = self.discover()
        endpoint = self._trusted(endpoints.url_of("locations"), "locations")
        url = f"{endpoint.split('?')[0].rstrip('/')}/{quote(location_id, safe='')}"
        headers = self._routing.headers_to(owner, endpoints.version, self.quirks)
        try:
            _, answer = self._session.get(url, self._stop, headers)
        except EndpointMissing:
            return None
        except PeerError as error:
            if error.rejects_request:  # 2003 unknown location, with HTTP 200
                return None
            raise
        return answer.items[0] if answer.items else None

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

    def _trusted(self, url: str, module: str) -> str:
        """A URL that the peer named, if the token may go there (VE-8)."""
        home = self._versions_url or self._module_urls[module]
        trusted = trusted_url(url, home, self.quirks)
        if parse_url(url, parse_url(home)) != parse_url(trusted):
            self.quirks["advertised_origin"] = str(parse_url(url).copy_with(raw_path=b"/"))
        return trusted

    def _read_details(self, chosen: list[VersionOffer], offered: list[str]) -> Endpoints:
        """The best version whose details can be read and have locations (VE-3, VE-4).

        A version may be listed with a dead URL, or twice: once for each role of the peer.
        """
        readable: Endpoints | None = None
        failure: OcpiError | None = None
        for offer in chosen:
            try:
                url = self._trusted(offer.url, "versions")
                _, details = self._session.get_first(url, self._stop)
            except _DEAD as error:
                failure = failure or error
                continue
            found = Endpoints(offer.version, parse_endpoints(details.items), offered)
            if "locations" in found.modules:
                return found
            readable = readable or found
        if readable is not None:
            return readable
        assert failure is not None  # noqa: S101 - choose_versions gave at least one
        raise failure
