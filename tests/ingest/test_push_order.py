"""Whatever the order in which pushes, pulls and replays arrive, the registry ends the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operator_server import a_location
from push_story import LOCATION, START, STATUSES, Listener, Sent, Storyteller, minute

from nop_ingest.push_statuses import Claim, write_claims
from nop_registry.database import Connection
from nop_registry.enums import Status

slowly = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def show(listener: Listener) -> Any:
    """All that can be seen of it."""
    rows = listener.connection.execute(
        """SELECT e.uid, e.floor_level, s.status::text, c.max_amperage, l.name, l.city
           FROM location l JOIN evse e ON e.location_id = l.id AND e.retired_at IS NULL
           JOIN evse_status s ON s.evse_id = e.id JOIN connector c ON c.evse_id = e.id
           WHERE l.source_id = %s ORDER BY e.uid""",
        (listener.source.id,),
    ).fetchall()
    counted = listener.connection.execute(
        "SELECT n_evse, n_available, n_busy, n_out FROM site WHERE source_id = %s",
        (listener.source.id,),
    ).fetchall()
    return listener.document(), rows, counted


changes = st.lists(
    st.tuples(
        st.sampled_from(
            ["name", "status", "status", "floor and status", "plug", "new", "put", "drop"]
        ),
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
    operator = Storyteller()
    for kind, number in story:
        operator.change(kind, number)
    try:
        straight = Listener(connection, "straight")
        for sent in operator.sent:
            straight.take_push(sent, minute(sent.minute))
        winding = Listener(connection, "winding")
        for place, sent in enumerate(operator.sent):
            at = minute(sent.minute)
            winding.take_push(sent, at)
            for kind, when, which in detours:
                if when % len(operator.sent) != place:
                    continue
                earlier = which % (place + 1)
                if kind == "replay":
                    winding.take_push(operator.sent[earlier], at + timedelta(seconds=10))
                else:
                    asked_at = minute(earlier) + timedelta(seconds=1)
                    winding.take_page(operator.history[earlier], asked_at, at)
        assert show(winding) == show(straight)
        assert straight.document() == operator.location
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

    def deliver(registry: Listener, told: list[tuple[str, str, int]]) -> None:
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
            registry = Listener(connection, name)
            registry.take_push(Sent("PUT", LOCATION, a_location(1), 0), datetime.now(UTC))
            deliver(registry, order())
            shown.append(show(registry))
        assert shown[0] == shown[1]
        newest = {uid: status for uid, status, _ in sorted(claims, key=lambda claim: claim[2])}
        assert {row[0]: row[2] for row in shown[0][1]}.items() >= newest.items()
    finally:
        connection.rollback()
