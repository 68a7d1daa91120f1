"""OCPI 2.3.0, which no package speaks yet: our client with our own Sender and with the mock CPO."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from mock_operator import mock_cpo

from nop.mock.pushing import Pusher
from nop.mock.stations import COUNTRY, MOCK
from nop.mock.tokens import INVITATION
from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.onboarding import Terms, find_or_add_peer, invite
from nop_ingest.pull import PullReport, pull
from nop_registry.database import Connection
from nop_registry.queries.records import read_locations, read_tariffs
from nop_registry.records import LocationRecord
from nop_registry.store import peers, sources

TERMS = Terms(country="IN", allow_loopback=True, parties=((COUNTRY, MOCK.party_id),))


def pull_from(platform: Any, name: str) -> PullReport:
    source = sources.get_source(platform.connection, name)
    return pull(platform.connection, source, key=platform.key, country="IN", full=True)


def live(connection: Connection) -> dict[str, LocationRecord]:
    """All locations of a registry, by id."""
    numbers = connection.execute("SELECT id FROM location WHERE retired_at IS NULL").fetchall()
    found = read_locations(connection, [number for (number,) in numbers])
    return {record.id: record for record in found.values()}


def test_a_platform_reads_another_platform_in_2_3_0(
    other_database_url: str, start_platform: Callable[..., Any]
) -> None:
    """CR-11, CR-20, SE-1, TR-40, PU-1: call-back, and every record arrives whole."""
    upstream, downstream = start_platform(), start_platform(other_database_url)
    with mock_cpo(versions=("2.3.0",), locations=60) as mock:
        peer = find_or_add_peer(upstream.connection, "mock", TERMS)
        handshake.register(
            upstream.connection, peer, versions_url=mock.versions_url, token=INVITATION,
            us=upstream.us, key=upstream.key,
        )  # fmt: skip
        assert not pull_from(upstream, "mock").failed
    held = live(upstream.connection)
    assert len(held) == 60

    reader = find_or_add_peer(
        upstream.connection, "reader", msgspec.structs.replace(TERMS, purpose="consumer")
    )
    token, _ = invite(upstream.connection, reader, expires_in=timedelta(days=1))
    peer = find_or_add_peer(downstream.connection, "upstream", TERMS)
    outcome = handshake.register(
        downstream.connection, peer, versions_url=upstream.us.versions_url, token=token,
        us=downstream.us, key=downstream.key,
    )  # fmt: skip
    assert outcome.version == "2.3.0"
    report = pull_from(downstream, "upstream")
    assert not report.failed and report.version == "2.3.0"

    arrived = live(downstream.connection)
    assert arrived.keys() == held.keys()
    for one, record in held.items():
        assert arrived[one] == record, one
    tariffs = [
        sorted(
            read_tariffs(c, [n for (n,) in c.execute("SELECT id FROM tariff")]).values(),
            key=lambda tariff: tariff.id,
        )
        for c in (upstream.connection, downstream.connection)
    ]
    assert tariffs[0] == tariffs[1] and tariffs[0]

    handshake.unregister(
        downstream.connection, peers.get_peer(downstream.connection, "upstream"),
        key=downstream.key,
    )  # fmt: skip
    assert peers.get_peer(upstream.connection, "reader").state == "unregistered"


def test_the_mock_registers_with_us_in_2_3_0_pushes_and_is_forgotten(
    start_platform: Callable[..., Any],
) -> None:
    """CR-10, RE-1, RE-12, CR-32: the other way round."""
    platform = start_platform()
    with mock_cpo(versions=("2.3.0",), locations=60) as mock:
        peer = find_or_add_peer(platform.connection, "mock", TERMS)
        token, _ = invite(platform.connection, peer, expires_in=timedelta(days=1))
        there = mock.credentials.register_with(platform.us.versions_url, token, mock.versions)
        assert peers.get_peer(platform.connection, "mock").version == "2.3.0"
        pusher = Pusher(mock, there, per_second=1)
        pusher.push_tariffs()
        for _ in range(5):
            pusher.push_status()
        refused = [what for what in pusher.sent if "PUT" in what and "status 1000" not in what]
        assert refused == []
        handshake.unregister(
            platform.connection, peers.get_peer(platform.connection, "mock"), key=platform.key
        )
        assert mock.credentials.platform is None
    assert len(live(platform.connection)) >= 1
