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
_CIRCLE = "the peer sends the same page again and again"
_LACKING = (
    "the peer says it has {} objects but sent {}. "
    "One whose X-Total-Count is wrong for good needs the quirk ignore_total"
)


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
    asked_at: datetime
    """Our clock before the request: what was pushed to us later may be missing in the page."""
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
    asked_at: datetime
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
        received: int = 0,
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
        self._prints: set[bytes] = set()
        self._pages = 0
        self._first_count = 0
        self._received = 0
        offset = offset_of(first_url)
        self._position = received if offset is None else offset
        self._empty_pages = 0
        self._linked = False  # a link of the peer was followed
        self._guessing = False  # the URL under way is ours, not the peer's

    def __iter__(self) -> Iterator[Page]:
        url: str | None = self._first_url
        while url is not None:
            fetched = self._get(url)
            if fetched is None:
                return
            if self._was_here_before(fetched):
                url = self._after_repetition(fetched)
                continue
            url = self._advance(fetched)
            yield Page(
                items=fetched.items,
                total=fetched.total,
                url=fetched.url,
                next_url=url,
                size_bytes=fetched.size_bytes,
                asked_at=fetched.asked_at,
                received_at=fetched.received_at,
                peer_clock=fetched.peer_clock,
            )

    def _get(self, url: str) -> Fetched | None:
        try:
            fetched = self._fetch(url)
        except (PeerError, EndpointMissing):
            if not self._guessing:
                raise
            self._finish()  # some peers refuse an offset beyond the end
            return None
        if not self._pages:
            self._first_url = fetched.url
        self._pages += 1
        self._visited.update((url, fetched.url))
        if not self._trust_total:
            return fetched
        fetched = self._again_if_shrunk(fetched)
        self.total = fetched.total
        return fetched

    def _again_if_shrunk(self, fetched: Fetched) -> Fetched:
        """TR-42: objects left the list while we walked; what followed moved up, past our offset."""
        offset, total = offset_of(fetched.url), fetched.total
        if not offset or total is None or self.total is None or total >= self.total:
            return fetched
        try:
            again = self._fetch(with_offset(fetched.url, max(0, offset - self.total + total)))
        except (PeerError, EndpointMissing):
            return fetched  # takes multiples of its page size only
        return again if again.items else fetched

    def _was_here_before(self, fetched: Fetched) -> bool:
        if not fetched.items:
            return False
        ends = bytes(fetched.items[0]) + b"\0" + bytes(fetched.items[-1])
        print_ = blake2b(ends, digest_size=16, salt=str(len(fetched.items)).encode()).digest()
        if print_ in self._prints:
            return True
        self._prints.add(print_)
        return False

    def _after_repetition(self, fetched: Fetched) -> str | None:
        """Where to go on when a page came twice, or None after setting how the walk ended."""
        if self.total is not None and self._position >= self.total:
            self.complete = True
        elif not self._guessing:  # the peer's link was wrong: count instead, once
            self._guessing = True
            if (url := with_offset(self._first_url, self._position)) not in self._visited:
                return url
            self.reason = _CIRCLE
        elif self._pages == 2 and len(fetched.items) != self._limit:
            self.complete = True  # it does not page at all and was not cut at our limit: all there
        else:
            self.reason = _CIRCLE
        return None

    def _advance(self, fetched: Fetched) -> str | None:
        """The URL of the next page, or None after setting how the walk ended."""
        count = len(fetched.items)
        link = next_link(fetched.links, fetched.url, self._home, rewrite=self._rewrite_links)
        follow = link.url if link.url not in self._visited else None
        if self._pages == 1:
            self._first_count = count
        if self.total is not None and self._counts_the_page(count, follow):
            self._trust_total, self.total = False, None
        offset = offset_of(fetched.url)
        self._position = (self._position if offset is None else offset) + count
        self._received += count
        self._empty_pages = 0 if count else self._empty_pages + 1
        self._guessing = follow is None
        self._linked = self._linked or follow is not None
        url = follow or self._guess(fetched, link)
        if url is None:
            self._finish()
        elif reason := _CIRCLE if url in self._visited else self._runaway(count):
            self.reason, url = reason, None
        return url

    def _counts_the_page(self, count: int, follow: str | None) -> bool:
        """Some peers put the size of the page into X-Total-Count."""
        if self._pages == 1:
            return self.total == count and follow is not None
        return self._pages == 2 and self.total == count == self._position and self._guessing

    def _guess(self, fetched: Fetched, link: Link) -> str | None:
        """Where the next page must be if there is one that the peer did not (rightly) name."""
        count = len(fetched.items)
        full = count >= min(fetched.page_limit or self._limit, self._limit)
        if self.total is None:
            # If no X-Limit is stated, the peer's own page size may be smaller than ours. Links
            # that led here and now end are believed.
            full = full or (not fetched.page_limit and count >= self._first_count)
            more = link.present or (full and not self._linked)
        else:
            # A full first page that is "all" may come from a peer whose total counts the page.
            more = self._position < self.total or (full and self._position == count)
        return with_offset(self._first_url, self._position) if count and more else None

    def _runaway(self, count: int) -> str | None:
        if self._pages >= self._max_pages:
            return f"the peer sent {self._pages} pages and still has more"
        if self._empty_pages > _EMPTY_PAGES:
            return "the peer sends empty pages that lead to further pages"
        if self.total is not None and self._received > 2 * (self.total + count):
            return f"the peer says it has {self.total} objects but sent {self._received}"
        return None

    def _finish(self) -> None:
        if self.total is not None and self._position < self.total:
            self.reason = _LACKING.format(self.total, self._position)
        else:
            self.complete = True
