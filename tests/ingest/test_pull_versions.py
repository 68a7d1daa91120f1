"""The version that a pull speaks, and whose the objects of one that names no party are."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from operator_server import Operator, a_location, a_tariff, agree_on, intercept, read, send

from nop_ingest.pull import PullReport
from nop_registry.database import Connection
from nop_registry.store import sources

Pull = Callable[..., PullReport]


def speak(operator: Operator, version: str) -> None:
    """The operator offers this version only."""

    def versions(request: BaseHTTPRequestHandler) -> bool:
        send(request, [{"version": version, "url": f"{operator.base}/2.2.1"}])
        return True

    intercept(operator, "/versions", versions)


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


@pytest.mark.parametrize("version", ["2.3.0", "2.2"])
def test_objects_are_read_in_the_version_that_was_chosen(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull, version: str
) -> None:
    """VE-3: and the delivery remembers it."""
    speak(operator, version)
    source_of()
    report = pull_it()
    assert report.version == version and not report.failed
    assert report.modules[1].tally.created == 3
    stored = read(connection, "SELECT DISTINCT ocpi_version FROM delivery")
    assert stored == [("2.2.1" if version == "2.2" else version,)]


def speak_2_1_1(operator: Operator) -> None:
    speak(operator, "2.1.1")
    operator.locations = [
        without(a_location(n), "country_code", "party_id", "publish") | {"type": "ON_STREET"}
        for n in (1, 2)
    ]
    operator.tariffs = [without(a_tariff(), "country_code", "party_id", "type")]


def owners(connection: Connection) -> list[tuple[Any, ...]]:
    return read(connection, "SELECT DISTINCT country_code, party_id FROM location")


def test_an_object_of_2_1_1_belongs_to_the_party_that_a_person_named(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """CR-35, RO-3: without one it is refused, not guessed."""
    speak_2_1_1(operator)
    source_of()
    report = pull_it()
    assert report.version == "2.1.1" and report.modules[1].tally.rejected == 2
    with connection.transaction():
        sources.change_quirks(connection, "tpc", {"party": "IN*ABC"})
    assert pull_it(full=True).modules[1].tally.created == 2
    assert owners(connection) == [("IN", "ABC")]


@pytest.mark.parametrize("said", ["roles", "agreement"])
def test_an_object_of_2_1_1_belongs_to_the_connections_party(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull, said: str
) -> None:
    """CR-35: party_id and country_code of the credentials, or the one that was agreed on."""
    speak_2_1_1(operator)
    agree_on(connection, source_of(), "INTPC")
    if said == "roles":
        connection.execute(
            """UPDATE peer SET roles = '[{"country_code": "IN", "party_id": "TPC"}]'"""
        )
        connection.commit()
    assert pull_it().modules[1].tally.created == 2
    assert owners(connection) == [("IN", "TPC")]


def test_the_version_that_was_agreed_on_is_read(
    connection: Connection, operator: Operator, source_of: Any, pull_it: Pull
) -> None:
    """VE-3, CR-30: even where a better one is offered since; a person may choose another."""
    intercept(operator, "/versions", lambda request: send(request, [
        {"version": v, "url": f"{operator.base}/2.2.1"} for v in ("2.2.1", "2.3.0")
    ]) or True)  # fmt: skip
    agree_on(connection, source_of(), "INTPC")
    connection.execute("UPDATE peer SET version = '2.2.1'")
    connection.commit()
    assert pull_it().version == "2.2.1"
    assert read(connection, "SELECT quirks ? 'version' FROM source") == [(False,)]
    with connection.transaction():
        sources.change_quirks(connection, "tpc", {"version": "2.3.0"})
    assert pull_it(full=True).version == "2.3.0"
