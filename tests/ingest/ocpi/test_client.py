"""Discovery, tokens, retries and resuming against an operator that deviates."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.crawl import Crawl
from nop_ingest.ocpi.errors import (
    AuthFailed,
    EgressDenied,
    EndpointMissing,
    ModuleMissing,
    NoSupportedVersion,
    NotOcpi,
    OcpiError,
    PeerError,
    PeerFailing,
)
from nop_ingest.ocpi.retrying import Pacer, Patience

GIVEN = "s3cret-token"
ENCODED = "czNjcmV0LXRva2Vu"


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


@pytest.mark.parametrize(("spelling", "value"), [("base64", ENCODED), ("raw", GIVEN)])
def test_either_spelling_of_the_token_is_found_and_remembered(
    operator: Any, spelling: str, value: str
) -> None:
    """TR-1, TR-5."""
    operator.accepts = lambda given: given == value
    with operator.peer() as peer:
        peer.discover()
    assert peer.quirks["token_encoding"] == spelling
    operator.asked.clear()
    with operator.peer(quirks=peer.quirks) as again:
        again.discover()
    assert len(operator.asked) == 2  # no trial any more


@pytest.mark.parametrize("status_code", [3000, 1000, 2001])
def test_a_refusal_that_looks_like_an_empty_answer_is_tried_otherwise(
    operator: Any, status_code: int
) -> None:
    """TR-5, P2: HTTP 200, status 3000, data []."""
    operator.accepts = lambda given: given == GIVEN
    operator.refusal = operator.data([], status_code=status_code)
    with operator.peer() as peer:
        assert peer.discover().version == "2.2.1"
    assert peer.quirks == {"token_encoding": "raw"}


def test_a_token_that_is_refused_in_both_spellings_is_an_auth_failure(operator: Any) -> None:
    """TR-14 (2): not tried again and again."""
    operator.accepts = lambda given: False
    with operator.peer() as peer, pytest.raises(AuthFailed):
        peer.discover()
    assert len(operator.asked) == 2


def test_a_status_3000_to_both_spellings_is_raised_with_a_hint(operator: Any) -> None:
    """TR-5: it may be the peer's own failure, so it is no auth failure."""
    operator.accepts = lambda given: False
    operator.refusal = operator.data([], status_code=3000)
    with operator.peer() as peer, pytest.raises(PeerError, match="token that is wrong"):
        peer.discover()


def test_a_spelling_may_differ_between_versions_and_modules(operator: Any) -> None:
    """P1: raw in versions but Base64 later."""
    listed = operator.routes["/locations"]
    operator.accepts = lambda given: given in (GIVEN, ENCODED)
    operator.routes["/locations"] = lambda asked: (
        listed(asked) if GIVEN in asked.headers["authorization"] else operator.refusal
    )
    with operator.peer() as peer:
        crawl = peer.pages("locations")
        assert len(ids(crawl)) == 25 and crawl.complete


def test_the_token_is_in_no_error_log_or_repr(
    operator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """TR-8: not even when the peer repeats it."""
    caplog.set_level(logging.DEBUG)
    operator.routes["/locations"] = lambda asked: operator.data(
        [], status_code=2001, status_message=f"token {ENCODED} or {GIVEN} is odd"
    )
    with operator.peer() as peer, pytest.raises(PeerError) as caught:
        ids(peer.pages("locations"))
    told = f"{caught.value!r} {peer!r} {vars(peer)!r} {caplog.text}"
    assert "is odd" in told and GIVEN not in told and ENCODED not in told


def test_every_request_has_its_ids_and_accepts_gzip(operator: Any, packed: Any) -> None:
    """TR-17."""
    plain = operator.routes["/locations"]
    operator.routes["/locations"] = lambda asked: packed(plain(asked))
    with operator.peer() as peer:
        assert len(ids(peer.pages("locations"))) == 25
    headers = [asked.headers for asked in operator.asked]
    assert len({h["x-request-id"] for h in headers}) == len(headers)
    assert len({h["x-correlation-id"] for h in headers}) == 1
    assert all(h["accept-encoding"] == "gzip" for h in headers)


def offer(operator: Any, *versions: str) -> None:
    operator.routes["/versions"] = lambda asked: operator.data(
        [{"version": v, "url": operator.url(f"/{v}")} for v in versions] + [{"odd": 1}]
    )


def test_a_version_that_is_not_utf_8_does_not_cost_the_others(operator: Any, reply: Any) -> None:
    """VE-3, PU-2."""
    good = operator.routes["/versions"](None).body
    bad = good.replace(b'"data": [', b'"data": [{"version": "\xff", "url": "x"}, ')
    operator.routes["/versions"] = lambda asked: reply(bad)
    with operator.peer() as peer:
        assert peer.discover().offered == ["2.2.1"]


def test_the_version_is_chosen_and_2_2_is_a_fallback(operator: Any) -> None:
    """VE-3: also when 2.2.1 is listed with a dead URL."""
    offer(operator, "2.1.1", "2.2", "2.2.1", "3.0")
    with operator.peer() as peer:
        assert peer.discover().version == "2.2.1"
    operator.routes["/2.2"] = operator.routes.pop("/2.2.1")
    with operator.peer() as peer:
        assert peer.discover().version == "2.2"


def test_an_unsupported_peer_is_told_what_it_offers(operator: Any) -> None:
    offer(operator, "2.1.1", "3.0")
    with operator.peer() as peer, pytest.raises(NoSupportedVersion, match=r"2\.1\.1, 3\.0"):
        peer.discover()


def test_endpoint_entries_are_read_tolerantly(operator: Any) -> None:
    """VE-5, TR-15: case, missing role, RECEIVER entries, twice, a list around the details."""
    entries = [
        {"identifier": "locations", "role": "RECEIVER", "url": operator.url("/receiver")},
        {"identifier": "Locations", "role": "sender", "url": operator.url("/locations")},
        {"identifier": "locations", "url": operator.url("/without-role")},
        {"identifier": "tariffs", "url": operator.url("/tariffs")},
        {"identifier": "nltnm-tokens", "role": "SENDER", "url": "https://elsewhere.example/"},
        {"identifier": 7},
    ]
    operator.routes["/2.2.1"] = lambda asked: operator.data(
        [{"version": "2.2.1", "endpoints": entries}]
    )
    with operator.peer() as peer:
        modules = peer.discover().modules
        with pytest.raises(ModuleMissing, match="locations, nltnm-tokens, tariffs"):
            peer.pages("cdrs")
    assert modules["locations"] == operator.url("/locations")
    assert modules["tariffs"] == operator.url("/tariffs")


def test_another_scheme_of_the_same_host_is_brought_home(operator: Any) -> None:
    """VE-8: peers behind proxies."""
    details = operator.details("/locations")
    details.body = details.body.replace(b"http://127.0.0.1", b"https://127.0.0.1")
    operator.routes["/2.2.1"] = lambda asked: details
    with operator.peer() as peer:
        assert len(ids(peer.pages("locations"))) == 25


@pytest.mark.parametrize("quirks", [{}, {"hosts": ["localhost"]}, {"rewrite_origin": True}])
def test_another_host_in_the_details_needs_a_persons_word(
    operator: Any, quirks: dict[str, Any]
) -> None:
    """T3, VE-8."""
    details = operator.details("/locations")
    details.body = details.body.replace(b"127.0.0.1", b"localhost")
    operator.routes["/2.2.1"] = lambda asked: details
    with operator.peer(quirks=quirks) as peer:
        if quirks:
            assert len(ids(peer.pages("locations"))) == 25
        else:
            with pytest.raises(EgressDenied, match="another host"):
                peer.pages("locations")


@pytest.mark.parametrize("path", ["/locations/", "/locations"])
def test_a_wrong_trailing_slash_is_mended(operator: Any, path: str) -> None:
    """VE-7."""
    other = path.rstrip("/") if path.endswith("/") else path + "/"
    operator.page_size = 50
    operator.routes[other] = operator.routes.pop("/locations")
    operator.routes["/2.2.1"] = lambda asked: operator.details(path)
    with operator.peer() as peer:
        assert len(ids(peer.pages("locations"))) == 25


def test_a_missing_module_url_is_told(operator: Any) -> None:
    del operator.routes["/locations"]
    with operator.peer() as peer, pytest.raises(EndpointMissing):
        ids(peer.pages("locations"))


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
    patience = Patience(first_wait_s=0.001, longest_wait_s=0.03)
    waits: list[float] = []
    wait = Pacer._wait

    def note(pacer: Pacer, seconds: float, stop: threading.Event) -> None:
        waits.append(seconds)
        wait(pacer, seconds, stop)

    monkeypatch.setattr(Pacer, "_wait", note)
    with operator.peer(patience=patience) as peer:
        assert len(ids(peer.pages("locations"))) == 25
    assert [s for s in waits if s > 0] == [0.03, 0.03]  # 1 s, cut to the longest that is obeyed


@pytest.mark.parametrize(
    ("status", "body", "error", "asked"),
    [
        (500, b"", PeerFailing, 5),
        (200, b"<html>", NotOcpi, 5),
        (200, b'{"detail":1}', NotOcpi, 1),
        (403, b"", AuthFailed, 2),
        (200, b'{"status_code":3000}', PeerError, 1),
    ],
)
def test_a_lasting_failure_is_raised_to_the_caller(
    operator: Any, reply: Any, status: int, body: bytes, error: type[OcpiError], asked: int
) -> None:
    """TR-14: five attempts where it may help, none where it cannot (403: both spellings)."""
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
    """PU-6."""
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


def test_an_open_feed_needs_no_token(operator: Any) -> None:
    """CR-34."""
    seen = []
    answer = operator.answer
    operator.refusal = operator.routes["/versions"](None)

    def note(handler: Any) -> None:
        seen.append(handler.headers.get("Authorization"))
        answer(handler)

    operator.answer = note
    with OcpiPeer(operator.url("/versions"), None, allow_loopback=True) as peer:
        assert peer.discover().offered == ["2.2.1"]
    assert seen == [None, None]


def test_requests_to_a_remote_peer_are_spaced(operator: Any, monkeypatch: Any) -> None:
    """PU-10."""
    monkeypatch.setattr("nop_ingest.ocpi.egress.Guard.peer_is_loopback", False)
    began = time.monotonic()
    with operator.peer(patience=Patience(spacing_s=0.1)) as peer:
        ids(peer.pages("locations"))
    assert len(operator.asked) == 5
    assert time.monotonic() - began >= 0.4
