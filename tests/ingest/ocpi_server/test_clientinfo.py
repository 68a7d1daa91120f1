from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from handshake_parties import FakeCpo, OurServer, Said, ask, reply, rows
from operator_server import Operator

from nop import handshake_jobs
from nop_registry.database import Connection
from nop_registry.store import peer_parties

Tell = Callable[..., Said]
AT = "2026-11-21T10:00:00Z"


@pytest.fixture
def tell(ours: OurServer, cpo: FakeCpo) -> Tell:
    """Say as a registered hub what it knows of a party."""
    cpo.roles = [
        {"role": "HUB", "country_code": "IN", "party_id": "HUB", "business_details": {"name": "H"}}
    ]
    token_a = ours.invite("hub", is_hub=True, parties=())
    token = cpo.send(ours, "POST", token_a).data["token"]

    def act(status: str, party: str = "ABC", method: str = "PUT", **changes: Any) -> Said:
        body = {"party_id": party, "country_code": "IN", "role": "CPO", "status": status,
                "last_updated": AT} | changes  # fmt: skip
        url = ours.url(f"2.2.1/receiver/clientinfo/IN/{party}")
        return ask(method, url, token, None if method == "GET" else body)

    return act


def known(connection: Connection, ours: OurServer) -> dict[str, tuple[str, str | None]]:
    found = peer_parties.list_parties(connection, ours.peer("hub"))
    connection.rollback()
    return {p.party_id: (p.state, p.connection) for p in found}


def test_a_hub_s_word_makes_a_party_known_and_agreed(
    ours: OurServer, tell: Tell, connection: Connection
) -> None:
    """RT-4, RT-5, CR-4: created 201, then 200; read back as it was said."""
    assert known(connection, ours) == {}  # the hub itself is no party of it
    assert tell("PLANNED").http == 201
    assert tell("CONNECTED").http == 200
    assert known(connection, ours) == {"ABC": ("agreed", "CONNECTED")}
    assert tell("", method="GET").data == {
        "party_id": "ABC", "country_code": "IN", "role": "CPO", "status": "CONNECTED",
        "last_updated": AT,
    }  # fmt: skip


def test_a_party_of_another_connection_is_not_taken_over(
    ours: OurServer, tell: Tell, connection: Connection
) -> None:
    """RT-5: it waits in quarantine for a person."""
    ours.invite("tpc")  # IN*TPC delivers by itself
    assert tell("CONNECTED", "TPC").http == 201
    assert known(connection, ours)["TPC"] == ("quarantined", "CONNECTED")


def test_last_updated_may_be_absent_and_an_older_word_changes_nothing(
    ours: OurServer, tell: Tell, connection: Connection
) -> None:
    """RT-4: the specification's own example lacks it."""
    assert tell("CONNECTED", last_updated=None).code == 1000
    assert tell("OFFLINE", last_updated="2020-01-01T00:00:00Z").code == 1000
    assert known(connection, ours)["ABC"] == ("agreed", "CONNECTED")


def test_nonsense_and_other_methods_are_refused(ours: OurServer, tell: Tell) -> None:
    """RT-4: there is no DELETE; ids in the URL and in the body agree; the status is one of four."""
    assert tell("CONNECTED", method="DELETE").http == 405
    assert (tell("CONNECTED", party_id="XYZ").http, tell("ASLEEP").code) == (200, 2001)
    assert tell("CONNECTED", party_id="XYZ").code == 2001
    assert tell("", "DEF", method="GET").http == 404


def test_a_connection_that_is_no_hub_has_no_such_module(ours: OurServer, cpo: FakeCpo) -> None:
    """RT-4, TR-7"""
    token = cpo.send(ours, "POST", ours.invite()).data["token"]
    answer = ask("GET", ours.url("2.2.1/receiver/clientinfo/IN/TPC"), token)
    assert answer.http == 404


def test_while_a_party_is_offline_its_statuses_are_not_confirmed_and_nothing_is_deleted(
    ours: OurServer,
    tell: Tell,
    connection: Connection,
    operator: Operator,
    pull_now: Callable[..., Any],
) -> None:
    """RT-5: OFFLINE and SUSPENDED make statuses stale; CONNECTED confirms them again."""
    tell("CONNECTED", "TPC")
    pull_now(full=True)
    with connection.transaction():
        connection.execute(
            """UPDATE peer SET source_id = (SELECT id FROM source WHERE name = 'tpc')
               WHERE name = 'hub'"""
        )
        connection.execute("UPDATE evse_status SET received_at = now() - interval '1 day'")

    def published() -> set[tuple[str, str]]:
        found = rows(
            connection, "SELECT status::text, last_known_status::text FROM evse_status_now"
        )
        return set(found)

    assert published() == {("AVAILABLE", "AVAILABLE")}
    tell("SUSPENDED", "TPC", last_updated="2026-11-21T10:01:00Z")
    assert published() == {("UNKNOWN", "AVAILABLE")}
    assert rows(connection, "SELECT count(*) FROM location WHERE retired_at IS NULL") == [(3,)]
    tell("CONNECTED", "TPC", last_updated="2026-11-21T10:02:00Z")
    assert published() == {("AVAILABLE", "AVAILABLE")}


def test_the_hub_s_whole_list_is_read_from_its_sender(
    ours: OurServer, tell: Tell, cpo: FakeCpo, connection: Connection
) -> None:
    """RT-4: daily; a bad entry does not cost the others."""
    with connection.transaction():
        connection.execute(
            """UPDATE peer SET endpoints = '[{"identifier": "hubclientinfo", "url": "x"}]'"""
        )
    cpo.modules.append(("hubclientinfo", "SENDER"))
    said = [
        {"party_id": p, "country_code": "IN", "role": "CPO", "status": s, "last_updated": AT}
        for p, s in (("ABC", "CONNECTED"), ("?", "CONNECTED"), ("DEF", "OFFLINE"))
    ]
    for version in ("2.2.1", "2.3.0"):
        cpo.on[f"/{version}/hubclientinfo"] = lambda request: reply(request, 200, 1000, said)
        cpo.on[f"GET /{version}/hubclientinfo?limit=500"] = cpo.on[f"/{version}/hubclientinfo"]
    with connection.transaction():
        assert handshake_jobs.list_due(connection, ours.settings) == [("hub", "read_parties")]
    handshake_jobs.do(connection, ours.settings, ours.key, "hub", "read_parties")
    assert known(connection, ours) == {"ABC": ("agreed", "CONNECTED"), "DEF": ("agreed", "OFFLINE")}
    with connection.transaction():
        assert handshake_jobs.list_due(connection, ours.settings) == []


def test_a_hub_s_list_is_read_with_what_is_known_of_the_hub(
    ours: OurServer, tell: Tell, cpo: FakeCpo, connection: Connection
) -> None:
    """RT-4, VE-8: such as a person's word that its URLs are to be read on its own host."""
    with connection.transaction():
        connection.execute("""UPDATE source SET quirks = '{"rewrite_origin": true}'""")
    details = cpo.details("2.2.1")
    details["endpoints"].append({
        "identifier": "hubclientinfo", "role": "SENDER",
        "url": "http://inside.example/ocpi/2.2.1/hubclientinfo",
    })  # fmt: skip
    cpo.on["/2.2.1"] = lambda request: reply(request, 200, 1000, details)
    said = [{"party_id": "ABC", "country_code": "IN", "role": "CPO", "status": "CONNECTED"}]
    cpo.on["/2.2.1/hubclientinfo?limit=500"] = lambda request: reply(request, 200, 1000, said)
    handshake_jobs.do(connection, ours.settings, ours.key, "hub", "read_parties")
    assert known(connection, ours) == {"ABC": ("agreed", "CONNECTED")}
