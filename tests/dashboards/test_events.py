"""Live events over real HTTP: what changes is heard once, resumed, limited to a box."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from application import serve_application
from small_nation import BENGALURU, DELHI, SmallNation

import nop_dashboards.events as events
from nop_registry.changes import Cursor


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    """The application behind a real server: a stream never ends, which test clients do not like."""
    with serve_application(database_url, timeout_graceful_shutdown=1) as url:
        yield url


class Stream:
    """Reads the messages of one open stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()

    def next(self, event: str = "message") -> tuple[Any, str]:
        """Data and id of the next message, which must be of that kind."""
        fields = {"event": "message", "id": ""}
        for line in self._lines:
            if not line and "data" in fields:
                assert fields["event"] == event
                return json.loads(fields["data"]), fields["id"]
            name, _, value = line.partition(": ")
            fields[name] = value
        raise AssertionError("the stream ended")


@contextmanager
def listening(address: str, query: str = "", **headers: str) -> Iterator[Stream]:
    with (
        httpx.Client(timeout=60) as client,
        client.stream("GET", f"{address}/events{query}", headers=headers) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)


@pytest.fixture
def nation(connection: Any) -> SmallNation:
    nation = SmallNation(connection)
    source = nation.add_source()
    nation.add_station(source, 1, ["AVAILABLE", "AVAILABLE"], BENGALURU)
    nation.add_station(source, 2, ["AVAILABLE"], DELHI)
    return nation


def test_a_status_change_is_told_with_the_new_state_and_counts(
    nation: SmallNation, address: str
) -> None:
    with listening(address) as stream:
        stream.next("ready")
        nation.set_status(10, "CHARGING")
        (station,), cursor = stream.next()
    assert station == {
        "id": 1, "lon": BENGALURU[0], "lat": BENGALURU[1], "state": "some", "n_evse": 2,
        "n_available": 1, "n_busy": 1, "n_out": 0, "n_unknown": 0, "n_planned": 0,
    }  # fmt: skip
    assert Cursor.parse(cursor) > Cursor(0, 0)


def test_a_box_hears_only_what_lies_in_it(nation: SmallNation, address: str) -> None:
    with listening(address, "?bbox=77,12,78,13") as stream:
        stream.next("ready")
        nation.set_status(20, "CHARGING")
        nation.set_status(10, "CHARGING")
        stations, _ = stream.next()
    assert [station["id"] for station in stations] == [1]


def test_the_location_asked_for_comes_with_its_charging_points(
    nation: SmallNation, address: str
) -> None:
    with listening(address, "?location=1") as stream:
        stream.next("ready")
        nation.set_status(11, "OUTOFORDER")
        (station,), _ = stream.next()
    assert [(evse["id"], evse["status"]) for evse in station["evses"]] == [
        (10, "AVAILABLE"),
        (11, "OUTOFORDER"),
    ]


@pytest.mark.parametrize("by", ["header", "query"])
def test_a_reader_that_comes_back_is_told_what_it_missed(
    nation: SmallNation, address: str, by: str
) -> None:
    with listening(address) as stream:
        stream.next("ready")
        nation.set_status(10, "CHARGING")
        _, cursor = stream.next()
    nation.set_status(20, "OUTOFORDER")
    headers = {"Last-Event-ID": cursor} if by == "header" else {}
    query = f"?since={cursor}" if by == "query" else ""
    with listening(address, query, **headers) as stream:
        stream.next("ready")
        stations, _ = stream.next()
    assert [(station["id"], station["state"]) for station in stations] == [(2, "out")]


def test_a_reader_whose_cursor_is_too_old_is_told_to_load_again(
    nation: SmallNation, address: str
) -> None:
    with listening(address, "?since=1-1") as stream:
        stream.next("ready")
        _, cursor = stream.next("reset")
        nation.set_status(10, "CHARGING")
        assert Cursor.parse(stream.next()[1]) > Cursor.parse(cursor)


def test_a_flood_of_changes_is_told_as_one_reset(
    nation: SmallNation, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_ROWS", 1)
    monkeypatch.setattr("nop_registry.changes._CALM_S", 1.0)  # time for two changes in one message
    with listening(address) as stream:
        stream.next("ready")
        nation.set_status(10, "CHARGING")
        stream.next()
        nation.set_status(20, "CHARGING", commit=False)
        nation.set_status(11, "CHARGING")
        data, _ = stream.next("reset")
        assert data == {}


def test_a_station_that_is_withdrawn_is_told_without_saying_which(
    nation: SmallNation, address: str
) -> None:
    with listening(address) as stream:
        stream.next("ready")
        nation.withdraw(2)
        assert stream.next()[0] == []


def test_readers_beyond_the_limit_are_asked_to_come_later(
    nation: SmallNation, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_SUBSCRIBERS", 1)
    with listening(address) as stream:
        stream.next("ready")
        refused = httpx.get(f"{address}/events", timeout=60)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize("query", ["bbox=1,2,3", "bbox=9,9,1,1", "location=x", "since=yesterday"])
def test_a_question_that_cannot_be_understood_is_refused(address: str, query: str) -> None:
    assert httpx.get(f"{address}/events?{query}", timeout=60).status_code == 400


def test_an_idle_stream_shows_that_it_lives(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    with httpx.stream("GET", f"{address}/events", timeout=60) as answer:
        assert any(line == ": still here" for line in answer.iter_lines())


def test_a_reader_that_does_not_keep_up_is_let_go() -> None:
    async def story() -> tuple[bool, bool]:
        subscriber = events.Subscriber(None, None)
        for _ in range(100):
            subscriber.offer(b"data: []\n\n")
        kept_up = not subscriber.dropped.is_set()
        subscriber.offer(b"data: []\n\n")
        return kept_up, subscriber.dropped.is_set()

    assert asyncio.run(story()) == (True, True)
