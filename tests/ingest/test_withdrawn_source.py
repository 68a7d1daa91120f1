"""What a person took out of publication stays out, whatever its operator does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from handshake_parties import FakeCpo, OurServer
from operator_server import KEY, Operator, a_location, a_tariff
from pusher import LATER, LOC, Pusher, one

import nop_ingest.ocpi_server.receiver_callers as callers
from nop_ingest.ocpi import handshake
from nop_ingest.pull import pull
from nop_ingest.pull_report import PullReport
from nop_registry.database import Connection, connect
from nop_registry.errors import InvalidInput
from nop_registry.store import sources
from nop_registry.store.withdrawal import withdraw_source


def test_a_push_does_not_bring_a_withdrawn_source_back(
    pusher: Pusher, registry: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SE-7: not a whole Location, not a status, not a Tariff; released, it delivers again."""
    monkeypatch.setattr(callers, "REMEMBERED_S", 0.0)
    pusher.send("PUT", LOC, a_location(1))
    with registry.transaction():
        withdraw_source(registry, "tpc", "its licence ended")
    newer = a_location(1, last_updated=LATER, name="Back")
    assert pusher.code("PUT", LOC, newer) == (404, 2000)
    charging = {"status": "CHARGING", "last_updated": LATER}
    assert pusher.code("PATCH", f"{LOC}/1-1", charging) == (404, 2000)
    assert pusher.code("PUT", "/tariffs/IN/TPC/T1", a_tariff()) == (404, 2000)
    public = "SELECT (SELECT count(*) FROM site), (SELECT count(*) FROM tariff)"
    assert one(registry, public) == (0, 0)

    sources.release_source(registry, "tpc", accept_removal=False)
    assert pusher.code("PUT", LOC, newer)[1] == 1000
    assert one(registry, public) == (1, 0)


def test_a_push_at_the_moment_of_the_withdrawal_brings_nothing_back(
    pusher: Pusher, registry: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SE-7: its caller is still remembered as one who delivers."""
    monkeypatch.setattr(callers, "REMEMBERED_S", 60.0)
    pusher.send("PUT", LOC, a_location(1))
    with registry.transaction():
        withdraw_source(registry, "tpc", "its licence ended")
    newer = a_location(1, last_updated=LATER, name="Back")
    assert pusher.code("PUT", LOC, newer) == (404, 2003)
    assert pusher.code("PUT", "/tariffs/IN/TPC/T1", a_tariff()) == (404, 2001)
    public = "SELECT (SELECT count(*) FROM site), (SELECT count(*) FROM tariff)"
    assert one(registry, public) == (0, 0)


def test_new_credentials_do_not_bring_a_withdrawn_source_back(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """SE-7, CR-30, CR-32: it is not pulled by the schedule or by hand, and the reason stays."""
    cpo.send(ours, "POST", ours.invite())
    with connection.transaction():
        withdraw_source(connection, "tpc", "its licence ended")
    cpo.token = "operator-token-C2-24681012"
    handshake.rotate(connection, ours.peer(), us=ours.us, key=ours.key)
    with connection.transaction():
        source = sources.get_source(connection, "tpc")
        assert sources.list_sources_to_pull(connection) == []
    with pytest.raises(InvalidInput, match="nop source release"):
        pull(connection, source, key=KEY, country="IN")
    handshake.unregister(connection, ours.peer(), key=ours.key)
    assert one(connection, "SELECT state, state_reason FROM source") == (
        "disabled", "its licence ended"
    )  # fmt: skip


def test_a_pull_under_way_does_not_bring_a_withdrawn_source_back(
    connection: Connection,
    database_url: str,
    pull_now: Callable[..., PullReport],
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SE-7: it ends at its next page; after the release everything is pulled anew."""
    monkeypatch.setattr("nop_ingest.module_pull.BATCH_OBJECTS", 1)  # commit each page
    operator.locations = [a_location(n) for n in range(35)]

    def withdraw(module: str, done: int, total: int | None) -> None:
        if module == "locations" and done == 10:
            with connect(database_url) as other:
                withdraw_source(other, "tpc", "its licence ended")

    assert pull_now(progress=withdraw).failed
    assert one(connection, "SELECT count(*) FROM site") == 0
    with connection.transaction():
        sources.release_source(connection, "tpc", accept_removal=False)
    assert not pull_now().failed
    assert one(connection, "SELECT count(*) FROM site") == 35
