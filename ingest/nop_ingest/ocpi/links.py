"""Links to the next page: as the specification has them and as servers write them (PU-9, VE-8)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import httpx2
import msgspec

from nop_ingest.ocpi.egress import origin

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r"""rel\s*=\s*["']?([^"';,]*)""", re.IGNORECASE)
# What unformatted templates leave behind: `/ModuleID.locations/?date_from=None`, `{offset}`.
_PLACEHOLDER = re.compile(r"ModuleID\.|[{}]|=(None|null|undefined)(&|$)|%7B", re.IGNORECASE)


class Link(msgspec.Struct, frozen=True):
    """What the Link headers of a page say about the next one."""

    url: str | None
    """Where to go on; None when there is no link or it cannot be used."""
    present: bool
    """There was one, so the peer thinks that more follows."""


def next_link(headers: Iterable[str], page_url: str, home: httpx2.URL, *, rewrite: bool) -> Link:
    """The rel=next link. `home` is the peer's own origin: nothing else is ever returned.

    A link to the same host with another scheme or port is brought home (VE-8: proxies), one to
    another host only with `rewrite`; otherwise it is not used.
    """
    for header in headers:
        for target, parameters in _LINK.findall(header):
            rel = _REL.search(parameters)
            if rel and "next" in rel[1].casefold().split():
                target = target.strip()
                return Link(_usable(target, page_url, home, rewrite=rewrite), bool(target))
    return Link(None, False)


def _usable(target: str, page_url: str, home: httpx2.URL, *, rewrite: bool) -> str | None:
    if not target or _PLACEHOLDER.search(target):
        return None
    try:
        url = httpx2.URL(page_url).join(target)
    except httpx2.InvalidURL:
        return None
    found = bring_home(url, home, rewrite=rewrite)
    return None if found is None else str(found)


def bring_home(url: httpx2.URL, home: httpx2.URL, *, rewrite: bool) -> httpx2.URL | None:
    """The same path at the peer's own origin; None for a foreign host that may not be rewritten."""
    if url.userinfo or url.scheme not in ("http", "https"):
        return None
    if origin(url) == origin(home):
        return url
    if url.host != home.host and not rewrite:
        return None
    return url.copy_with(scheme=home.scheme, host=home.host, port=home.port)


def offset_of(url: str) -> int | None:
    """The `offset` of a page's URL; None if it has none."""
    value = httpx2.URL(url).params.get("offset", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else None


def with_offset(url: str, offset: int) -> str:
    """The URL of the page that starts at `offset`."""
    return str(httpx2.URL(url).copy_set_param("offset", offset))
