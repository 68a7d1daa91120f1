"""Real pulls, full and incremental, among pushes in three versions, in time or late: the end is
what is true."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from operator_server import KEY, TOKEN, Operator, a_location, an_evse

from nop_ingest import push as door
from nop_ingest.ocpi.versions import find_version
from nop_ingest.pull import pull
from nop_ingest.push_rules import Address, Push
from nop_ingest.push_statuses import Claim, write_claims
from nop_registry.database import Connection, connect
from nop_registry.enums import Status
from nop_registry.identifiers import object_number
from nop_registry.queries.records import read_locations
from nop_registry.records import LocationRecord
from nop_registry.store import sources
from nop_registry.store.sources import Source

Document = dict[str, Any]
STATUSES = ["AVAILABLE", "CHARGING", "OUTOFORDER", "BLOCKED"]
_numbers = itertools.count(1)


class Sent(NamedTuple):
    """A push: the version it is in, its method, what it is about, and its body."""

    version: str
    method: str
    address: Address
    body: Document


class World:
    """An operator, and the registry that hears of it by pushes and by pulls."""

    def __init__(self, connection: Connection, operator: Operator) -> None:
        self.connection, self.operator = connection, operator
        operator.locations = [a_location(n) for n in (1, 2, 3)]
        self.away: list[Document] = []
        self.untold = False  # something changed that neither a push nor a pull has told yet
        self.sent: list[Sent] = []
        self.gone: dict[str, list[Document]] = {}  # by location, the EVSEs that it lost
        self.outage = False  # pushes wait, in order, while pulls go on
        self.waiting: list[Sent] = []
        self.source = self.add_source()
        # Within the overlap of an incremental pull, and never ahead of our clock.
        self.clock = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)

    def add_source(self) -> Source:
        name = f"tpc-{next(_numbers)}"
        with self.connection.transaction():
            return sources.add_source(
                self.connection, name=name, kind="ocpi", country_code="IN", allow_loopback=True,
                versions_url=self.operator.url, token=TOKEN, key=KEY,
            )  # fmt: skip

    def change(self, kind: str, which: int, number: int, version: str | None) -> None:
        """Something becomes true; it is pushed, or not."""
        self.clock += timedelta(seconds=1)
        at = self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        location = self.operator.locations[which % len(self.operator.locations)]
        evse = location["evses"][number % len(location["evses"])]
        address = Address("IN", "TPC", location["id"])
        location["last_updated"] = at
        if kind == "name":
            patch = {"name": f"Name {number}", "last_updated": at}
            location |= patch
            sent = Sent("", "PATCH", address, patch)
        elif kind == "new":
            evse = an_evse(which, 10 + self.clock.second, last_updated=at)
            if all(evse["uid"] != known["uid"] for known in location["evses"]):
                location["evses"].append(evse)
            sent = Sent("", "PUT", address._replace(uid=evse["uid"]), evse)
            version = version and "2.3.0"  # an EVSE of 2.1.1 has other names
        elif kind == "again" and self.gone.get(location["id"]):
            evse = self.gone[location["id"]].pop() | {"last_updated": at}
            location["evses"].append(evse)
            sent = Sent("", "PUT", address._replace(uid=evse["uid"]), evse)
            version = version and "2.3.0"
        elif kind in ("drop", "again"):
            # One that was new stays: never heard of, it would be taken late though it has gone.
            if len(location["evses"]) > 1 and evse["uid"][2:] in ("1", "2"):
                location["evses"].remove(evse)
                self.gone.setdefault(location["id"], []).append(evse)
            location["name"] = f"Put at {at}"
            sent = Sent("", "PUT", address, location)
            version = version and "2.3.0"
        else:
            patch = {"status": STATUSES[number % 4], "last_updated": at}
            if kind == "floor":
                patch["floor_level"] = str(number)
            evse |= patch
            sent = Sent("", "PATCH", address._replace(uid=evse["uid"]), patch)
        if version:
            self.waiting.append(sent._replace(version=version, body=copy.deepcopy(sent.body)))
            if not self.outage:
                self.deliver_waiting()
        else:
            self.untold = True

    def deliver_waiting(self) -> None:
        for sent in self.waiting:
            self.deliver(sent)
        self.sent += self.waiting
        self.waiting.clear()

    def deliver(self, sent: Sent) -> None:
        now, version = datetime.now(UTC), find_version(sent.version)
        assert version
        push = Push(self.source.id, self.source.name, version, "IN", now)
        with self.connection.transaction():
            if sent.body.keys() == {"status", "last_updated"}:
                at = datetime.fromisoformat(sent.body["last_updated"])
                status = Status(sent.body["status"])
                claim = Claim(self.source.id, sent.version, sent.address, status, at)
                write_claims(self.connection, [claim], now)
            else:
                act = door.put_location if sent.method == "PUT" else door.patch_location
                act(self.connection, push, sent.address, json.dumps(sent.body).encode())

    def move_away(self) -> None:
        """A station vanishes from the operator's list, or comes back."""
        self.untold = True
        if self.away:
            self.operator.locations.append(self.away.pop())
        else:
            self.away.append(self.operator.locations.pop())

    def pull(self, *, full: bool) -> None:
        source = sources.get_source(self.connection, self.source.name)
        self.connection.commit()
        report = pull(self.connection, source, key=KEY, country="IN", full=full)
        assert not report.failed, report
        self.untold = self.untold and bool(self.away)

    def show(self, source: Source) -> dict[str, LocationRecord]:
        """What the registry holds as live."""
        ids = [f"LOC{n}" for n in (1, 2, 3)]
        numbers = {object_number("location", source.id, "IN", "TPC", one): one for one in ids}
        live = self.connection.execute(
            "SELECT id FROM location WHERE source_id = %s AND retired_at IS NULL", (source.id,)
        ).fetchall()
        found = read_locations(self.connection, [number for (number,) in live])
        self.connection.commit()
        return {numbers[number]: _bumped(record) for number, record in found.items()}

    def truth(self) -> dict[str, LocationRecord]:
        """What a registry holds that hears of the operator only now."""
        straight = self.add_source()
        self.connection.commit()
        pull(self.connection, straight, key=KEY, country="IN", full=True)
        return self.show(straight)


def _bumped(record: LocationRecord) -> LocationRecord:
    """Every reader sees a parent as new as its newest part (RE-4)."""
    moments = [record.last_updated, *(evse.last_updated for evse in record.evses)]
    newest = max(moment for moment in moments if moment is not None)
    return msgspec.structs.replace(record, last_updated=newest)


@pytest.fixture
def connections(database_url: str) -> Iterator[Connection]:
    """A connection for pulls, which commit by themselves."""
    with closing(connect(database_url)) as opened:
        yield opened


changes = st.tuples(
    st.sampled_from(["name", "status", "floor", "new", "drop", "again"]),
    st.integers(0, 1),
    st.integers(0, 9),
    st.sampled_from(["2.1.1", "2.2.1", "2.2.1", "2.3.0", "2.3.0", None]),
)
events = st.one_of(
    changes,
    changes,
    st.sampled_from(["full pull", "pull", "pull", "move", "outage", "outage ends"]),
    st.integers(0, 99),
    st.integers(0, 99),
)


# Not shrunk: an example takes a second.
@settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=st.lists(events, min_size=4, max_size=14), full=st.booleans())
def test_pushes_in_three_versions_pulls_and_replays_end_in_what_is_true(
    connections: Connection, operator: Operator, story: list[Any], full: bool
) -> None:
    """PU-1, PU-5, PU-13, RE-8, RE-15, P6, P7: silent changes too, and stations that vanish."""
    world = World(connections, operator)
    world.pull(full=True)
    for event in story:
        if event == "move":
            world.move_away()
        elif event in ("outage", "outage ends"):
            world.outage = event == "outage"
            if not world.outage:
                world.deliver_waiting()
        elif isinstance(event, str):
            world.pull(full=event == "full pull")
        elif isinstance(event, int):
            if world.sent:
                world.deliver(world.sent[event % len(world.sent)])
        else:
            world.change(*event)
    world.deliver_waiting()
    truth = world.truth()
    if not world.untold and not world.away:
        assert world.show(world.source) == truth
    if world.away:
        world.pull(full=True)  # gone is what two full pulls lack (PU-4)
    world.pull(full=full or bool(world.away))
    assert world.show(world.source) == truth
