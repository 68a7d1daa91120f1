from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from handshake_parties import FakeCpo, OurServer, Register, ask, reply, rows

from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.errors import OcpiError, PeerError
from nop_ingest.ocpi.handshake import Outcome
from nop_ingest.ocpi.onboarding import Terms, agree_by_hand, find_or_add_peer
from nop_registry.database import Connection, connect, migrate
from nop_registry.errors import InvalidInput
from nop_registry.store import sources


@pytest.mark.parametrize("version", [None, "2.1.1", "2.2.1"])
def test_rotation_renews_both_tokens_and_may_change_the_version(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection, version: str | None
) -> None:
    """CR-30, CR-31: during our PUT both tokens open; afterwards the old one ends soon."""
    register(version="2.2.1")
    old = cpo.theirs
    cpo.token = "operator-token-C2-1357924680"
    during: list[int] = []
    cpo.on["PUT"] = lambda _: during.append(ask("GET", ours.versions_url, old).http)
    outcome = handshake.rotate(connection, ours.peer(), us=ours.us, key=ours.key, version=version)

    assert outcome.version == (version or "2.3.0") == ours.peer().version
    assert ours.peer().token(ours.key) == cpo.token
    assert rows(connection, "SELECT state FROM source") == [("active",)]
    assert during == [200] and cpo.theirs != old
    assert ask("GET", ours.versions_url, old).http == 200  # on its way when we answered
    assert ask("GET", ours.url("2.2.1"), cpo.theirs).http == 200
    assert ask("GET", ours.versions_url, old).http == 401  # the new one was used


def test_a_refused_rotation_leaves_the_old_tokens_although_the_new_one_was_tried(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection
) -> None:
    """CR-30: the peer called back with the new token, then refused."""
    register()
    old = cpo.theirs

    def call_back_and_refuse(request: Any) -> bool:
        ask("GET", ours.versions_url, cpo.requests[-1][2]["token"])
        return reply(request, 200, 3001)

    cpo.on["PUT"] = call_back_and_refuse
    with pytest.raises(PeerError):
        handshake.rotate(connection, ours.peer(), us=ours.us, key=ours.key)
    assert ask("GET", ours.versions_url, old).http == 200
    assert ask("GET", ours.versions_url, cpo.requests[-1][2]["token"]).http == 401
    assert (ours.peer().state, ours.peer().token(ours.key)) == ("registered", cpo.token)


@pytest.mark.parametrize(
    "answer",
    [(200, 1000), (401, 2001), (404, 2000), (405, 2000), (500, 3000),
     *((200, 1000, echo) for echo in ({}, [], "", {"token": "x"}))],
)  # fmt: skip
def test_unregistering_ends_the_connection_whatever_the_peer_says(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection,
    answer: tuple[Any, ...],
) -> None:  # fmt: skip
    """CR-32, CR-14, CR-33, CR-34, TR-11: no token is valid any more; the source keeps its data."""
    register()
    cpo.on["DELETE"] = lambda request: reply(request, *answer)
    outcome = handshake.unregister(connection, ours.peer(), key=ours.key)

    assert cpo.requests[-1][:2] == ("DELETE", "/2.3.0/credentials")
    assert bool(outcome.warnings) == (answer[0] != 200)
    assert (ours.peer().state, ours.peer().token_sealed) == ("unregistered", None)
    assert ask("GET", ours.versions_url, cpo.theirs).http == 401
    [found] = rows(connection, "SELECT state, state_reason, token_sealed FROM source")
    assert found == ("disabled", "disconnected: we ended it", None)


def test_states_allow_only_what_they_should(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection
) -> None:
    """CR-34"""

    def rotate() -> Outcome:
        return handshake.rotate(connection, ours.peer(), us=ours.us, key=ours.key)

    with pytest.raises(InvalidInput, match="invited"):
        rotate()
    with pytest.raises(InvalidInput, match="--token"):
        register(token=None)
    register()
    with pytest.raises(InvalidInput, match="rotate or unregister"):
        register()
    handshake.unregister(connection, ours.peer(), key=ours.key)
    with pytest.raises(InvalidInput, match="unregistered"):
        rotate()
    cpo.accepted = {cpo.token_a}
    assert register().version == "2.3.0"  # and anew


def test_static_tokens_need_no_handshake(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-34, CR-31: agreed by hand; no credentials module is offered, nothing is renewed."""
    with connection.transaction():
        made = agree_by_hand(
            connection, find_or_add_peer(connection, "by-hand", Terms(country="IN")),
            they_send=None, we_send="operator-token", versions_url=cpo.url, key=ours.key,
        )  # fmt: skip
        source = sources.get_source(connection, "by-hand")
    assert (source.state, source.token(ours.key)) == ("active", "operator-token")
    details = ask("GET", ours.url("2.2.1"), made).data
    assert "credentials" not in {e["identifier"] for e in details["endpoints"]}
    assert ask("PUT", ours.url("2.2.1/credentials"), made, {}).http == 405
    with pytest.raises(InvalidInput), connection.transaction():
        agree_by_hand(
            connection, ours.peer("by-hand"), they_send="short", we_send=None, versions_url=None,
            key=ours.key,
        )  # fmt: skip


def test_two_instances_of_ours_shake_hands(
    ours: OurServer, connection: Connection, empty_database_url: str, tmp_path: Path
) -> None:
    """CR-11, CR-20, CR-30, CR-32: register, renew and leave, our client against our server."""
    migrate(empty_database_url)
    (tmp_path / "other").mkdir()
    other = OurServer(empty_database_url, tmp_path / "other", party_name="Neighbour")
    try:
        token_a = other.invite("we", purpose="consumer", parties=())
        with connection.transaction():
            peer = find_or_add_peer(connection, "them", Terms(country="IN", allow_loopback=True))
        outcome = handshake.register(
            connection, peer, versions_url=other.versions_url, token=token_a, us=ours.us,
            key=ours.key,
        )  # fmt: skip
        assert (outcome.version, outcome.quarantined) == ("2.3.0", ["IN*NAP"])
        assert other.peer("we").roles[0]["party_id"] == "NAP"
        before = ours.peer("them").token(ours.key), other.peer("we").token(other.key)
        moved = handshake.rotate(
            connection, ours.peer("them"), us=ours.us, key=ours.key, version="2.1.1"
        )
        after = ours.peer("them").token(ours.key), other.peer("we").token(other.key)
        assert moved.version == other.peer("we").version == "2.1.1"
        assert not set(before) & set(after)
        assert ask("GET", ours.versions_url, after[1]).http == 200
        assert ask("GET", other.versions_url, after[0]).http == 200
        handshake.unregister(connection, ours.peer("them"), key=ours.key)
        assert other.peer("we").state == ours.peer("them").state == "unregistered"
        assert ask("GET", other.versions_url, after[0]).http == 401
    finally:
        other.stop()


def test_of_two_handshakes_with_one_peer_the_second_waits(
    ours: OurServer, cpo: FakeCpo, register: Register
) -> None:
    """CR-30, CR-31: else the token of the one could be lost by the other."""
    register()
    refused: list[str] = []

    def meanwhile(_: Any) -> bool:
        with connect(ours.database_url) as other, pytest.raises(InvalidInput) as error:
            handshake.rotate(other, ours.peer(), us=ours.us, key=ours.key)
        refused.append(str(error.value))
        return False

    cpo.on["PUT"] = meanwhile
    with connect(ours.database_url) as connection:
        handshake.rotate(connection, ours.peer(), us=ours.us, key=ours.key)
    assert "is under way" in refused[0]


def test_a_connection_that_the_peer_ended_while_we_renewed_it_stays_ended(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection
) -> None:
    """CR-30, CR-32: neither its answer nor its refusal brings the connection back."""

    def leave(request: Any, http: int) -> bool:
        ask("DELETE", ours.url("2.3.0/credentials"), cpo.theirs)
        data = cpo.credentials("2.3.0", "operator-token-C3-1122334455") if http == 200 else None
        return reply(request, http, 1000 if http == 200 else 2000, data)

    for http in (200, 405):
        register()
        cpo.on["PUT"] = lambda request, http=http: leave(request, http)
        with pytest.raises(OcpiError):
            handshake.rotate(connection, ours.peer(), us=ours.us, key=ours.key)
        assert ours.peer().state == "unregistered" and ours.peer().token_sealed is None
        assert rows(connection, "SELECT count(*) FROM peer_token") == [(0,)]
        cpo.accepted = {cpo.token_a}


def test_a_peer_that_registers_with_us_while_we_register_with_it_stays_registered(
    ours: OurServer, cpo: FakeCpo, register: Register
) -> None:
    """CR-14, CR-20: its refusal of our POST takes nothing of that away."""
    token_a = ours.invite()
    theirs: list[str] = []

    def register_first(request: Any) -> bool:
        theirs.append(cpo.send(ours, "POST", token_a).data["token"])
        return reply(request, 405, 2000)

    cpo.on["POST"] = register_first
    with pytest.raises(OcpiError):
        register()
    assert (ours.peer().state, ours.peer().versions_url) == ("registered", cpo.url)
    assert ask("GET", ours.versions_url, theirs[0]).http == 200


def test_a_connection_is_ended_without_the_key_too(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection
) -> None:
    """CR-32: only the peer is not told."""
    register()
    outcome = handshake.unregister(connection, ours.peer(), key=b"another key of 32 bytes.........")
    assert "not told" in outcome.warnings[0]
    assert ask("GET", ours.versions_url, cpo.theirs).http == 401
