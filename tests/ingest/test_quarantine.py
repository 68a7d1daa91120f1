"""Objects of parties that nobody agreed on (PU-11, CR-13)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from operator_server import Operator, a_location, a_tariff, agree_on, intercept, read

from nop_ingest.pull import PullReport
from nop_registry.database import Connection, connect
from nop_registry.store.peer_parties import NamedParty, agree, approve, note_parties

Pull = Callable[..., PullReport]


def owners(connection: Connection) -> list[tuple[Any, ...]]:
    return read(connection, "SELECT DISTINCT country_code, party_id FROM location")


def test_objects_of_parties_not_agreed_on_are_put_in_quarantine(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """PU-11, CR-13: counted, reported, not stored, and taken once a person has agreed."""
    operator.locations += [a_location(n, party_id="XYZ") for n in (7, 8)]
    operator.tariffs.append(a_tariff(party_id="xyz"))
    peer = agree_on(connection, source_of(), "INTPC")
    report = pull_it()
    assert not report.failed and report.quarantined == {"IN*XYZ": 3}
    tally = report.modules[1].tally
    assert (tally.objects, tally.created, tally.quarantined) == (5, 3, 2)
    assert owners(connection) == [("IN", "TPC")]
    waiting = "SELECT party_id, seen_objects FROM peer_party WHERE state = 'quarantined'"
    assert read(connection, waiting) == [("XYZ", 3)]
    assert pull_it(full=True).modules[1].tally.missing == 0
    assert read(connection, waiting) == [("XYZ", 3)]  # the same ones
    operator.locations.pop()
    pull_it(full=True)
    assert read(connection, waiting) == [("XYZ", 2)]
    with connection.transaction():
        agree(connection, peer, [("IN", "XYZ")])
    report = pull_it(full=True)
    assert report.quarantined == {} and report.modules[1].tally.created == 1
    assert read(connection, waiting) == []


@pytest.mark.parametrize("when", ["between pulls", "while a pull reads", "after a cut"])
def test_all_of_a_party_that_was_let_in_comes_with_the_next_pull(
    connection: Connection, database_url: str, operator: Operator, source_of: Any, pull_it: Pull,
    when: str,
) -> None:  # fmt: skip
    """PU-11, PU-5: what did not change since the last pull was passed over until now."""
    operator.locations += [a_location(n, party_id="XYZ") for n in range(7, 27)]
    peer = agree_on(connection, source_of(), "INTPC")

    def let_in(request: BaseHTTPRequestHandler | None = None) -> bool:
        if request is None or "offset=20" in request.path:
            with closing(connect(database_url)) as person, person.transaction():
                approve(person, peer, ("IN", "XYZ"))
        return False

    with connection.transaction():
        note_parties(connection, peer, [NamedParty("IN", "XYZ")])
    if when == "while a pull reads":
        intercept(operator, "/locations", let_in)
    elif when == "after a cut":
        operator.fail_after = 2
    pull_it(full=True)
    operator.fail_after = None
    if when != "while a pull reads":
        let_in()
    pull_it()
    assert read(connection, "SELECT count(*) FROM location") == [(23,)]
    assert pull_it().modules[1].mode == "incremental"


def test_a_connection_that_agreed_on_nobody_delivers_nothing(
    connection: Connection, source_of: Any, pull_it: Pull
) -> None:
    """PU-11: roles that were not approved yet are in quarantine."""
    agree_on(connection, source_of())
    assert pull_it().modules[1].tally.quarantined == 3
    assert read(connection, "SELECT count(*) FROM location") == [(0,)]


def test_an_object_that_names_nobody_known_is_refused_and_not_in_quarantine(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    operator.locations[0]["party_id"] = "no party at all"
    agree_on(connection, source_of(), "INTPC")
    tally = pull_it().modules[1].tally
    assert (tally.rejected, tally.quarantined) == (1, 0)


def test_a_hub_delivers_for_the_parties_that_were_agreed_on(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """P23, RT-2: it names only itself; it is asked in its own name."""
    operator.locations += [a_location(7, country_code="DE", party_id="AAA")]
    agree_on(connection, source_of(), "INTPC", "DEAAA", is_hub=True)
    connection.execute(
        """UPDATE peer SET roles =
           '[{"role": "HUB", "country_code": "NL", "party_id": "HUB"}]'"""
    )
    asked = []

    def note(request: BaseHTTPRequestHandler) -> bool:
        asked.append(request.headers["OCPI-to-party-id"])
        return False

    intercept(operator, "/locations", note)
    report = pull_it()
    assert set(asked) == {"HUB"} and report.modules[1].tally.created == 4
    assert report.quarantined == {}
