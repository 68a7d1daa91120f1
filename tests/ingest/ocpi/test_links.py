"""Link headers as servers write them (PU-9, P4, TR-40, VE-8)."""

from __future__ import annotations

import httpx2
import pytest

from nop_ingest.ocpi.links import Link, next_link, offset_of, with_offset

PAGE = "https://cpo.example/ocpi/locations?limit=10"


def find(*headers: str, rewrite: bool = False) -> Link:
    return next_link(headers, PAGE, httpx2.URL(PAGE), rewrite=rewrite)


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        (['<https://cpo.example/x?offset=10>; rel="next"'], "https://cpo.example/x?offset=10"),
        (["<https://cpo.example/x?offset=10>; REL=Next"], "https://cpo.example/x?offset=10"),
        (["</x?offset=10>;rel='next'"], "https://cpo.example/x?offset=10"),
        (["<?offset=10>; rel=next"], "https://cpo.example/ocpi/locations?offset=10"),
        (['</a>; rel="prev", </b?x=1,2>; rel="last next"'], "https://cpo.example/b?x=1,2"),
        (['</a>; rel="prev"', '</b>; title="x"; rel="next"'], "https://cpo.example/b"),
        (["<http://cpo.example:8080/x>; rel=next"], "https://cpo.example/x"),
    ],
    ids=["plain", "case", "relative", "query only", "several", "two headers", "behind a proxy"],
)
def test_the_next_page_is_found(headers: list[str], url: str) -> None:
    assert find(*headers) == Link(url, True)


@pytest.mark.parametrize(
    "target",
    [
        "https://cpo.example/ModuleID.locations/?offset=10",
        "https://cpo.example/x?date_from=None&offset=10",
        "https://cpo.example/x?offset={offset}",
        "https://elsewhere.example/x?offset=10",
        "https://user:secret@cpo.example/x",
        "javascript:alert(1)",
        "http://[broken",
    ],
)
def test_a_link_that_cannot_be_used_still_says_that_more_follows(target: str) -> None:
    assert find(f'<{target}>; rel="next"') == Link(None, True)


@pytest.mark.parametrize("header", ["", "nonsense", '<>; rel="next"', '</a>; rel="first"'])
def test_no_link_is_no_link(header: str) -> None:
    assert find(header) == Link(None, False)


def test_another_host_is_brought_home_when_a_person_allowed_it() -> None:
    """VE-8: peers that name their internal host."""
    link = find("<http://10.0.0.5/x?offset=10>; rel=next", rewrite=True)
    assert link.url == "https://cpo.example/x?offset=10"


def test_an_offset_is_read_and_replaced() -> None:
    url = with_offset(PAGE + "&offset=10&date_from=2026-01-01T00:00:00Z", 25)
    assert offset_of(url) == 25 and "date_from" in url and offset_of(PAGE) is None
