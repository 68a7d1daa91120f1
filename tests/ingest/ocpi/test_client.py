"""Lists walked against an operator that fails, refuses, or is slow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.crawl import Crawl
from nop_ingest.ocpi.errors import (
    AuthFailed,
    EgressDenied,
    NotOcpi,
    OcpiError,
    PeerError,
    PeerFailing,
)
from nop_ingest.ocpi.retrying import Pacer, Patience


def ids(crawl: Crawl) -> list[str]:
    return [msgspec.json.decode(item)["id"] for page in crawl for item in page.items]


def test_a_peer_is_discovered_and_walked(operator: Any) -> None:
    with operator.peer() as peer:
        endpoints = peer.discover()
        crawl = peer.pages("locations", limit=10)
        pages = list(crawl)
    assert (endpoints.version, endpoints.offered) == ("2.2.1", ["2.2.1"])
    assert [len(page.items) for page in pages] == [10, 10, 5]
    assert crawl.complete and crawl.reason is None
    assert pages[0].total == 25 and pages[-1].next_url is None
    assert pages[0].peer_clock == datetime(2026, 11, 21, 10, tzinfo=UTC)


def failing(operator: Any, bad: Any, *, every: int) -> None:
    """Answer every n-th list request with `bad`."""
    good, counted = operator.routes["/locations"], [0]

    def route(asked: Any) -> Any:
        counted[0] += 1
        return bad if counted[0] % every == 0 else good(asked)

    operator.routes["/locations"] = route


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b"{}"), (502, b"<html>"), (200, b"<html>"), (200, b'{"status_code":1000,"data":[{')],
    ids=["500", "502", "HTML", "cut"],
)
def test_a_page_that_fails_is_asked_for_again(
    operator: Any, reply: Any, status: int, body: bytes
) -> None:
    """TR-14 (6)."""
    failing(operator, reply(body, status), every=2)
    with operator.peer() as peer:
        crawl = peer.pages("locations")
        assert len(set(ids(crawl))) == 25 and crawl.complete


def test_a_truncated_gzip_page_is_asked_for_again(operator: Any, reply: Any, packed: Any) -> None:
    """T4: never taken as a short page."""
    whole = packed(operator.data(operator.objects[:10]))
    cut = reply(whole.body[:-12], headers=whole.headers)
    failing(operator, cut, every=3)
    with operator.peer() as peer:
        assert len(set(ids(peer.pages("locations")))) == 25


def test_retry_after_is_obeyed(operator: Any, reply: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """TR-14 (5)."""
    failing(operator, reply(b"", 429, [("Retry-After", "1")]), every=2)
    patience = Patience(first_wait_s=0.001, longest_wait_s=2)
    waits: list[float] = []
    wait = Pacer._wait

    def note(pacer: Pacer, seconds: float, stop: threading.Event) -> None:
        waits.append(seconds)
        wait(pacer, 0, stop)

    monkeypatch.setattr(Pacer, "_wait", note)
    with operator.peer(patience=patience) as peer:
        assert len(ids(peer.pages("locations"))) == 25
    assert [s for s in waits if s > 0] == [1, 1]


@pytest.mark.parametrize(
    ("status", "body", "error", "asked"),
    [
        (500, b"", PeerFailing, 5),
        (200, b"<html>", NotOcpi, 5),
        (200, b'{"detail":1}', NotOcpi, 1),
        (403, b"", AuthFailed, 2),
        (200, b'{"status_code":3000}', PeerError, 2),
    ],
)
def test_a_lasting_failure_is_raised_to_the_caller(
    operator: Any, reply: Any, status: int, body: bytes, error: type[OcpiError], asked: int
) -> None:
    """TR-14: five attempts where it may help, none where it cannot (403, 3000: both spellings)."""
    operator.routes["/locations"] = lambda _: reply(body, status)
    with operator.peer() as peer:
        crawl = peer.pages("locations")
        with pytest.raises(error):
            ids(crawl)
    assert len(operator.pages_asked()) == asked
    assert not crawl.complete and crawl.reason


@pytest.mark.parametrize(
    ("accepts", "date_format"),
    [
        (lambda date: date.endswith("00Z") and "." not in date, None),
        (lambda date: not date.endswith("Z"), "%Y-%m-%dT%H:%M:%S"),
    ],
)
def test_the_spelling_of_date_from_is_found_and_remembered(
    operator: Any, reply: Any, accepts: Callable[[str], bool], date_format: str | None
) -> None:
    """PU-6, P5."""
    good = operator.routes["/locations"]
    operator.routes["/locations"] = lambda asked: (
        good(asked)
        if "date_from" not in asked.query or accepts(asked.query["date_from"])
        else operator.data(None, status_code=2001)
    )
    with operator.peer() as peer:
        crawl = peer.pages("locations", date_from=datetime(2026, 11, 20, 1, 2, 0, 7, tzinfo=UTC))
        assert len(ids(crawl)) == 25
    if date_format:
        assert peer.quirks["date_format"] == date_format
    assert operator.pages_asked()[0].query["date_from"] == "2026-11-20T01:02:00Z"


def test_a_limit_that_is_refused_is_lowered_and_remembered(operator: Any) -> None:
    """#1085."""
    good = operator.routes["/locations"]
    operator.routes["/locations"] = lambda asked: (
        good(asked)
        if int(asked.query.get("limit", 0)) <= 100
        else operator.data(None, status_code=2001)
    )
    with operator.peer() as peer:
        assert len(ids(peer.pages("locations"))) == 25
    assert peer.quirks["page_limit"] == 100


def test_a_cut_crawl_goes_on_after_its_last_page(operator: Any) -> None:
    with operator.peer() as peer:
        page = next(iter(peer.pages("locations")))
    assert page.next_url is not None
    with operator.peer() as peer:
        crawl = peer.pages("locations", start_url=page.next_url)
        assert ids(crawl) == [f"L{n:04}" for n in range(10, 25)]
    assert crawl.complete


def test_a_resume_url_of_another_host_is_refused(operator: Any, other_host: Any) -> None:
    """T3."""
    with operator.peer() as peer, pytest.raises(EgressDenied):
        peer.pages("locations", start_url="http://localhost/locations?offset=10")
    assert other_host.connections == 0


def test_the_next_page_is_fetched_while_this_one_is_worked_on(operator: Any) -> None:
    operator.objects = [{"id": f"L{n:04}"} for n in range(100)]
    with operator.peer() as peer:
        pages = iter(peer.pages("locations"))
        next(pages)
        deadline = time.monotonic() + 60
        while len(operator.pages_asked()) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        assert len(operator.pages_asked()) == 3  # two ahead, no more


def test_leaving_early_ends_the_request_under_way(operator: Any, reply: Any) -> None:
    first = operator.list_page
    operator.routes["/locations"] = lambda asked: (
        reply(write=lambda file: operator.stopping.wait())
        if "offset" in asked.query
        else first(asked)
    )
    with operator.peer(limits=Limits(call_s=3600, read_s=3600)) as peer:
        crawl = peer.pages("locations")
        for _ in crawl:
            break  # would not end before the request does
    assert not crawl.complete and crawl.reason == "not all pages were taken"
    assert not [t for t in threading.enumerate() if t.name == "ocpi-crawl"]


def test_requests_to_a_remote_peer_are_spaced(operator: Any, monkeypatch: Any) -> None:
    """PU-10."""
    monkeypatch.setattr("nop_ingest.ocpi.egress.Guard.peer_is_loopback", False)
    began = time.monotonic()
    with operator.peer(patience=Patience(spacing_s=0.1)) as peer:
        ids(peer.pages("locations"))
    assert len(operator.asked) == 5
    assert time.monotonic() - began >= 0.4
