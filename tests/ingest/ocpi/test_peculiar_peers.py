"""What differs between peers is found out once, remembered and told (VE, PU-6, PU-7, RT, P22)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.crawl import Crawl
from nop_ingest.ocpi.discovery import SUPPORTED
from nop_ingest.ocpi.errors import (
    EndpointMissing,
    NoSupportedVersion,
    NotOcpi,
    PeerBusy,
    PeerError,
)
from nop_ingest.ocpi.quirks import QUIRKS, describe, parse_quirk
from nop_ingest.ocpi.retrying import Patience
from nop_ingest.ocpi.routing import Routing
from nop_ingest.ocpi.versions import find_version
from nop_registry.errors import InvalidInput

YESTERDAY = datetime(2026, 11, 20, 1, 2, tzinfo=UTC)


def ids(crawl: Crawl) -> list[str]:
    return [msgspec.json.decode(item)["id"] for page in crawl for item in page.items]


def offer(operator: Any, *versions: str) -> None:
    """Each version at a URL of its own, with locations."""
    operator.routes["/versions"] = lambda asked: operator.data(
        [{"version": v, "url": operator.url(f"/{v}")} for v in versions]
    )
    for version in versions:
        operator.routes[f"/{version}"] = lambda asked: operator.details("/locations")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["2.1.1", "2.2.1", "2.3.0"], "2.3.0"),
        (["2.3.0", "2.2.1"], "2.3.0"),
        (["2.0", "2.1", "2.2", "2.2.1", "3.0"], "2.2.1"),
        (["2.2", "2.1.1"], "2.1.1"),
        (["2.2", "2.0"], "2.2"),
        (["2.2.1-d2", "2.2.10", "2.1.1"], "2.1.1"),
    ],
)
def test_the_best_version_is_chosen(operator: Any, offered: list[str], chosen: str) -> None:
    """VE-3: compared exactly; 2.2 only when a peer offers nothing better."""
    offer(operator, *offered)
    with operator.peer() as peer:
        assert peer.discover().version == chosen


def test_every_version_that_is_chosen_can_be_read() -> None:
    """VE-3: also 2.2, as 2.2.1."""
    assert [version.number if (version := find_version(name)) else None for name in SUPPORTED] == [
        "2.3.0", "2.2.1", "2.1.1", "2.2.1"
    ]  # fmt: skip


def test_a_person_may_pin_a_version(operator: Any) -> None:
    """VE-3: a setting per peer; nothing else is taken instead."""
    offer(operator, "2.1.1", "2.2.1")
    with operator.peer(quirks={"version": "2.1.1"}) as peer:
        assert peer.discover().version == "2.1.1"
    with (
        operator.peer(quirks={"version": "2.3.0"}) as peer,
        pytest.raises(NoSupportedVersion, match=r"\(2\.3\.0\)\. Offered: 2\.1\.1, 2\.2\.1"),
    ):
        peer.discover()


def test_the_details_that_have_locations_are_taken_of_a_version_listed_twice(
    operator: Any,
) -> None:
    """VE-3, VE-4, RO-2: OCPI 2.1.1 lists each role of a platform at a URL of its own."""
    operator.routes["/versions"] = lambda asked: operator.data(
        [{"version": "2.1.1", "url": operator.url(path)} for path in ("/emsp", "/cpo")]
    )
    operator.routes["/emsp"] = lambda asked: operator.data(
        {"version": "2.1.1", "endpoints": [{"identifier": "tokens", "url": operator.url("/t")}]}
    )
    operator.routes["/cpo"] = lambda asked: operator.data(
        {"endpoints": [{"identifier": "locations", "url": operator.url("/locations")}]}
    )
    with operator.peer() as peer:
        assert peer.discover().url_of("locations") == operator.url("/locations")


@pytest.mark.parametrize("status", [404, 500, 200])
def test_a_version_with_a_dead_url_gives_way_to_the_next(
    operator: Any, reply: Any, status: int
) -> None:
    """VE-3."""
    offer(operator, "2.3.0", "2.2.1")
    operator.routes["/2.3.0"] = lambda asked: reply(b"<html>", status)
    with operator.peer(patience=Patience(first_wait_s=0.01, factor=1)) as peer:
        assert peer.discover().version == "2.2.1"


def test_an_origin_that_is_brought_home_is_told(operator: Any) -> None:
    """VE-8: reported to the person who runs the connection."""
    details = operator.details("/locations")
    details.body = details.body.replace(b"http://127.0.0.1", b"http://cpo-internal")
    operator.routes["/2.2.1"] = lambda asked: details
    with operator.peer(quirks={"rewrite_origin": True}) as peer:
        assert len(ids(peer.pages("locations"))) == 25
    told = {d.name: d for d in describe(peer.quirks)}["advertised_origin"]
    assert told.value == f"http://cpo-internal:{operator.port}/" and told.found


@pytest.mark.parametrize("redirects", [False, True])
def test_a_trailing_slash_is_remembered(operator: Any, reply: Any, redirects: bool) -> None:
    """VE-7: on 404 and on 307."""
    operator.page_size = 50
    operator.routes["/locations/"] = operator.routes["/locations"]
    to = [("Location", "/locations/?limit=500")]
    operator.routes["/locations"] = lambda asked: (
        reply(status=307, headers=to) if redirects else reply(status=404)
    )
    with operator.peer() as peer:
        assert len(ids(peer.pages("locations"))) == 25
    assert peer.quirks["trailing_slash"] is True
    operator.asked.clear()
    with operator.peer(quirks=peer.quirks) as peer:
        assert len(ids(peer.pages("locations"))) == 25
    assert [asked.path for asked in operator.asked][2:] == ["/locations/"]


def refuse(operator: Any, name: str) -> None:
    """Refuse any list request that has this parameter."""
    good = operator.routes["/locations"]
    operator.routes["/locations"] = lambda asked: (
        operator.data(None, status_code=2001) if name in asked.query else good(asked)
    )


def test_a_peer_that_takes_no_date_at_all_is_read_whole(operator: Any) -> None:
    """PU-6, P5: and never in part again."""
    refuse(operator, "date_from")
    with operator.peer() as peer:
        assert len(ids(peer.pages("locations", date_from=YESTERDAY))) == 25
    assert peer.quirks["no_incremental"] is True and "date_format" not in peer.quirks


def test_a_usual_peer_has_no_quirks_but_its_token(operator: Any) -> None:
    with operator.peer() as peer:
        ids(peer.pages("locations", date_from=YESTERDAY))
    assert peer.quirks == {"token_encoding": "base64"}


def test_date_to_is_sent_to_a_peer_whose_default_is_frozen(operator: Any) -> None:
    """PU-7: a person sets it; otherwise it is not sent."""
    with operator.peer() as peer:
        ids(peer.pages("locations"))
    assert "date_to" not in operator.pages_asked()[0].query
    operator.asked.clear()
    with operator.peer(quirks={"date_to": True}) as peer:
        ids(peer.pages("locations"))
    sent = datetime.fromisoformat(operator.pages_asked()[0].query["date_to"])
    assert abs((sent - datetime.now(UTC)).total_seconds()) < 60


US, CPO, HUB = ("IN", "NAP"), ("IN", "TPC"), ("NL", "HUB")
ROUTED = "ocpi-to-party-id"


def routed(operator: Any) -> list[str | None]:
    return [asked.headers.get(ROUTED) for asked in operator.pages_asked()]


def serve_only(operator: Any, party: str | None, *, refusing: bool = False) -> None:
    """A hub that filters by the party in TO, or refuses what is not for it."""
    good = operator.routes["/locations"]
    operator.page_size = 50
    operator.routes["/locations"] = lambda asked: (
        good(asked)
        if asked.headers.get(ROUTED) == party
        else operator.data([], **({"status_code": 2001} if refusing else {}))
    )


def test_a_direct_connection_needs_no_routing(operator: Any) -> None:
    """RT-1."""
    with operator.peer(routing=Routing(us=US, party=CPO)) as peer:
        assert len(ids(peer.pages("locations"))) == 25
    assert set(routed(operator)) == {None} and "routing" not in peer.quirks


def test_a_hub_is_asked_in_its_own_name(operator: Any) -> None:
    """RT-2: GET ALL via a hub; never on versions and details (RT-1)."""
    operator.page_size = 50
    with operator.peer(routing=Routing(us=US, party=CPO, hub=HUB)) as peer:
        assert len(ids(peer.pages("locations"))) == 25
    headers = operator.asked[-1].headers
    assert [headers[f"ocpi-{way}"] for way in (
        "to-country-code", "to-party-id", "from-country-code", "from-party-id"
    )] == ["NL", "HUB", "IN", "NAP"]  # fmt: skip
    assert all(ROUTED not in asked.headers for asked in operator.asked[:-1])


@pytest.mark.parametrize("refusing", [False, True])
@pytest.mark.parametrize(
    ("party", "hub", "way"), [("TPC", None, "party"), (None, HUB, "none"), ("TPC", HUB, "party")]
)
def test_an_empty_list_or_a_refusal_is_tried_with_another_routing(
    operator: Any, party: str | None, hub: Any, way: str, refusing: bool
) -> None:
    """RT-3, P17: what worked is remembered and tried first."""
    serve_only(operator, party, refusing=refusing)
    routing = Routing(us=US, party=CPO, hub=hub)
    with operator.peer(routing=routing) as peer:
        assert len(ids(peer.pages("locations"))) == 25
    assert peer.quirks["routing"] == way
    operator.asked.clear()
    with operator.peer(routing=routing, quirks=peer.quirks) as peer:
        assert len(ids(peer.pages("locations"))) == 25
    assert routed(operator) == [party]


def test_an_empty_list_may_be_the_truth(operator: Any) -> None:
    """RT-3: nothing is learnt, and an incremental pull does not even wonder."""
    operator.objects = []
    with operator.peer(routing=Routing(us=US, party=CPO)) as peer:
        crawl = peer.pages("locations")
        assert ids(crawl) == [] and crawl.complete
        assert routed(operator) == [None, "TPC"] and "routing" not in peer.quirks
        operator.asked.clear()
        assert ids(peer.pages("locations", date_from=YESTERDAY)) == []
    assert routed(operator) == [None]


def test_ocpi_2_1_1_knows_no_routing(operator: Any) -> None:
    """RT-1: since 2.2."""
    offer(operator, "2.1.1")
    with operator.peer(routing=Routing(us=US, party=CPO, hub=HUB)) as peer:
        ids(peer.pages("locations"))
    assert set(routed(operator)) == {None}


def open_feed(operator: Any, **options: Any) -> OcpiPeer:
    return OcpiPeer(
        None, None, module_urls={"locations": operator.url("/feed.json")}, allow_loopback=True,
        **options,
    )  # fmt: skip


@pytest.mark.parametrize("body", ["bare", "without codes", "envelope"])
def test_an_open_feed_is_read_without_versions_and_token(
    operator: Any, reply: Any, body: str
) -> None:
    """P22, TR-14 (7), CR-34."""
    whole = {
        "bare": operator.objects,
        "without codes": {"data": operator.objects},
        "envelope": {"data": operator.objects, "status_code": 1000},
    }[body]
    operator.refusal = reply(b"\n" + msgspec.json.encode(whole))  # whoever has no token
    with open_feed(operator) as peer:
        assert peer.discover().version == "2.2.1"
        crawl = peer.pages("locations")
        assert len(ids(crawl)) == 25 and crawl.complete
    assert "authorization" not in operator.asked[0].headers
    assert [asked.path for asked in operator.asked] == ["/feed.json"] * len(operator.asked)


@pytest.mark.parametrize("body", [b'{"detail":"no"}', b'{"data":{}}', b'"x"', b"[1"])
def test_an_open_feed_must_be_a_list_all_the_same(operator: Any, reply: Any, body: bytes) -> None:
    """TR-14 (7)."""
    operator.refusal = reply(body)
    quick = Patience(attempts=1)
    with open_feed(operator, patience=quick) as peer, pytest.raises(NotOcpi):
        ids(peer.pages("locations"))


def test_a_bare_list_is_no_answer_of_an_ocpi_server(operator: Any, reply: Any) -> None:
    """TR-14 (7): only a person declares a feed open."""
    operator.routes["/locations"] = lambda asked: reply(msgspec.json.encode(operator.objects))
    with operator.peer() as peer, pytest.raises(NotOcpi):
        ids(peer.pages("locations"))


@pytest.mark.parametrize(
    ("location_id", "path"),
    [("L1", "/locations/L1"), ("NL*1/é ?", "/locations/NL%2A1%2F%C3%A9%20%3F")],
)
def test_one_location_is_fetched_by_its_id(operator: Any, location_id: str, path: str) -> None:
    """PU-15, TR-15: also where it comes as a list of one; TO is its owner, also behind a hub."""
    operator.routes[path] = lambda asked: operator.data([{"id": location_id}])
    with operator.peer(routing=Routing(us=US, hub=HUB)) as peer:
        found = peer.fetch_location(CPO, location_id)
    assert found is not None and msgspec.json.decode(found) == {"id": location_id}
    assert operator.asked[-1].headers[ROUTED] == "TPC"


@pytest.mark.parametrize("status", [404, 200])
def test_a_location_that_the_peer_has_not_is_none(operator: Any, reply: Any, status: int) -> None:
    """PU-15, TR-13."""
    unknown = b'{"status_code":2003}'
    operator.routes["/locations/L1"] = lambda asked: reply(unknown, status)
    with operator.peer() as peer:
        assert peer.fetch_location(CPO, "L1") is None


def test_a_peer_that_asks_for_a_long_rest_is_left_alone(operator: Any, reply: Any) -> None:
    """PU-10, TR-14 (5): not hammered until it gives in."""
    operator.routes["/locations"] = lambda asked: reply(b"", 429, [("X-RateLimit-Reset", "7200")])
    with operator.peer() as peer, pytest.raises(PeerBusy) as caught:
        ids(peer.pages("locations"))
    assert caught.value.retry_after_s == 7200 and len(operator.pages_asked()) == 1


def test_the_list_of_quirks_tells_who_found_them() -> None:
    """Listed for a person; a clock in step and what is no quirk are passed over."""
    found = describe({"version": "2.1.1", "page_limit": None, "clock_ahead_s": 0, "old": 1})
    assert [(d.name, d.value, d.found) for d in found] == [
        ("page_limit", None, True), ("version", "2.1.1", False)
    ]  # fmt: skip
    assert all(quirk.meaning.endswith(".") for quirk in QUIRKS.values())


@pytest.mark.parametrize(
    ("typed", "quirk"),
    [
        ("version=2.1.1", ("version", "2.1.1")),
        ("routing=hub", ("routing", "hub")),
        ("party=IN*TPC", ("party", "IN*TPC")),
        ("ignore_total=true", ("ignore_total", True)),
        ('hosts=["a.example"]', ("hosts", ["a.example"])),
        ("page_limit=50", ("page_limit", 50)),
    ],
)
def test_a_person_sets_a_quirk(typed: str, quirk: tuple[str, Any]) -> None:
    assert parse_quirk(typed) == quirk


@pytest.mark.parametrize(
    "typed",
    ["version=2.0", "routing=1", "party=TPC", "ignore_total=1", "hosts=a", "page_limit=0",
     "clock_ahead_s=3", "unknown=1", "", "ignore_total"],
)  # fmt: skip
def test_a_quirk_that_cannot_be_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        parse_quirk(typed)


def test_a_refusal_of_everything_is_raised(operator: Any) -> None:
    operator.routes["/locations"] = lambda asked: operator.data(None, status_code=2000)
    with operator.peer(routing=Routing(us=US, party=CPO)) as peer, pytest.raises(PeerError):
        ids(peer.pages("locations"))
    del operator.routes["/locations"]
    with operator.peer() as peer, pytest.raises(EndpointMissing):
        ids(peer.pages("locations"))
