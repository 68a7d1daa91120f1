"""How the locations list pages: Link, counts, limits, order and end (TR-40 to TR-45, PU-9)."""

from __future__ import annotations

import re

import httpx2

from nop_ingest.ocpi.egress import origin, parse_url
from nop_ingest.ocpi.errors import AuthFailed, EgressDenied, PeerError
from nop_ingest.ocpi.links import next_link, with_offset
from nop_ingest.ocpi.probe.asking import Said
from nop_ingest.ocpi.probe.scene import Scene
from nop_ingest.ocpi.versions.version import Key, peek

_MOST, _FEWEST_PAGES = 10, 4
_TARGET = re.compile(r"<([^<>]*)>")


class Paging:
    """The first pages of the locations list, as they come."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._book = scene.book
        self._url = scene.endpoints["locations"]
        self._limit = _MOST
        self._first_ids: list[Key] = []

    def look(self) -> None:
        """Read the first pages with a small limit. Some of the book's checks are concluded."""
        peek = self._ask_for_one()
        if peek.error is not None:
            self._book.fail("whole-list", f"the list cannot be read: {peek.error}",
                            "answer GET locations with a page of Locations")  # fmt: skip
            return
        total = peek.total
        if total is not None and total > 1:
            self._limit = max(1, min(_MOST, total // _FEWEST_PAGES))
        first = self._scene.asker.ask(self._url, {"limit": self._limit})
        if first.error is not None:
            return
        self._first_ids = _ids(first)
        self._look_at_counts(first)
        self._look_at_link(first)
        self._look_at_second_page(first)

    def _ask_for_one(self) -> Said:
        """A list may take the token only as the versions before it did not (TR-1)."""
        asker = self._scene.asker
        usual = asker.spelling
        first = asker.ask(self._url, {"limit": 1})
        for spelling in asker.spellings():
            if not isinstance(first.error, AuthFailed) or spelling == usual:
                continue
            other = asker.ask(self._url, {"limit": 1}, spelling=spelling)
            if other.error is None:
                asker.spelling = spelling
                self._book.warn(
                    "token-encoding", f"locations take the token only as {spelling}, not {usual}",
                    "take the token the same way under every URL, best in both spellings",
                )  # fmt: skip
                return other
        return first

    def look_again(self) -> None:
        """TR-42, once other requests were made: the first page is still the first page."""
        if not self._first_ids:
            return
        again = self._scene.asker.ask(self._url, {"limit": self._limit})
        if again.error is None and (now := _ids(again)) != self._first_ids:
            moved = len(set(self._first_ids) - set(now))
            self._book.fail(
                "paging-order",
                f"the first page changed while the list was read ({moved} of {len(now)} objects)",
                "order by creation, the oldest first: an object that moves is missed or doubled",
            )
        self._book.passed("paging-order", "the order is stable, and pages do not overlap")

    def look_at_end(self, count: int) -> None:
        """The last page has no Link, and beyond it the list is empty. `count`: objects in all."""
        if count < 1:
            self._book.skipped("paging-end", "the list is empty")
            return
        last = self._scene.asker.ask(self._url, {"limit": self._limit, "offset": count - 1})
        if last.error is None and last.items and last.answer:
            home = httpx2.URL(self._url)
            link = next_link(last.answer.headers.get_list("link"), last.url, home, rewrite=True)
            if link.present and link.url and not self._scene.asker.ask(link.url).items:
                self._book.warn("paging-end", "the last page links to an empty one",
                                "leave Link out on the last page")  # fmt: skip
        beyond = self._scene.asker.ask(self._url, {"limit": self._limit, "offset": count + 10_000})
        if beyond.error is not None:
            self._book.warn("paging-end", f"an offset beyond the end gets: {beyond.error}",
                            "answer it with an empty list and status_code 1000")  # fmt: skip
        self._book.passed("paging-end", "no Link on the last page, and nothing beyond it")

    def try_wrong_limit(self) -> None:
        """TR-13: limit=0 is refused with 2001 (or HTTP 400), not with a failure."""
        said = self._scene.asker.ask(self._url, {"limit": 0}, steady=False)
        status = said.answer.status if said.answer else None
        mend = "answer an unusable limit with HTTP 200 and status_code 2001"
        if status is not None and status >= 500:
            self._book.fail("wrong-limit", f"limit=0 gets HTTP {status}", mend)
        elif isinstance(said.error, PeerError):
            code = said.error.status_code
            self._book.passed("wrong-limit", f"refused: HTTP {status}, status {code}")
        elif said.error is not None:
            self._book.warn("wrong-limit", f"limit=0 gets: {said.error}", mend)
        else:
            self._book.warn("wrong-limit", f"limit=0 gets {len(said.items)} objects", mend)

    def _look_at_counts(self, page: Said) -> None:
        count, limit = len(page.items), page.number("x-limit")
        if count > self._limit:
            self._book.fail("paging-limit", f"limit={self._limit} gets {count} objects",
                            "never send more objects than limit")  # fmt: skip
        if limit is None:
            self._book.warn("paging-limit", "X-Limit is missing",
                            "send X-Limit with the most objects that a page may have")  # fmt: skip
        self._book.passed("paging-limit", f"limit={self._limit} is kept; X-Limit is {limit}")
        total, more = page.total, self._has_more(page)
        if total is None:
            self._book.warn("paging-total", "X-Total-Count is missing",
                            "send X-Total-Count: without it nobody can tell that a list is "
                            "whole")  # fmt: skip
        elif total <= count and more:
            self._book.fail("paging-total", f"X-Total-Count is {total}, the size of the page",
                            "send how many objects there are over all pages")  # fmt: skip

    def _has_more(self, page: Said) -> bool:
        """There are objects behind this page, whatever it says."""
        links = page.answer.headers.get_list("link") if page.answer else []
        if any("next" in link for link in links) or (page.total or 0) > len(page.items):
            return True
        if not page.items:
            return False
        behind = self._scene.asker.ask(self._url, {"limit": self._limit, "offset": len(page.items)})
        return bool(behind.items) and _ids(behind) != _ids(page)

    def _look_at_link(self, page: Said) -> None:
        mend = 'send Link: <URL>; rel="next" with the full public URL of the next page'
        links = page.answer.headers.get_list("link") if page.answer else []
        home = httpx2.URL(self._url)
        link = next_link(links, page.url, home, rewrite=False)
        if not link.present:
            if self._has_more(page):
                self._book.fail("paging-link", "there are more pages, but no Link", mend)
            else:
                self._book.passed("paging-link", "one page only")
            return
        target = next((t for header in links for t in _TARGET.findall(header)), "")
        if link.url is None:
            self._book.fail("paging-link", f"the link cannot be used: {target[:100]}", mend)
        elif httpx2.URL(link.url) == httpx2.URL(page.url) or _goes_nowhere(link.url, page.url):
            self._book.fail("paging-link", "the link leads to the page itself", mend)
        elif not target.startswith(("http://", "https://")):
            self._book.warn("paging-link", f"the link is relative: {target[:100]}", mend)
        elif _is_elsewhere(target, home):
            self._book.warn("paging-link", f"the link has another origin: {target[:100]}", mend)
        self._book.passed("paging-link", "it leads on")

    def _look_at_second_page(self, first: Said) -> None:
        """The page after the first, by its offset: others must be on it."""
        if not first.items or not self._has_more(first):
            return
        second = self._scene.asker.ask(with_offset(first.url, len(first.items)))
        if second.error is not None:
            self._book.fail("paging-order", f"the second page cannot be read: {second.error}",
                            "heed offset together with limit")  # fmt: skip
            return
        repeated = len(set(_ids(first)) & set(_ids(second)))
        if _ids(first) == _ids(second):
            self._book.fail("paging-order", "offset is ignored: every page is the first one",
                            "skip as many objects as offset says")  # fmt: skip
        elif repeated:
            self._book.fail("paging-order", f"objects on two pages at once: {repeated}",
                            "start each page at its offset in one stable order")  # fmt: skip


def _goes_nowhere(link: str, page: str) -> bool:
    offsets = [httpx2.URL(url).params.get("offset", "0") for url in (link, page)]
    names = set(httpx2.URL(link).params) - {"offset", "limit", "date_from", "date_to"}
    return not names and offsets[0] == offsets[1]


def _is_elsewhere(target: str, home: httpx2.URL) -> bool:
    try:
        return origin(parse_url(target)) != origin(home)
    except EgressDenied:
        return True


def _ids(page: Said) -> list[Key]:
    """Who the objects of a page are."""
    return [peek(item) for item in page.items]
