"""Tokens, their spellings, and the headers of our requests."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest

from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.crawl import Crawl
from nop_ingest.ocpi.errors import (
    AuthFailed,
    PeerError,
)

GIVEN = "s3cret-token"
ENCODED = "czNjcmV0LXRva2Vu"


def ids(crawl: Crawl) -> list[str]:
    return [msgspec.json.decode(item)["id"] for page in crawl for item in page.items]


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


@pytest.mark.parametrize("label", ["identity", "gzip"])
def test_a_token_that_is_refused_in_both_spellings_is_an_auth_failure(
    operator: Any, reply: Any, label: str
) -> None:
    """TR-14 (2): not tried again and again. Some proxies call even an empty body compressed."""
    operator.accepts = lambda given: False
    operator.refusal = reply(b"", 401, [("Content-Encoding", label)])
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


@pytest.mark.parametrize("status_code", [2001, 3000])
def test_a_list_that_hides_a_refused_token_is_asked_in_the_other_spelling(
    operator: Any, status_code: int
) -> None:
    """TR-5, VE-2: versions were given to anybody, so the first spelling seemed right."""
    listed = operator.routes["/locations"]
    operator.accepts = lambda given: True
    operator.routes["/locations"] = lambda asked: (
        listed(asked)
        if asked.headers["authorization"] == f"Token {GIVEN}"
        else operator.data([], status_code=status_code)
    )
    with operator.peer() as peer:
        crawl = peer.pages("locations")
        assert len(ids(crawl)) == 25 and crawl.complete
    assert peer.quirks["token_encoding"] == "raw"
    assert len(operator.pages_asked()) == 4


def test_a_peer_that_has_sent_objects_is_not_asked_twice_for_what_it_refuses(
    operator: Any,
) -> None:
    """PU-10: its token is right, so the refusal is about the request."""
    operator.routes["/tariffs"] = lambda asked: operator.data([{"id": "T1"}])
    operator.routes["/locations"] = lambda asked: operator.data([], status_code=3000)
    operator.routes["/2.2.1"] = lambda asked: operator.data(
        {"version": "2.2.1", "endpoints": [
            {"identifier": name, "role": "SENDER", "url": operator.url(f"/{name}")}
            for name in ("tariffs", "locations")
        ]}
    )  # fmt: skip
    with operator.peer() as peer:
        ids(peer.pages("tariffs"))
        with pytest.raises(PeerError):
            ids(peer.pages("locations"))
    assert len(operator.pages_asked()) == 1


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


def test_a_feed_that_is_not_open_after_all_asks_for_a_token(operator: Any) -> None:
    """CR-34: no word of a token of ours, since there is none."""
    with (
        OcpiPeer(operator.url("/versions"), None, allow_loopback=True) as peer,
        pytest.raises(AuthFailed, match="asks for a token"),
    ):
        peer.discover()
