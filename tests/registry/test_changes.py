"""Followers of the change log hear everything once, in any order of commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import TypeVar

import pytest

from nop_registry.changes import Changes, Cursor, announce, list_changes, watch
from nop_registry.database import AsyncConnection, Connection, connect
from nop_registry.errors import InvalidInput

T = TypeVar("T")


def run(work: Coroutine[None, None, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 20))


async def next_of(stream: AsyncIterator[Changes]) -> Changes:
    return await asyncio.wait_for(anext(stream), 10)


def say(url: str, *location_ids: int) -> None:
    with connect(url) as connection:
        announce(connection, location_ids, [number * 10 for number in location_ids])


def test_a_watcher_hears_each_change_after_its_beginning_once(database_url: str) -> None:
    say(database_url, 1)

    async def story() -> list[Changes]:
        stream = watch(database_url)
        heard = [await next_of(stream)]
        say(database_url, 2, 3)
        heard.append(await next_of(stream))
        say(database_url, 3)
        say(database_url, 4)
        heard.append(await next_of(stream))
        return heard

    begin, first, second = run(story())
    assert not begin.location_ids
    assert (first.location_ids, first.evse_ids) == ({2, 3}, {20, 30})
    assert second.location_ids == {3, 4}, "what came within a second is one item"
    assert begin.cursor < first.cursor < second.cursor


def test_a_change_that_commits_after_later_ones_is_heard(database_url: str) -> None:
    async def story() -> set[int]:
        stream = watch(database_url)
        await next_of(stream)
        with connect(database_url) as early:
            announce(early, [1])
            say(database_url, 2)
            await asyncio.sleep(0.3)
        heard = set((await next_of(stream)).location_ids)
        if heard != {1, 2}:
            heard |= (await next_of(stream)).location_ids
        return heard

    assert run(story()) == {1, 2}


def test_a_watcher_goes_on_where_it_was_when_its_connection_is_cut(
    database_url: str, connection: Connection
) -> None:
    async def story() -> Changes:
        stream = watch(database_url)
        await next_of(stream)
        connection.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = 'nop follower' AND datname = current_database()"""
        )
        say(database_url, 5)
        return await next_of(stream)

    assert run(story()).location_ids == {5}


def test_changes_after_a_cursor_can_be_read_again_unless_the_log_forgot_them(
    database_url: str,
) -> None:
    say(database_url, 1)

    async def story() -> tuple[Changes | None, Changes | None]:
        async with await AsyncConnection.connect(database_url, autocommit=True) as reader:
            everything = await list_changes(reader, Cursor(2**62, 0))
            assert everything is not None
            row = await (
                await reader.execute("SELECT xid::text::bigint, seq FROM change")
            ).fetchone()
            assert row is not None
            say(database_url, 2)
            known = await list_changes(reader, Cursor.parse(str(Cursor(*row))))
            forgotten = await list_changes(reader, Cursor(1, 0))
            return known, forgotten

    known, forgotten = run(story())
    assert known is not None and known.location_ids == {2}
    assert forgotten is None


def test_nothing_to_tell_writes_no_row(connection: Connection) -> None:
    announce(connection, [], [], [])
    assert connection.execute("SELECT count(*) FROM change").fetchone() == (0,)


@pytest.mark.parametrize("text", ["", "1", "1-", "-1-2", "1-2-3", "٣-1", "9" * 30 + "-1"])
def test_a_cursor_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="two numbers"):
        Cursor.parse(text)


def test_a_change_is_not_told_before_its_transaction_commits(database_url: str) -> None:
    with connect(database_url) as writer, connect(database_url, autocommit=True) as listener:
        listener.execute("LISTEN nop_change")
        announce(writer, [1])
        assert list(listener.notifies(timeout=0.2)) == []
        writer.commit()
        assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1
