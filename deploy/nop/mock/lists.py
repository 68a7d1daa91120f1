"""A page of a list: filters, order, Link and counts, with the faults that are on."""

from __future__ import annotations

from urllib.parse import urlencode

from nop.list_query import WrongParameter, instant, number
from nop.mock.stations import Listed
from nop.mock.switches import Switches

PAGE, LONGEST_PAGE = 100, 500
_INTERNAL = "http://cpo-backend.internal:8080"
_TOO_MANY = 7


class Slice:
    """What a request asks of a list. Raises WrongParameter."""

    def __init__(self, query: dict[str, str], switches: Switches, longest: int) -> None:
        self.since, self.until = _dates(query, switches)
        self.offset = number(query, "offset", 0, least=0)
        self.limit = min(number(query, "limit", PAGE, least=1), longest)
        self.dates = {name: query[name] for name in ("date_from", "date_to") if name in query}
        if "limit-ignored" in switches:
            self.limit = min(PAGE, longest)


class Lists:
    """Pages of lists; remembers how often it was asked, for objects that move."""

    def __init__(self, switches: Switches, longest: int) -> None:
        """`longest`: the most objects of a page."""
        self._switches = switches
        self._longest = longest
        self._asked = 0

    def slice(self, query: dict[str, str]) -> Slice:
        """What a request asks for. Raises WrongParameter."""
        return Slice(query, self._switches, self._longest)

    def page(
        self, objects: list[Listed], asked: Slice, url: str
    ) -> tuple[list[Listed], tuple[tuple[str, str], ...]]:
        """The objects of a page and its headers. `url`: of the list, without a query."""
        found = [one for one in objects if self._is_asked(one, asked)]
        if "objects-move" in self._switches and found:
            turn = self._asked % len(found)  # the last one was changed and is now the first
            found = found[-turn:] + found[:-turn] if turn else found
        self._asked += 1
        start, end = asked.offset, asked.offset + asked.limit
        if "offset-ignored" in self._switches:
            start, end = 0, asked.limit
        if "pages-overlap" in self._switches and start:
            start -= 1
        page = found[start:end]
        return page, tuple(self._headers(asked, url, len(found), len(page)))

    def _is_asked(self, one: Listed, asked: Slice) -> bool:
        at, since, until = one.last_updated, asked.since, asked.until
        if since is not None and (at < since or ("date-from-exclusive" in self._switches
                                                 and at == since)):  # fmt: skip
            return False
        if until is None or at < until:
            return True
        return at == until and "date-to-inclusive" in self._switches

    def _headers(self, asked: Slice, url: str, total: int, count: int) -> list[tuple[str, str]]:
        on = self._switches
        headers = []
        if "total-missing" not in on:
            said = count if "total-of-page" in on else total
            said += _TOO_MANY if "total-too-high" in on else 0
            headers.append(("x-total-count", str(said)))
        if "limit-missing" not in on:
            headers.append(("x-limit", str(self._longest)))
        end = asked.offset + asked.limit
        more = end < total
        if more or ("link-to-empty" in on and count and end >= total):
            link = self._link(url, asked, end)
            headers += [("link", f'<{link}>; rel="next"')] if link else []
        return headers

    def _link(self, url: str, asked: Slice, offset: int) -> str | None:
        on = self._switches
        query = _query(asked, offset)
        path = "/" + url.split("/", 3)[3]
        if "link-missing" in on:
            return None
        if "link-placeholder" in on:
            return f"{_INTERNAL}/ModuleID.locations/?date_from=None&offset={{offset}}"
        if "link-relative" in on:
            return f"{path}?{query}"
        if "link-self" in on:
            query = _query(asked, asked.offset)
        if "link-host" in on:
            return f"{_INTERNAL}{path}?{query}"
        if "link-scheme" in on:
            other = "https" if url.startswith("http:") else "http"
            return f"{other}:{url.split(':', 1)[1]}?{query}"
        return f"{url}?{query}"


def _query(asked: Slice, offset: int) -> str:
    place = {"offset": str(offset), "limit": str(asked.limit)}
    return urlencode([*asked.dates.items(), *place.items()])


def _dates(query: dict[str, str], switches: Switches) -> tuple[float | None, float | None]:
    if "date_from" in query:
        if "date-from-refused" in switches:
            raise WrongParameter("date_from is not supported")
        if "date-without-z" in switches and query["date_from"].endswith("Z"):
            raise WrongParameter("date_from must look like 2026-01-31T12:00:00")
    since, until = instant(query, "date_from"), instant(query, "date_to")
    return None if "date-from-ignored" in switches else since, until
