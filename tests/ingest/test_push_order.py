"""Whatever the order in which pushes, pulls and replays arrive, the registry ends the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operator_server import a_location, an_evse

from nop_ingest import push as door
from nop_ingest.context import Context
from nop_ingest.ocpi.versions.v2_2_1 import VERSION
from nop_ingest.pipeline import Module, keep_locations, take_page
from nop_ingest.push_rules import Address, Push
from nop_ingest.push_statuses import Claim, write_claims
from nop_ingest.tally import Tally
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind, Status
from nop_registry.store import deliveries, sources

LOCATION = Address("IN", "TPC", "LOC1")
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATUSES = ["AVAILABLE", "CHARGING", "OUTOFORDER", "BLOCKED", "REMOVED"]
MODULE = Module(ObjectKind.LOCATION, VERSION.peek_location, VERSION.to_location, keep_locations)
slowly = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Document = dict[str, Any]


class Sent(NamedTuple):
    """One push of the operator: method, what it is about, and the body."""

    method: str
    address: Address
    body: Document


class Operator:
    """What is true at the operator's, and what it sends when that changes."""

    def __init__(self) -> None:
        self.location = a_location(1)
        self.minute = 0
        self.history = [copy.deepcopy(self.location)]
        self.sent = [Sent("PUT", LOCATION, self.history[0])]

    def change(self, kind: str, number: int) -> None:
        """One change, its time and its push."""
        self.minute += 1
        at = (START + timedelta(minutes=self.minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
        evses = self.location["evses"]
        evse = evses[number % len(evses)]
        of_evse = LOCATION._replace(uid=evse["uid"])
        self.location["last_updated"] = at
        if kind == "name":
            self._push("PATCH", LOCATION, self.location, {"name": f"Name {self.minute}"}, at)
        elif kind == "status":
            self._push("PATCH", of_evse, evse, {"status": STATUSES[number % 5]}, at)
        elif kind == "floor":
            patch = {"floor_level": str(self.minute), "status": STATUSES[number % 4]}
            self._push("PATCH", of_evse, evse, patch, at)
        elif kind == "plug":
            evse["last_updated"] = at
            of_plug = of_evse._replace(connector_id="1")
            self._push(
                "PATCH", of_plug, evse["connectors"][0], {"max_amperage": 100 + self.minute}, at
            )
        elif kind == "new":
            evses.append(an_evse(1, 10 + self.minute, last_updated=at))
            uid = evses[-1]["uid"]
            self.sent.append(Sent("PUT", LOCATION._replace(uid=uid), copy.deepcopy(evses[-1])))
        else:
            if kind == "drop" and len(evses) > 1:
                evses.remove(evse)
            self.location["city"] = f"City {self.minute}"
            self.sent.append(Sent("PUT", LOCATION, copy.deepcopy(self.location)))
        self.history.append(copy.deepcopy(self.location))

    def _push(
        self, method: str, address: Address, thing: Document, patch: Document, at: str
    ) -> None:
        patch = patch | {"last_updated": at}
        thing |= patch
        self.sent.append(Sent(method, address, patch))


class Registry:
    """One source that takes what arrives."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.source = sources.add_source(
            connection,
            name=name,
            kind="ocpi",
            country_code="IN",
            versions_url="https://tpc.example",
        )

    def take_push(self, sent: Sent) -> None:
        body = json.dumps(sent.body).encode()
        push = Push(self.source.id, self.source.name, VERSION, "IN", datetime.now(UTC))
        if sent.body.keys() == {"status", "last_updated"}:
            at = datetime.fromisoformat(sent.body["last_updated"])
            claim = Claim(self.source.id, "2.2.1", sent.address, Status(sent.body["status"]), at)
            write_claims(self.connection, [claim], push.received_at)
            return
        act = door.put_location if sent.method == "PUT" else door.patch_location
        act(self.connection, push, sent.address, body)

    def take_page(self, location: Document, asked_at: datetime) -> None:
        now = datetime.now(UTC)
        context = Context(country="IN", received_at=now, asked_at=asked_at)
        delivery = deliveries.open_delivery(
            self.connection, self.source.id, "locations", "full", ocpi_version="2.2.1"
        )
        raw = json.dumps(location).encode()
        take_page(self.connection, delivery, MODULE, [raw], set(), Tally(), context)

    def show(self) -> Any:
        """All that can be seen of it."""
        push = Push(self.source.id, self.source.name, VERSION, "IN", datetime.now(UTC))
        held = door.read_location(self.connection, push, LOCATION)
        rows = self.connection.execute(
            """SELECT e.uid, e.floor_level, s.status::text, c.max_amperage, l.name, l.city
               FROM location l JOIN evse e ON e.location_id = l.id AND e.retired_at IS NULL
               JOIN evse_status s ON s.evse_id = e.id JOIN connector c ON c.evse_id = e.id
               WHERE l.source_id = %s ORDER BY e.uid""",
            (self.source.id,),
        ).fetchall()
        counted = self.connection.execute(
            "SELECT n_evse, n_available, n_busy, n_out FROM site WHERE source_id = %s",
            (self.source.id,),
        ).fetchall()
        return msgspec.json.decode(held) if held else None, rows, counted


changes = st.lists(
    st.tuples(
        st.sampled_from(["name", "status", "status", "floor", "plug", "new", "put", "drop"]),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=8,
)
detours = st.lists(
    st.tuples(st.sampled_from(["replay", "page"]), st.integers(0, 99), st.integers(0, 99)),
    max_size=6,
)


@slowly
@given(story=changes, detours=detours)
def test_pushes_pulls_and_replays_in_any_order_end_in_the_same_registry(
    connection: Connection, story: list[tuple[str, int]], detours: list[tuple[str, int, int]]
) -> None:
    """RE-8, RE-15, PU-13: pages read before a push arrive after it, old pushes arrive again."""
    operator = Operator()
    for kind, number in story:
        operator.change(kind, number)
    try:
        straight = Registry(connection, "straight")
        for sent in operator.sent:
            straight.take_push(sent)
        winding = Registry(connection, "winding")
        taken_at = []
        for place, sent in enumerate(operator.sent):
            winding.take_push(sent)
            taken_at.append(datetime.now(UTC))
            for kind, when, which in detours:
                if when % len(operator.sent) != place:
                    continue
                earlier = which % (place + 1)
                if kind == "replay":
                    winding.take_push(operator.sent[earlier])
                else:
                    winding.take_page(operator.history[earlier], taken_at[earlier])
        assert winding.show() == straight.show()
        shown = straight.show()[0]
        assert shown == operator.location
    finally:
        connection.rollback()


@slowly
@given(
    claims=st.lists(
        st.tuples(st.sampled_from(["1-1", "1-2"]), st.sampled_from(STATUSES), st.integers(0, 999)),
        unique_by=lambda claim: (claim[0], claim[2]),
        min_size=1,
    ),
    data=st.data(),
)
def test_permuted_statuses_end_in_the_same_latest_status(
    connection: Connection, claims: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    """RE-8: newest wins, in whatever batches."""
    shuffled = data.draw(st.permutations(claims))
    size = data.draw(st.integers(1, 10))

    def deliver(registry: Registry, told: list[tuple[str, str, int]]) -> None:
        batch = [
            Claim(
                registry.source.id, "2.2.1", LOCATION._replace(uid=uid), Status(status),
                START + timedelta(seconds=second),
            )
            for uid, status, second in told
        ]  # fmt: skip
        for first in range(0, len(batch), size):
            write_claims(connection, batch[first : first + size], datetime.now(UTC))

    try:
        shown = []
        orders: list[Callable[[], list[tuple[str, str, int]]]] = [
            lambda: sorted(claims, key=lambda claim: claim[2]), lambda: list(shuffled)
        ]  # fmt: skip
        for name, order in zip(("straight", "winding"), orders, strict=True):
            registry = Registry(connection, name)
            registry.take_push(Sent("PUT", LOCATION, a_location(1)))
            deliver(registry, order())
            shown.append(registry.show())
        assert shown[0] == shown[1]
        newest = {uid: status for uid, status, _ in sorted(claims, key=lambda claim: claim[2])}
        assert {row[0]: row[2] for row in shown[0][1]}.items() >= newest.items()
    finally:
        connection.rollback()
