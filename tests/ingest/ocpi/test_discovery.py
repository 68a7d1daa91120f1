"""Versions, modules and their URLs, of an operator that deviates."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from nop_ingest.ocpi.crawl import Crawl
from nop_ingest.ocpi.errors import (
    EgressDenied,
    EndpointMissing,
    ModuleMissing,
    NoSupportedVersion,
)


def ids(crawl: Crawl) -> list[str]:
    return [msgspec.json.decode(item)["id"] for page in crawl for item in page.items]


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
    offer(operator, "2.0", "3.0")
    with operator.peer() as peer, pytest.raises(NoSupportedVersion, match=r"2\.0, 3\.0"):
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
