"""Many status PATCHes at once: few transactions, each answered after its own commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from operator_server import a_location, an_evse
from pusher import LOC, Pusher, one

import nop_ingest.ocpi_server.status_batches as batches
from nop_ingest.ocpi_server.status_batches import StatusBatches
from nop_ingest.push_rules import Address
from nop_ingest.push_statuses import Claim, write_claims
from nop_registry.database import Connection, connect
from nop_registry.enums import Status
from nop_registry.store import sources

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Story = Callable[[StatusBatches], Awaitable[Any]]


@pytest.fixture
def stocked(pusher: Pusher, registry: Connection) -> Connection:
    """With a Location of two EVSEs, pushed."""
    pusher.send("PUT", LOC, a_location(1))
    return registry


def claim(uid: str, seconds: int = 0, status: str = "CHARGING", source: int = 1) -> Claim:
    address = Address("IN", "TPC", "LOC1", uid)
    return Claim(source, "2.2.1", address, Status(status), NOON + timedelta(seconds=seconds))


def tell(database_url: str, story: Story) -> Any:
    """Let a story happen around a writer of its own."""

    async def whole() -> Any:
        writer = StatusBatches(database_url)
        try:
            return await story(writer)
        finally:
            await writer.close()

    return asyncio.run(whole())


def commits(connection: Connection) -> int:
    """Transactions that changed a status."""
    return int(one(connection, "SELECT count(DISTINCT xid::text) FROM change"))


def test_claims_that_come_together_are_written_together(
    stocked: Connection, database_url: str
) -> None:
    before = commits(stocked)

    async def story(writer: StatusBatches) -> list[str]:
        states = ["CHARGING", "BLOCKED"] * 100
        return await asyncio.gather(
            *(writer.submit(claim("1-1", n, state)) for n, state in enumerate(states))
        )

    assert set(tell(database_url, story)) == {"taken"}
    assert commits(stocked) - before <= 3
    assert one(stocked, "SELECT n_available, n_busy FROM site") == (1, 1)


def test_each_claim_hears_what_became_of_it(stocked: Connection, database_url: str) -> None:
    """RE-8, TR-13."""

    async def story(writer: StatusBatches) -> list[str]:
        await writer.submit(claim("1-1", 60))
        return await asyncio.gather(
            writer.submit(claim("1-1", 0)), writer.submit(claim("1-2")), writer.submit(claim("9"))
        )

    assert tell(database_url, story) == ["stale", "taken", "unknown"]


def test_a_bad_claim_costs_only_itself(
    stocked: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(connection: Connection, claims: list[Claim], at: datetime, noted: Any) -> Any:
        told = write_claims(connection, claims, at, noted)
        if any(bad.address.uid == "1-2" for bad in claims):
            raise psycopg.DataError("a bad one")
        return told

    monkeypatch.setattr(batches, "write_claims", write)

    async def story(writer: StatusBatches) -> list[Any]:
        sent = [writer.submit(claim(uid)) for uid in ("1-1", "1-2", "9")]
        return await asyncio.gather(*sent, return_exceptions=True)

    good, bad, unknown = tell(database_url, story)
    assert (good, unknown) == ("taken", "unknown") and isinstance(bad, psycopg.DataError)
    assert one(stocked, "SELECT n_busy FROM site") == 1


def test_the_table_refuses_a_claim_that_a_bug_let_through_to_another_source(
    stocked: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = one(stocked, "SELECT s::text FROM evse_status s ORDER BY evse_id LIMIT 1")
    with stocked.transaction():
        other = sources.add_source(stocked, name="other", kind="ocpi", country_code="IN").id
    own = Address.evse_number
    monkeypatch.setattr(Address, "evse_number", lambda self, source: own(self, 1))

    async def story(writer: StatusBatches) -> list[Any]:
        sent = [writer.submit(claim("1-1", source=other)), writer.submit(claim("1-2"))]
        return await asyncio.gather(*sent, return_exceptions=True)

    foreign, mine = tell(database_url, story)
    assert isinstance(foreign, psycopg.errors.InsufficientPrivilege) and mine == "taken"
    statuses = "SELECT string_agg(status::text, ' ' ORDER BY status) FROM evse_status"
    assert one(stocked, statuses) == "AVAILABLE CHARGING" and before


def test_what_waits_at_the_end_is_written(stocked: Connection, database_url: str) -> None:
    async def story(writer: StatusBatches) -> list[asyncio.Task[str]]:
        sent = [asyncio.create_task(writer.submit(claim(uid))) for uid in ("1-1", "1-2")]
        await asyncio.sleep(0)
        return sent

    sent = tell(database_url, story)
    assert [task.result() for task in sent] == ["taken", "taken"]
    assert one(stocked, "SELECT n_busy FROM site") == 2


def test_a_request_that_was_given_up_disturbs_nobody(
    stocked: Connection, database_url: str
) -> None:
    async def story(writer: StatusBatches) -> str:
        impatient = asyncio.create_task(writer.submit(claim("1-1")))
        await asyncio.sleep(0)
        impatient.cancel()
        return await writer.submit(claim("1-2"))

    assert tell(database_url, story) == "taken"
    assert one(stocked, "SELECT n_busy FROM site") == 2


def test_a_lost_connection_is_made_anew(stocked: Connection, database_url: str) -> None:
    async def story(writer: StatusBatches) -> str:
        await writer.submit(claim("1-1"))
        stocked.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'nop statuses' AND datname = current_database()"
        )
        return await writer.submit(claim("1-1", 1, "BLOCKED"))

    assert tell(database_url, story) == "taken"


def test_a_source_that_is_being_written_elsewhere_holds_up_no_other(
    stocked: Connection, pusher: Pusher, database_url: str
) -> None:
    other = sources.add_source(
        stocked, name="other", kind="ocpi", country_code="IN", versions_url="http://127.0.0.1:9/o"
    )
    with connect(database_url) as pull:
        pull.execute("SELECT pg_advisory_xact_lock(7306, 1)")  # as store_statuses does

        async def story(writer: StatusBatches) -> tuple[str, bool, str]:
            held_up = asyncio.create_task(writer.submit(claim("1-1")))
            await asyncio.sleep(0.05)
            free = await asyncio.wait_for(writer.submit(claim("x", source=other.id)), 5)
            waits = not held_up.done()
            pull.rollback()
            return free, waits, await held_up

        assert tell(database_url, story) == ("unknown", True, "taken")


def test_after_a_silence_only_what_is_pushed_is_shown_as_live(
    stocked: Connection, pusher: Pusher, database_url: str
) -> None:
    """RE-8: whether by a PATCH of a status or by a PUT of an EVSE; on the map as in the lists."""
    shown = "SELECT n_available, n_busy, n_unknown FROM site_now"
    stocked.execute("UPDATE source SET versions_url = NULL")
    pusher.send("PUT", LOC + "/1-1", an_evse(1, 1))
    assert one(stocked, shown) == (2, 0, 0)
    stocked.execute(
        """UPDATE source SET seen_at = now() - interval '3 hours';
           UPDATE evse_status SET received_at = now() - interval '3 hours'"""
    )
    assert one(stocked, shown) == (0, 0, 2)

    async def story(writer: StatusBatches) -> str:
        return await writer.submit(claim("1-1", 60))

    assert tell(database_url, story) == "taken"
    assert one(stocked, shown) == (0, 1, 1)
    later = "2026-11-20T13:00:00Z"
    pusher.send("PUT", LOC + "/1-2", an_evse(1, 2) | {"last_updated": later})
    assert one(stocked, shown) == (1, 1, 0)
