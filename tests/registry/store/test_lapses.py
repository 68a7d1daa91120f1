"""A word on one EVSE does not make the others' statuses true again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.identifiers import object_number
from nop_registry.records import LocationRecord
from nop_registry.store import deliveries, lapses, sources
from nop_registry.store.locations import LocationWrite, evse_number, store_locations
from nop_registry.store.sites import refresh_sites
from nop_registry.store.statuses import StatusWrite, store_statuses
from nop_registry.store.tiles import rebuild, roll_up

TTL = 45
EVSES = ["1-A1", "1-A2", "2-A1", "2-A2"]
_EACH = {
    "ocpi": {"versions_url": None},
    "pulled": {"versions_url": "http://127.0.0.1:9/versions"},
    "upload": {"versions_url": None},
}


class Feed:
    """A source of two locations with two EVSEs each, and a clock that tests turn."""

    def __init__(self, connection: Connection, name: str, kind: str, a_location: Any) -> None:
        self.connection = connection
        self.source = sources.add_source(
            connection, name=name, kind="upload" if kind == "upload" else "ocpi",
            country_code="IN", status_ttl_s=TTL * 60, **_EACH[kind],
        )  # fmt: skip
        self.evses: dict[str, tuple[int, int]] = {}
        delivery = deliveries.open_delivery(connection, self.source.id, "locations", "full")
        records = [a_location(id=f"LOC{n}") for n in (1, 2)]
        writes = [LocationWrite(self._number(r), r, b"{}", False) for r in records]
        store_locations(connection, delivery, writes, datetime.now(UTC), strictly_newer=False)
        for write in writes:
            for evse in write.record.evses:
                number = evse_number(self.source.id, write.record, evse.uid)
                self.evses[f"{write.record.id[3:]}-{evse.uid}"] = (number, write.number)
        deliveries.finish_delivery(connection, delivery, "complete", {}, total=2)

    def _number(self, record: LocationRecord) -> int:
        return object_number(
            "location", self.source.id, record.country_code, record.party_id, record.id
        )

    def wait(self, minutes: int) -> None:
        self.connection.execute(
            """UPDATE source SET seen_at = seen_at - %(for)s, recovered_at = recovered_at - %(for)s
               WHERE id = %(id)s""",
            {"for": timedelta(minutes=minutes), "id": self.source.id},
        )
        self.connection.execute(
            """UPDATE evse_status SET received_at = received_at - %(for)s,
                   claimed_at = claimed_at - %(for)s, changed_at = changed_at - %(for)s,
                   fresh_at = fresh_at - %(for)s, lapsed_at = lapsed_at - %(for)s
               WHERE source_id = %(id)s""",
            {"for": timedelta(minutes=minutes), "id": self.source.id},
        )

    def push(self, said: dict[str, str]) -> None:
        lapses.note_push(self.connection, self.source.id)
        self._store(said, None)

    def pull(self, said: dict[str, str]) -> None:
        self._store(said, None)
        sources.note_success(
            self.connection, self.source, started_at=datetime.now(UTC), full=True, quirks={}
        )

    def file(self, said: dict[str, str], minutes_old: int = 0, *, again: bool = False) -> None:
        """`again`: the times in it are those that are held."""
        as_of = datetime.now(UTC) - timedelta(minutes=minutes_old)
        lapses.note_statuses_of_file(self.connection, self.source.id, as_of)
        self._store(said, as_of, again=again)
        sources.note_file(self.connection, self.source, datetime.now(UTC), [self.source.id], as_of)

    def _store(self, said: dict[str, str], as_of: datetime | None, *, again: bool = False) -> None:
        now = datetime.now(UTC)
        held: dict[int, datetime] = {}
        if again:
            rows = self.connection.execute("SELECT evse_id, claimed_at FROM evse_status")
            held = dict(rows.fetchall())
        written = store_statuses(
            self.connection, self.source.id,
            [StatusWrite(self.evses[evse][0], self.evses[evse][1], Status(word),
                         held.get(self.evses[evse][0], as_of or now))
             for evse, word in said.items()],
            now, as_of=as_of,
        )  # fmt: skip
        refresh_sites(self.connection, written.unlisted)

    def shown(self) -> dict[str, str]:
        """What is published of each EVSE."""
        names = {number: name for name, (number, _) in self.evses.items()}
        rows = self.connection.execute(
            """SELECT n.evse_id, n.status::text FROM evse_status_now n
               JOIN location l ON l.id = n.location_id WHERE l.source_id = %s""",
            (self.source.id,),
        )
        return {names[number]: status for number, status in rows if status != "UNKNOWN"}

    def counted(self) -> Any:
        """On the map: public locations by their counters."""
        return self._rows(
            """SELECT location_id, n_evse, n_available, n_busy, n_out, n_unknown, n_planned
               FROM site_now WHERE source_id = %s ORDER BY 1"""
        )

    def count(self) -> Any:
        """The same from what is published of each EVSE."""
        return self._rows(
            """SELECT n.location_id, count(*), count(*) FILTER (WHERE status = 'AVAILABLE'),
                   count(*) FILTER (WHERE status IN ('CHARGING', 'RESERVED', 'BLOCKED')),
                   count(*) FILTER (WHERE status IN ('INOPERATIVE', 'OUTOFORDER')),
                   count(*) FILTER (WHERE status = 'UNKNOWN'),
                   count(*) FILTER (WHERE status = 'PLANNED')
               FROM evse_status_now n JOIN location l ON l.id = n.location_id
               WHERE l.source_id = %s AND n.last_known_status <> 'REMOVED' GROUP BY 1 ORDER BY 1"""
        )

    def _rows(self, query: str) -> Any:
        return self.connection.execute(query, (self.source.id,)).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def feed(
    connection: Connection, a_location: Callable[..., LocationRecord]
) -> Callable[[str], Feed]:
    """Makes a source: `ocpi` only pushes, `pulled` may do both, `upload` sends files."""
    made: list[str] = []

    def make(kind: str) -> Feed:
        made.append(kind)
        return Feed(connection, f"s{len(made)}", kind, a_location)

    return make


ALL = dict.fromkeys(EVSES, "AVAILABLE")


def test_an_unbroken_contact_by_pushes_carries_what_did_not_change(
    feed: Callable[[str], Feed],
) -> None:
    operator = feed("ocpi")
    operator.push(ALL)
    for _ in range(5):
        operator.wait(40)
        operator.push({"1-A1": "CHARGING"})
    assert operator.shown() == ALL | {"1-A1": "CHARGING"}


def test_after_a_silence_a_push_makes_only_its_own_status_true(
    feed: Callable[[str], Feed],
) -> None:
    operator = feed("ocpi")
    operator.push(ALL)
    operator.wait(46)
    assert operator.shown() == {}
    operator.push({"1-A1": "CHARGING"})
    assert operator.shown() == {"1-A1": "CHARGING"}
    assert operator.counted() == operator.count()
    operator.wait(10)
    operator.push({"2-A1": "AVAILABLE"})  # said anew, as it was
    assert operator.shown() == {"1-A1": "CHARGING", "2-A1": "AVAILABLE"}
    assert operator.counted() == operator.count()


def test_what_lapsed_is_no_change_in_the_history_and_keeps_what_was_known(
    feed: Callable[[str], Feed], connection: Connection
) -> None:
    operator = feed("ocpi")
    operator.push(ALL)
    operator.wait(60)
    operator.push({"1-A1": "AVAILABLE"})
    assert connection.execute("SELECT count(*) FROM status_event").fetchone() == (4,)
    known = connection.execute("SELECT DISTINCT last_known_status::text FROM evse_status_now")
    assert known.fetchall() == [("AVAILABLE",)]


def test_where_pulls_fell_silent_pushes_show_what_they_say_and_nothing_else(
    feed: Callable[[str], Feed],
) -> None:
    operator = feed("pulled")
    operator.pull(ALL)
    operator.wait(60)
    operator.push({"1-A1": "CHARGING"})
    assert operator.shown() == {"1-A1": "CHARGING"}
    assert operator.counted() == operator.count()
    operator.pull({"1-A2": "OUTOFORDER"})  # it lists all and changes one
    assert operator.shown() == ALL | {"1-A1": "CHARGING", "1-A2": "OUTOFORDER"}
    assert operator.counted() == operator.count()


def test_files_do_not_carry_for_ever_what_they_leave_out(feed: Callable[[str], Feed]) -> None:
    operator = feed("upload")
    operator.file(ALL)
    operator.wait(30)
    operator.file({"1-A1": "CHARGING"})
    assert operator.shown() == ALL | {"1-A1": "CHARGING"}
    operator.wait(30)
    operator.file({"1-A1": "AVAILABLE"})
    assert operator.shown() == {"1-A1": "AVAILABLE"}
    assert operator.counted() == operator.count()


def test_files_that_say_the_same_again_keep_it_alive(feed: Callable[[str], Feed]) -> None:
    """Publishers of dynamic data leave the time of what nobody uses at its last change."""
    operator = feed("upload")
    operator.file(ALL)
    for _ in range(6):
        operator.wait(20)
        operator.file(ALL, again=True)
        assert operator.shown() == ALL
    operator.wait(50)
    operator.file({"1-A1": "AVAILABLE", "1-A2": "AVAILABLE"}, again=True)
    assert operator.shown() == {"1-A1": "AVAILABLE", "1-A2": "AVAILABLE"}
    assert operator.counted() == operator.count()


def test_an_old_file_shows_nothing_as_live_though_its_source_is_heard_of(
    feed: Callable[[str], Feed],
) -> None:
    operator = feed("ocpi")
    operator.push({"1-A1": "AVAILABLE"})
    operator.file({"1-A2": "AVAILABLE"}, minutes_old=300)
    assert operator.shown() == {"1-A1": "AVAILABLE"}
    assert operator.counted() == operator.count()


def test_the_tiles_follow(feed: Callable[[str], Feed], connection: Connection) -> None:
    operator = feed("ocpi")
    operator.push(ALL)
    connection.commit()
    rebuild(connection)
    free = "SELECT sum(n_available), sum(n_unknown) FROM tile_cell WHERE z = 3"
    assert connection.execute(free).fetchone() == (4, 0)
    operator.wait(60)
    operator.push({"1-A1": "AVAILABLE"})
    connection.commit()
    roll_up(connection)
    assert connection.execute(free).fetchone() == (1, 3)


_SAID = st.dictionaries(
    st.sampled_from(EVSES),
    st.sampled_from(["AVAILABLE", "CHARGING", "OUTOFORDER", "UNKNOWN", "PLANNED", "REMOVED"]),
    min_size=1,
    max_size=3,
)


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.sampled_from(["ocpi", "pulled", "upload"]),
    st.lists(
        st.tuples(
            st.sampled_from([0, 10, 30, 50]),
            st.sampled_from(["push", "pull", "file", "again", "old file"]),
            _SAID,
        ),
        min_size=2,
        max_size=8,
    ),
)
def test_the_map_counts_what_is_shown_and_nothing_is_shown_that_nobody_confirmed(
    feed: Callable[[str], Feed], kind: str, story: list[tuple[int, str, dict[str, str]]]
) -> None:
    """Whatever the order: `confirmed` is by whom and when a live status may have been confirmed."""
    operator = feed(kind)
    operator.push(ALL)
    clock = 0
    confirmed = dict.fromkeys(EVSES, 0)
    for minutes, act, what in story:
        operator.wait(minutes)
        clock += minutes
        if act == "pull":
            operator.pull(what)
            confirmed = dict.fromkeys(EVSES, clock)
        else:
            if act == "push":
                operator.push(what)
            else:
                operator.file(what, 300 if act == "old file" else 0, again=act == "again")
            for evse, at in confirmed.items():  # carried, or said
                if clock - at <= TTL or (evse in what and act != "old file"):
                    confirmed[evse] = clock
        assert operator.counted() == [row for row in operator.count() if row[1]]
        live = {e for e, word in operator.shown().items() if word not in ("PLANNED", "REMOVED")}
        assert live <= {evse for evse, at in confirmed.items() if clock - at <= TTL}
