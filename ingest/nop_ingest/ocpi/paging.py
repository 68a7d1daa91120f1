"""Walk a list to its end, whatever the peer makes of pagination (PU-9, TR-42, TR-43, T6).

The walk decides two things: where the next page is, and whether the end was a proper one. Only a
crawl that ended properly may later retire what it did not contain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import blake2b

import httpx2
import msgspec

from nop_ingest.ocpi.errors import EndpointMissing, PeerError
from nop_ingest.ocpi.links import Link, next_link, offset_of, with_offset

MAX_PAGES = 20_000
_EMPTY_PAGES = 2


class Fetched(msgspec.Struct, frozen=True):
    """One list answer of a peer."""

    url: str
    """What was asked for; may differ from the first URL wanted, if that was refused."""
    items: list[msgspec.Raw]
    links: list[str]
    """The Link headers."""
    total: int | None
    """X-Total-Count."""
    page_limit: int | None
    """X-Limit."""
    size_bytes: int
    received_at: datetime
    peer_clock: datetime | None


class Page(msgspec.Struct, frozen=True):
    """A page for the caller, with where the next one is."""

    items: list[msgspec.Raw]
    """The objects, not decoded."""
    total: int | None
    """How many objects the peer says it has in all."""
    url: str
    next_url: str | None
    """Give it as start_url to go on after this page; None after the last."""
    size_bytes: int
    """Of the decoded body."""
    received_at: datetime
    peer_clock: datetime | None
    """The peer's time when it answered, UTC."""


class Walk:
    """Iterate once for the pages; then read `complete` and `reason`."""

    def __init__(
        self,
        fetch: Callable[[str], Fetched],
        first_url: str,
        *,
        limit: int,
        rewrite_links: bool = False,
        trust_total: bool = True,
        max_pages: int = MAX_PAGES,
    ) -> None:
        self.complete = False
        self.reason: str | None = None
        """Why the walk is not complete, in words."""
        self.total: int | None = None
        """X-Total-Count, while it can be believed."""
        self._fetch = fetch
        self._first_url = first_url
        self._home = httpx2.URL(first_url)
        self._limit = limit
        self._rewrite_links = rewrite_links
        self._trust_total = trust_total
        self._max_pages = max_pages
        self._visited: set[str] = set()
        self._prints: list[bytes] = []
        self._received = 0
        self._position = offset_of(first_url) or 0
        self._empty_pages = 0
        self._guessing = False  # the URL under way is ours, not the peer's

    def __iter__(self) -> Iterator[Page]:
        url: str | None = self._first_url
        while url is not None:
            fetched = self._get(url)
            if fetched is None or self._repeats(fetched):
                return
            url = self._advance(fetched)
            yield Page(
                items=fetched.items,
                total=fetched.total,
                url=fetched.url,
                next_url=url,
                size_bytes=fetched.size_bytes,
                received_at=fetched.received_at,
                peer_clock=fetched.peer_clock,
            )

    def _get(self, url: str) -> Fetched | None:
        self._visited.add(url)
        try:
            fetched = self._fetch(url)
        except (PeerError, EndpointMissing):
            if not self._guessing:
                raise
            self._end_of_guesses()  # some peers refuse an offset beyond the end
            return None
        if not self._prints:
            self._first_url = fetched.url
        offset, total = offset_of(fetched.url), fetched.total
        if offset and self._trust_total and total is not None and total < (self.total or 0):
            # Objects left the list while we walked: what followed moved up, past our offset.
            again = self._fetch(with_offset(fetched.url, max(0, offset - (self.total or 0) + total)))
            fetched = again if again.items else fetched
        self.total = fetched.total if self._trust_total else None
        return fetched

    def _repeats(self, fetched: Fetched) -> bool:
        if not fetched.items:
            return False
        ends = bytes(fetched.items[0]) + b"\0" + bytes(fetched.items[-1])
        print_ = blake2b(ends, digest_size=16, salt=str(len(fetched.items)).encode()).digest()
        if print_ not in self._prints:
            self._prints.append(print_)
            return False
        if self._guessing and len(self._prints) == 1 and len(fetched.items) > self._limit:
            self.complete = True  # the peer does not page at all: its first answer was everything
        else:
            self._stop("the peer sends the same page again and again")
        return True

    def _advance(self, fetched: Fetched) -> str | None:
        """The URL of the next page, or None after setting how the walk ended."""
        count = len(fetched.items)
        link = next_link(
            fetched.links, fetched.url, self._home, rewrite=self._rewrite_links
        )
        if link.present and self.total == count and len(self._prints) == 1:
            self._trust_total, self.total = False, None  # it counts the page, not the list
        self._received += count
        offset = offset_of(fetched.url)
        self._position = (self._position if offset is None else offset) + count
        self._empty_pages = 0 if count else self._empty_pages + 1
        self._guessing = False
        if self._runs_away(count):
            return None
        if link.url is not None and link.url not in self._visited:
            return link.url
        return self._without_link(fetched, link)

    def _runs_away(self, count: int) -> bool:
        if len(self._visited) >= self._max_pages:
            self._stop(f"the peer sent {len(self._visited)} pages and still has more")
        elif self._empty_pages > _EMPTY_PAGES:
            self._stop("the peer sends empty pages that lead to further pages")
        elif self.total is not None and self._received > 2 * (self.total + max(count, 1)):
            self._stop(f"the peer says it has {self.total} objects but sent {self._received}")
        return self.reason is not None

    def _without_link(self, fetched: Fetched, link: Link) -> str | None:
        count = len(fetched.items)
        full = count >= (fetched.page_limit or self._limit)
        if self.total is None:
            more = link.present or full
        else:
            # A first page that is full and is "all" may mean that the total counts the page.
            more = self._position < self.total or (full and self._position == count == self.total)
        if count and more:
            self._guessing = True
            guess = with_offset(self._first_url, self._position)
            if guess not in self._visited:
                return guess
            self._stop("the peer's links lead in a circle")
        else:
            self._end_of_guesses()
        return None

    def _end_of_guesses(self) -> None:
        if self.total is not None and self._position < self.total:
            self._stop(f"the peer says it has {self.total} objects but sent {self._position}")
        else:
            self.complete = True

    def _stop(self, reason: str) -> None:
        self.reason = reason
