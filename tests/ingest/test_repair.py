"""One Location fetched from its operator, because a push named it (PU-15)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from operator_server import KEY, Operator, a_location, agree_on, intercept, read, send

from nop_ingest.pull import PullReport
from nop_ingest.repair import pull_one
from nop_registry.database import Connection, connect
from nop_registry.store import sources
from nop_registry.store.withdrawal import withdraw_source

Pull = Callable[..., PullReport]


def serve_one(operator: Operator, location: dict[str, Any] | None) -> None:
    def one(request: BaseHTTPRequestHandler) -> bool:
        if location is None:
            request.send_error(404)
        else:
            send(request, location)
        return True

    intercept(operator, "/locations/LOC9", one)


def fetch(connection: Connection, party: str = "TPC") -> bool:
    source = sources.get_source(connection, "tpc")
    connection.commit()
    return pull_one(connection, source, "IN", party, "LOC9", key=KEY, country="IN")


def test_one_location_is_fetched_and_kept(
    connection: Connection, operator: Operator, source_of: Any
) -> None:
    """PU-15, RE-12."""
    serve_one(operator, a_location(9))
    agree_on(connection, source_of(), "INTPC")
    assert fetch(connection)
    assert read(connection, "SELECT ocpi_id FROM location JOIN site ON location_id = id") == [
        ("LOC9",)
    ]
    assert read(connection, "SELECT mode, state, report->>'created' FROM delivery") == [
        ("push", "complete", "1")
    ]


@pytest.mark.parametrize(
    "other",
    [None, a_location(8), a_location(9, party_id="XYZ"), a_location(9, coordinates=None)],
    ids=["none", "another", "another party's", "unusable"],
)
def test_a_location_that_is_not_the_one_asked_for_is_not_kept(
    connection: Connection, operator: Operator, source_of: Any, other: dict[str, Any] | None
) -> None:
    """PU-15, P24."""
    serve_one(operator, other)
    agree_on(connection, source_of(), "INTPC", "INXYZ")
    assert not fetch(connection)
    assert read(connection, "SELECT count(*) FROM location") == [(0,)]


def test_a_party_that_was_not_agreed_on_is_not_fetched(
    connection: Connection, operator: Operator, source_of: Any
) -> None:
    """PU-11, PU-15: the operator is not even asked."""
    serve_one(operator, a_location(9, party_id="XYZ"))
    agree_on(connection, source_of(), "INTPC")
    assert not fetch(connection, "XYZ")


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_source_that_was_withdrawn_does_not_come_back_in_single_locations(
    connection: Connection, database_url: str, operator: Operator, source_of: Any, when: str
) -> None:
    """SE-7, PU-15: a status that was pushed at that moment has asked for its Location."""

    def withdraw(request: BaseHTTPRequestHandler | None = None) -> bool:
        with closing(connect(database_url)) as person, person.transaction():
            withdraw_source(person, "tpc", "its licence ended")
        return False

    serve_one(operator, a_location(9))
    agree_on(connection, source_of(), "INTPC")
    connection.commit()
    if when == "before":
        withdraw()
    else:
        intercept(operator, "/locations/LOC9", withdraw)
    assert not fetch(connection)
    assert read(connection, "SELECT count(*) FROM location") == [(0,)]


def test_fetching_one_leaves_a_pull_that_was_cut_off_as_it_is(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    operator.locations = [a_location(n) for n in range(20, 55)]
    agree_on(connection, source_of(), "INTPC")
    operator.fail_after = 3
    assert pull_it().failed
    operator.fail_after, operator.queries = None, []
    serve_one(operator, a_location(9))
    assert fetch(connection)
    assert not pull_it().failed
    assert operator.queries[-1]["offset"] == "30"
    assert [q.get("offset") for q in operator.queries if q["module"] == "locations"] == ["20", "30"]
