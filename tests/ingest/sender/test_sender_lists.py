"""Lists of our Sender: pages, filters, order, counts (ocpi.md TR-40 to TR-46, SE-6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from operator_server import Operator, a_location, a_tariff

from nop_ingest.ocpi.versions import find_version
from nop_ingest.ocpi_server.sender_lists import locations_page
from nop_ingest.ocpi_server.sender_objects import Speaker
from nop_ingest.ocpi_server.sender_question import Question
from nop_ingest.pull import PullReport
from nop_registry.consumers import Scope
from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.queries import emissions
from nop_registry.queries.emissions import Window
from nop_registry.store.statuses import StatusWrite, store_statuses

VERSIONS = ["2.1.1", "2.2.1", "2.3.0"]
FIRST = "2026-11-20T10:00:00Z"  # what the operator says of everything at first


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def many(operator: Operator) -> Operator:
    operator.locations = [a_location(n) for n in range(1, 8)]
    return operator


@pytest.mark.parametrize("version", VERSIONS)
def test_a_crawl_by_links_gives_every_location_once(
    many: Operator, consumer: Any, version: str
) -> None:
    """SE-1, TR-40: Link, X-Total-Count and X-Limit on every page; no Link on the last one."""
    pages = consumer.crawl("locations?limit=3", version)
    assert [len(page.json()["data"]) for page in pages] == [3, 3, 1]
    assert {page.headers["x-total-count"] for page in pages} == {"7"}
    most = "3" if version == "2.1.1" else "500"
    assert {page.headers["x-limit"] for page in pages} == {most}
    ids = [one["id"] for page in pages for one in page.json()["data"]]
    assert sorted(ids) == [f"LOC{n}" for n in range(1, 8)] and "link" not in pages[-1].headers


def test_the_link_names_offset_limit_filters_and_our_own_address(
    many: Operator, consumer: Any
) -> None:
    """TR-44, TR-46: the Host header decides nothing."""
    answer = consumer.ask(
        "locations?limit=2&date_from=2026-01-01T00:00:00%2B00:00&date_to=2027-01-01",
        headers={"Host": "evil.example"},
    )
    url = urlsplit(answer.headers["link"].split(">")[0][1:])
    assert (url.scheme, url.netloc) == ("https", "nap.example")
    query = parse_qs(url.query)
    assert query["offset"] == ["2"] and query["limit"] == ["2"]
    assert query["date_from"] == ["2026-01-01T00:00:00Z"]
    assert query["date_to"] == ["2027-01-01T00:00:00Z"]
    assert "+" not in url.query and ":" not in url.query


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=many", "limit"),
        ("offset=-1", "offset"), ("offset=1.5", "offset"), ("date_from=01/03/2026", "date_from"),
        ("date_to=never", "date_to"), ("cursor=1.2.3", "cursor"), ("cursor=1'.2.3.4", "cursor"),
        ("cursor=999999999999999999.1.1.1", "cursor"),
    ],
)  # fmt: skip
def test_a_parameter_without_sense_is_named(consumer: Any, query: str, parameter: str) -> None:
    """TR-13, TR-45: HTTP 200 with status code 2001."""
    answer = consumer.ask(f"locations?{query}")
    body = answer.json()
    assert answer.status_code == 200 and body["status_code"] == 2001
    assert body["status_message"].startswith(parameter)


def test_more_left_out_than_there_were_at_first_is_no_negative_total(consumer: Any) -> None:
    """TR-40: what cannot be said may have come while a consumer was paging."""
    assert consumer.ask("locations?cursor=1.1.1.9").headers["x-total-count"] == "0"


def test_the_limit_is_100_unless_asked_and_never_above_500(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """TR-45, TR-43."""
    operator.locations = [a_location(n) for n in range(1, 511)]
    operator.page_size = 600
    pull_now(full=True)
    assert len(consumer.data("locations")) == 100
    most = consumer.ask("locations?limit=100000")
    assert len(most.json()["data"]) == 500 and most.headers["x-limit"] == "500"
    assert consumer.ask("locations?limit=100000", "2.1.1").headers["x-limit"] == "500"
    assert len(consumer.follow(most).json()["data"]) == 10


def test_an_offset_counts_without_the_cursor_too(many: Operator, consumer: Any) -> None:
    """TR-40: clients that compute their own offsets."""
    everything = consumer.ids("locations")
    assert [one["id"] for one in consumer.data("locations?offset=2&limit=3")] == everything[2:5]
    assert consumer.data("locations?offset=7&limit=3") == []
    filtered = consumer.data("locations?offset=2&limit=3&date_from=2020-01-01")
    assert [one["id"] for one in filtered] == everything[2:5]


def test_what_comes_and_goes_while_paging_neither_repeats_nor_hides_anything(
    many: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-6, TR-42: oldest first; the new one at the end; the withdrawn one keeps its place."""
    before = consumer.ids("locations")
    first = consumer.ask("locations?limit=3")
    gone = first.json()["data"][0]["id"]
    for one in many.locations:
        if one["id"] == gone:
            one |= {"publish": False, "last_updated": stamp(now())}
    many.locations.append(a_location(99, last_updated=stamp(now())))
    pull_now()
    ids = [one["id"] for one in first.json()["data"]]
    page = first
    while (page := consumer.follow(page)) is not None:
        ids += [one["id"] for one in page.json()["data"]]
    assert ids == [*before, "LOC99"]
    assert consumer.ids("locations") == ids


@pytest.mark.parametrize("version", VERSIONS)
def test_date_from_is_included_and_date_to_is_not(
    many: Operator, consumer: Any, pull_now: Callable[..., PullReport], version: str
) -> None:
    """TR-41: in all three versions."""
    changed = now().replace(microsecond=0) - timedelta(minutes=2)
    many.locations[4] |= {"name": "Renamed", "last_updated": stamp(changed)}
    pull_now()
    since, until = stamp(changed), stamp(changed + timedelta(seconds=1))
    assert consumer.ids(f"locations?date_from={since}", version) == ["LOC5"]
    assert consumer.ids(f"locations?date_from={until}", version) == []
    assert "LOC5" not in consumer.ids(f"locations?date_to={since}", version)
    assert consumer.ids(f"locations?date_from={since}&date_to={until}", version) == ["LOC5"]
    answer = consumer.ask(f"locations?date_from={since}&date_to={until}", version)
    assert answer.headers["x-total-count"] == "1"


def test_filtered_pages_agree_with_their_count(many: Operator, consumer: Any) -> None:
    """TR-40: X-Total-Count counts what matches; the cursor carries it along."""
    pages = consumer.crawl(f"locations?limit=2&date_from={FIRST}")
    assert [len(page.json()["data"]) for page in pages] == [2, 2, 2, 1]
    assert {page.headers["x-total-count"] for page in pages} == {"7"}


def test_a_crawl_of_a_past_window_looks_at_all_statuses_once(
    many: Operator,
    consumer: Any,
    pull_now: Callable[..., PullReport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TR-41, TR-45: for the total; each further page goes on from its place, few as may match."""
    changed = now().replace(microsecond=0) - timedelta(minutes=2)
    for number in (0, 2, 3, 6):
        many.locations[number] |= {"name": "Renamed", "last_updated": stamp(changed)}
    pull_now()
    monkeypatch.setattr(emissions, "_WALKED", 2)
    window = f"date_from={stamp(changed)}&date_to={stamp(changed + timedelta(seconds=1))}"
    ids = consumer.ids(f"locations?{window}")
    page = consumer.ask(f"locations?limit=1&{window}")
    monkeypatch.setattr(emissions, "_RECENT", "no such statement")
    crawled = [one["id"] for one in page.json()["data"]]
    while (page := consumer.follow(page)) is not None:
        assert page.headers["x-total-count"] == "4"
        crawled += [one["id"] for one in page.json()["data"]]
    assert crawled == ids and sorted(ids) == ["LOC1", "LOC3", "LOC4", "LOC7"]


def test_a_status_counts_as_a_change_of_its_location(
    many: Operator, consumer: Any, connection: Connection
) -> None:
    """SE-12: last_updated of the location is never older than its EVSEs'; SE-5: filter on that."""
    row = connection.execute(
        """SELECT e.id, e.location_id, l.source_id FROM evse e JOIN location l
           ON l.id = e.location_id WHERE e.uid = '3-1'"""
    ).fetchone()
    assert row
    at = now().replace(microsecond=0) - timedelta(minutes=1)
    write = StatusWrite(row[0], row[1], Status.CHARGING, at)
    store_statuses(connection, row[2], [write], now())
    connection.commit()
    (found,) = consumer.data(f"locations?date_from={stamp(at)}")
    assert found["id"] == "LOC3" and found["last_updated"] == stamp(at)
    evse = next(e for e in found["evses"] if e["uid"] == "3-1")
    assert evse["status"] == "CHARGING" and evse["last_updated"] == stamp(at)
    assert evse["connectors"][0]["last_updated"] == FIRST
    assert connection.execute("SELECT max(emitted_at) FROM location_emission").fetchone() == (
        datetime(2026, 11, 20, 10, tzinfo=UTC),
    )


def test_what_a_version_cannot_say_is_left_out_and_counted(
    operator: Operator, consumer: Any, pull_now: Callable[..., PullReport]
) -> None:
    """SE-12: the totals of a crawl agree with what it brought; no page is empty but the last."""
    operator.tariffs += [a_tariff(id=f"M{n}", min_price={"excl_vat": 1}) for n in range(3)]
    pull_now(full=True)
    pages = consumer.crawl("tariffs?limit=2", "2.1.1")
    assert [one["id"] for page in pages for one in page.json()["data"]] == ["T1"]
    assert all(page.json()["data"] for page in pages[:-1])
    assert pages[-1].headers["x-total-count"] == "1"
    assert sum(int(page.headers.get("x-omitted-count", 0)) for page in pages) == 3
    assert len(consumer.ids("tariffs")) == 4


class Counting:
    """A connection that counts its statements."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.statements = connection, 0

    def execute(self, *arguments: Any, **options: Any) -> Any:
        self.statements += 1
        return self.connection.execute(*arguments, **options)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_page_takes_as_many_statements_as_one_location(
    many: Operator, consumer: Any, connection: Connection, version: str
) -> None:
    """SE-6, TR-45: a page is read as a set."""
    found = find_version(version)
    assert found and consumer.ids("locations", version)
    speaker = Speaker(found, Scope(), timedelta(days=90))
    taken = set()
    for limit in (1, 7):
        connection.rollback()
        counting: Any = Counting(connection)
        page = locations_page(counting, speaker, Question(Window(), limit, 0, None))
        assert len(page.documents) == limit
        taken.add(counting.statements)
    assert len(taken) == 1 and taken.pop() <= 13
