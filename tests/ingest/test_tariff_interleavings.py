"""Tariffs put, deleted, pulled and sent again in any order: the end is what is true."""

from __future__ import annotations

import itertools
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from operator_server import KEY, TOKEN, Operator, a_location, a_tariff, intercept

from nop_ingest.ocpi.versions import find_version
from nop_ingest.pull import pull
from nop_ingest.push import delete_tariff, put_tariff
from nop_ingest.push_rules import Address, Outcome, Push
from nop_registry.database import Connection, connect
from nop_registry.store import sources
from nop_registry.store.peer_parties import agree
from nop_registry.store.peers import add_peer

Sent = tuple[str, bytes | None]  # the version of a push, and its body; None: a DELETE
_numbers = itertools.count(1)


class Prices:
    """An operator with the tariffs T0, which stays, and T1; and a registry that hears of both."""

    def __init__(self, connection: Connection, database_url: str, operator: Operator) -> None:
        self.connection, self.database_url, self.operator = connection, database_url, operator
        operator.locations, operator.tariffs = [a_location(1)], [a_tariff(id="T0")]
        self.told = True  # the registry has heard by push or pull what T1 is now
        self.silently_gone = False
        self.sent: list[Sent] = []
        name = f"prices-{next(_numbers)}"
        with connection.transaction():
            self.source = sources.add_source(
                connection, name=name, kind="ocpi", country_code="IN", allow_loopback=True,
                versions_url=operator.url, token=TOKEN, key=KEY,
            )  # fmt: skip
            peer = add_peer(connection, name=name, purpose="supplier", source_id=self.source.id)
            agree(connection, peer, [("IN", "TPC")])
        # Within the overlap of an incremental pull, and never ahead of our clock.
        self.clock = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
        self.pull(full=True)

    def price(self, rupees: int, version: str | None) -> None:
        """T1 costs so much from now on, and exists again if it did not."""
        self.clock += timedelta(seconds=1)
        at = self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        elements = [{"price_components": [{"type": "ENERGY", "price": rupees, "step_size": 1}]}]
        tariff = a_tariff(elements=elements, last_updated=at)
        self.operator.tariffs = [a_tariff(id="T0"), tariff]
        self.told = self.silently_gone = False
        if version:
            body = tariff | ({"tax_included": "NO"} if version == "2.3.0" else {})
            self.sent.append((version, json.dumps(body).encode()))
            self.deliver(self.connection, self.sent[-1])
            self.told = True

    def withdraw(self, version: str | None) -> None:
        """T1 is no more."""
        self.silently_gone = self.silently_gone or (version is None and self.has_one)
        self.told = self.told and not self.has_one
        self.operator.tariffs = [a_tariff(id="T0")]
        if version:
            self.sent.append((version, None))
            self.deliver(self.connection, self.sent[-1])
            self.told, self.silently_gone = True, False

    def withdraw_during_pull(self, version: str, *, full: bool) -> None:
        """T1 is no more, and the DELETE arrives before the page that lists it is stored."""
        usual, outcomes = self.operator.answer, []

        def act(request: BaseHTTPRequestHandler) -> bool:
            with closing(connect(self.database_url)) as other:
                outcomes.append(self.deliver(other, (version, None)))
            return False

        had_one = self.has_one
        intercept(self.operator, "/tariffs", act)
        self.pull(full=full)
        self.operator.answer = usual  # type: ignore[method-assign]
        self.operator.tariffs = [a_tariff(id="T0")]
        self.sent.append((version, None))
        # A DELETE of what we had not heard of yet leaves no tombstone: it was answered 404.
        self.told = outcomes[0].what == "taken" or (self.told and not had_one)
        self.silently_gone = not self.told

    def send_again(self, sent: Sent) -> None:
        """A push that was delivered before is delivered once more."""
        self.deliver(self.connection, sent)
        if sent[1] is None:
            self.told = not self.has_one  # it carries no time: the next pull mends it
            self.silently_gone = self.silently_gone and not self.told

    def deliver(self, connection: Connection, sent: Sent) -> Outcome:
        version, address = find_version(sent[0]), Address("IN", "TPC", "T1")
        assert version
        push = Push(self.source.id, self.source.name, version, "IN", datetime.now(UTC))
        with connection.transaction():
            if sent[1] is None:
                return delete_tariff(connection, push, address)
            return put_tariff(connection, push, address, sent[1])

    def pull(self, *, full: bool) -> None:
        source = sources.get_source(self.connection, self.source.name)
        self.connection.commit()
        report = pull(self.connection, source, key=KEY, country="IN", full=full)
        assert not report.failed, report
        self.told = self.told or not self.silently_gone

    @property
    def has_one(self) -> bool:
        return len(self.operator.tariffs) == 2

    def show(self) -> list[tuple[Any, ...]]:
        """What the registry holds as live: each tariff's id, clock and price."""
        found = self.connection.execute(
            """SELECT ocpi_id, last_updated,
                      (document #>> '{elements,0,price_components,0,price}')::float
               FROM tariff WHERE source_id = %s AND retired_at IS NULL ORDER BY ocpi_id""",
            (self.source.id,),
        ).fetchall()
        self.connection.commit()
        return found

    def truth(self) -> list[tuple[Any, ...]]:
        """The same of what the operator has."""
        return [
            (
                tariff["id"],
                datetime.fromisoformat(tariff["last_updated"]),
                tariff["elements"][0]["price_components"][0]["price"],
            )
            for tariff in self.operator.tariffs
        ]


versions = st.sampled_from(["2.1.1", "2.2.1", "2.3.0", None])
events = st.one_of(
    st.tuples(st.integers(1, 9), versions),
    st.tuples(st.just("gone"), versions),
    st.sampled_from(["full pull", "pull", "gone during a full pull", "gone during a pull"]),
    st.integers(0, 99),
    st.integers(0, 99),
)


# Not shrunk: an example takes most of a second.
@settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=st.lists(events, min_size=4, max_size=14), full=st.booleans())
@example([(5, "2.2.1"), ("gone", "2.2.1"), 0], False)
@example([(5, "2.3.0"), (6, None), "gone during a pull"], False)
def test_tariffs_put_deleted_pulled_and_sent_again_end_in_what_is_true(
    connection: Connection, database_url: str, operator: Operator, story: list[Any], full: bool
) -> None:
    """RE-8, RE-15, RE-16, PU-13: at once, but for a DELETE sent again and what nobody told."""
    world = Prices(connection, database_url, operator)
    for event in story:
        if isinstance(event, int):
            if world.sent:
                world.send_again(world.sent[event % len(world.sent)])
        elif isinstance(event, tuple):
            what, version = event
            if what == "gone":
                world.withdraw(version)
            else:
                world.price(what, version)
        elif event.startswith("gone"):
            world.withdraw_during_pull("2.2.1", full="full" in event)
        else:
            world.pull(full="full" in event)
        if world.told:
            assert world.show() == world.truth()
    if world.silently_gone:
        world.pull(full=True)  # gone is what two full pulls lack (PU-4)
    world.pull(full=full or world.silently_gone)
    assert world.show() == world.truth()
