"""Pushes that come hours after what they tell, in order or not: only their claims decide.

An EVSE that nobody heard of is taken however old it calls itself (many a peer puts a bare Location
and then its EVSEs), so here only EVSEs of the first PUT are dropped.
"""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from operator_server import a_location, an_evse
from push_story import KINDS, Listener, Sent, Storyteller, minute, spelt

from nop_registry.database import Connection

slowly = settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.generate],  # not shrunk: an example takes long
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
stories = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9)), min_size=2, max_size=9)


def test_an_evse_that_was_dropped_and_put_again_comes_back_though_both_are_late(
    connection: Connection,
) -> None:
    """RE-1, RE-8: what dropped it claims an earlier time than what puts it, received later."""
    operator = tell([("drop", 0), ("again", 0)])
    listener = Listener(connection, "late")
    for sent, at in zip(operator.sent, (0, 600, 601), strict=True):
        assert listener.take_push(sent, minute(at)) == "taken"
    assert set(listener.live()) == {"1-1", "1-2", "1-3"}


@pytest.mark.parametrize("has_times", [True, False])
def test_what_a_page_dropped_stays_away_from_replays_though_the_peer_bumps_nothing(
    connection: Connection, has_times: bool
) -> None:
    """PU-13, P6: equal is not newer; a page without any time is as of the request for it."""
    operator = tell([("evse", 0)])
    put, put_evse = operator.sent
    page = copy.deepcopy(operator.location)
    del page["evses"][0]
    if not has_times:
        del page["last_updated"], page["evses"][0]["last_updated"]
        del page["evses"][1]["last_updated"]
    listener = Listener(connection, "pulled")
    for sent in (put, put_evse):
        listener.take_push(sent, minute(sent.minute))
    listener.take_page(page, minute(60), minute(60))
    assert set(listener.live()) == {"1-2", "1-3"}
    for sent in (put, put_evse):
        assert listener.take_push(sent, minute(70)) == "stale"
    assert set(listener.live()) == {"1-2", "1-3"}
    later = put_evse.body | {"last_updated": spelt(minute(65))}
    assert listener.take_push(put_evse._replace(body=later), minute(80)) == "taken"
    assert set(listener.live()) == {"1-1", "1-2", "1-3"}


def test_a_bare_location_takes_evses_that_are_older_than_itself(connection: Connection) -> None:
    """RE-1: so do many peers bring a new station."""
    operator = Storyteller()
    bare = operator.sent[0].body | {"evses": [], "last_updated": spelt(minute(60))}
    listener = Listener(connection, "bare")
    listener.take_push(operator.sent[0]._replace(body=bare), minute(60))
    for evse in operator.location["evses"]:
        operator.put_evse(evse)
        assert listener.take_push(operator.sent[-1], minute(60)) == "taken"
    assert set(listener.live()) == {"1-1", "1-2", "1-3"}


def test_a_late_location_in_an_older_version_leaves_the_newer_parts(connection: Connection) -> None:
    """RE-8, VE: and its own fields and list count."""
    operator = tell([("floor", 0)])
    first, floor = operator.sent
    listener = Listener(connection, "versions")
    for sent in (first, floor._replace(body=floor.body | {"last_updated": spelt(minute(90))})):
        listener.take_push(sent, minute(100))
    old = a_location(1, name="Old words", type="ON_STREET", last_updated=spelt(minute(60)))
    old["evses"] = [an_evse(1, n, last_updated=spelt(minute(0))) for n in (1, 2)]
    for name in ("country_code", "party_id", "publish"):
        del old[name]
    late = first._replace(body=old)
    assert listener.take_push(late, minute(120), version="2.1.1") == "taken"
    held = listener.document()
    assert held["name"] == "Old words" and held["publish"] is True
    assert [(e["uid"], e.get("floor_level")) for e in held["evses"]] == [
        ("1-1", "1"),
        ("1-2", None),
    ]


def tell(story: list[tuple[str, int]]) -> Storyteller:
    operator = Storyteller()
    for kind, number in story:
        operator.change(kind, number)
    return operator


def truth(operator: Storyteller) -> dict[str, tuple[str, list[str]]]:
    return {
        evse["uid"]: (evse["status"], sorted(plug["id"] for plug in evse["connectors"]))
        for evse in operator.location["evses"]
    }


@slowly
@given(
    story=stories,
    late=st.lists(st.integers(0, 400), min_size=10, max_size=10),
    pages=st.lists(st.integers(0, 400), max_size=3),
    replays=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 800)), max_size=4),
)
def test_what_comes_late_and_in_order_ends_as_what_came_in_time(
    connection: Connection, story: list[tuple[str, int]], late: list[int], pages: list[int],
    replays: list[tuple[int, int]],
) -> None:  # fmt: skip
    """RE-1, RE-8, RE-15, PU-13: among pages that show more than was pushed, and replays."""
    operator = tell(story)
    arrived, events = 0, []
    for place, sent in enumerate(operator.sent):
        arrived = max(arrived, sent.minute + (late[place] if place else 0))
        events.append((arrived, 0, place))
        events += [(arrived + wait, 1, place) for which, wait in replays if which == place]
    events += [(asked, 2, asked) for asked in pages]
    try:
        winding = Listener(connection, "winding")
        for at, kind, which in sorted(events):
            if kind == 2:
                shown = operator.history[min(which, operator.minute)]
                winding.take_page(shown, minute(at), minute(at))
            else:
                winding.take_push(operator.sent[which], minute(at) + timedelta(seconds=30))
        assert winding.live() == truth(operator)
        assert winding.document() == operator.location
    finally:
        connection.rollback()


@slowly
@given(story=stories, data=st.data())
def test_pushes_in_any_order_end_in_the_same_evses_connectors_and_statuses(
    connection: Connection, story: list[tuple[str, int]], data: st.DataObject
) -> None:
    """RE-1, RE-8, RE-15, PU-13: among pages of any moment; what was answered 404 is sent again."""
    operator = tell(story)
    first, *others = operator.sent
    waits = data.draw(st.lists(st.integers(0, 9), min_size=len(others), max_size=len(others)))
    replays = data.draw(st.lists(st.integers(0, 9), max_size=3))
    pages = data.draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=2))
    order = in_some_order(others, waits)
    order += [others[which % len(others)] for which in replays]
    try:
        winding = Listener(connection, "winding")
        winding.take_push(first, minute(600))
        unknown = []
        for place, sent in enumerate(order):
            for which in [which for where, which in pages if where == place]:
                shown = operator.history[min(which, operator.minute)]
                winding.take_page(shown, minute(600), minute(600))
            if winding.take_push(sent, minute(600)) == "unknown":
                unknown.append(sent)
        for _ in range(2):
            unknown = [s for s in unknown if winding.take_push(s, minute(700)) == "unknown"]
        assert winding.live() == truth(operator)
    finally:
        connection.rollback()


def in_some_order(sent: list[Sent], waits: list[int]) -> list[Sent]:
    """Each push waits so long; what is said of an EVSE that returns waits for its return."""
    arrived: dict[int, int] = {}
    since: dict[str, int] = {}
    there = {"1-1", "1-2", "1-3"}
    for place, (push, wait) in enumerate(zip(sent, waits, strict=True)):
        arrived[place] = place + wait
        uid = push.address.uid
        if uid is not None:
            arrived[place] = max(arrived[place], since.get(uid, 0))
            told = {uid} | there
        else:
            told = {evse["uid"] for evse in push.body.get("evses", [])} or there
        for back in told - there:
            since[back] = arrived[place]
        there = told
    return [sent[place] for place in sorted(arrived, key=lambda place: (arrived[place], place))]
