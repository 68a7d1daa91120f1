"""Every step of a handshake may be the last: what is kept is the old state or the new one."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from handshake_parties import FakeCpo, OurServer, ask, rows

from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.egress import Guard
from nop_ingest.ocpi.onboarding import Terms, find_or_add_peer
from nop_registry.database import Connection, connect
from nop_registry.store import handshakes, peer_parties

STEPS = 40
"""More than any handshake here has."""


class Killed(BaseException):
    """As if the process had ended there."""


class Killer:
    """Raises at the n-th word said to a peer or to the database."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.struck = False

    def __call__(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            before = self.left
            self.left -= 1
            if before == 0:
                self.struck = True
                raise Killed
            found = act(*args, **kwargs)
            if self.left == 0 and act.__name__ in ("get", "request"):
                self.left -= 1
                self.struck = True
                raise Killed  # the peer has heard it, we have not heard its answer
            return found

        counted.__name__ = act.__name__
        return counted


SPOTS = [
    (Guard, "get"), (Guard, "request"), (handshakes, "begin"), (handshakes, "abandon"),
    (handshakes, "settle"), (handshakes, "lock_peer"), (handshakes, "record_step"),
    (handshakes, "feed_source"), (handshakes, "end"), (handshakes, "drop_tokens"),
    (peer_parties, "note_parties"),
]  # fmt: skip


def strike(monkeypatch: pytest.MonkeyPatch, at: int) -> Killer:
    killer = Killer(at)
    for owner, name in SPOTS:
        monkeypatch.setattr(owner, name, killer(getattr(owner, name)))
    return killer


def is_whole(connection: Connection, ours: OurServer) -> str:
    """The state, after checking that everything in it belongs together."""
    peer = ours.peer()
    [(source_state, sealed)] = rows(connection, "SELECT state, token_sealed FROM source")
    [(firm, offered)] = rows(
        connection,
        """SELECT count(*) FILTER (WHERE NOT offered AND kind = 'access'),
                  count(*) FILTER (WHERE offered) FROM peer_token""",
    )
    if peer.state == "registered":
        assert peer.token_sealed and sealed and source_state == "active" and firm >= 1
        assert peer.endpoints and peer.roles and peer.version
    else:
        assert not peer.token_sealed and not sealed and source_state == "disabled" and firm == 0
        assert offered == 0 or peer.state == "registering"
        assert not peer.endpoints
    return peer.state


def test_a_crash_while_we_register_leaves_the_old_state_or_the_new_one(
    ours: OurServer, cpo: FakeCpo, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CR-20, CR-21, CR-34: and the next attempt ends well, unless the peer must be reset."""
    seen: list[str] = []
    for at in range(STEPS):
        with connection.transaction():
            connection.execute("TRUNCATE peer, source CASCADE")
            peer = find_or_add_peer(connection, "tpc", Terms(country="IN", allow_loopback=True))
        cpo.accepted, cpo.theirs = {cpo.token_a}, None
        with monkeypatch.context() as patch, connect(ours.database_url) as other:
            killer = strike(patch, at)
            with contextlib.suppress(Killed):
                handshake.register(
                    other, peer, versions_url=cpo.url, token=cpo.token_a, us=ours.us, key=ours.key
                )
        seen.append(is_whole(connection, ours))
        if not killer.struck:
            break
        if cpo.theirs and seen[-1] == "registering":  # it took our token: it may use it
            assert ask("GET", ours.versions_url, cpo.theirs).http == 200
        if seen[-1] != "registered":
            cpo.accepted.add(cpo.token_a)  # as after a reset
            token = None if seen[-1] == "registering" else cpo.token_a
            handshake.register(
                connection, ours.peer(), versions_url=cpo.url, token=token, us=ours.us,
                key=ours.key,
            )  # fmt: skip
            assert is_whole(connection, ours) == "registered"
    assert not killer.struck and len(seen) > 12
    assert [state for state, _ in itertools.groupby(seen)] == [
        "invited", "registering", "registered",
    ]  # fmt: skip


def test_a_crash_while_we_renew_leaves_a_pair_of_tokens_that_works(
    ours: OurServer, cpo: FakeCpo, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CR-30: whichever token the peer holds opens our door."""
    with connection.transaction():
        peer = find_or_add_peer(connection, "tpc", Terms(country="IN", allow_loopback=True))
    handshake.register(
        connection, peer, versions_url=cpo.url, token=cpo.token_a, us=ours.us, key=ours.key
    )
    for at in range(STEPS):
        old = cpo.token
        cpo.token = f"operator-token-C{at}-1234567890"
        with monkeypatch.context() as patch, connect(ours.database_url) as other:
            killer = strike(patch, at)
            with contextlib.suppress(Killed):
                handshake.rotate(other, ours.peer(), us=ours.us, key=ours.key)
        assert is_whole(connection, ours) == "registered"
        assert ask("GET", ours.versions_url, cpo.theirs).http == 200
        assert ours.peer().token(ours.key) in (old, cpo.token)
        if not killer.struck:
            break
        cpo.accepted = {ours.peer().token(ours.key) or ""}  # an overlap of its own
        cpo.token = ours.peer().token(ours.key) or ""
    assert not killer.struck and at > 8


def test_a_crash_while_we_leave_leaves_the_connection_or_its_end(
    ours: OurServer, cpo: FakeCpo, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CR-32: leaving again completes it."""
    for at in range(STEPS):
        with connection.transaction():
            connection.execute("TRUNCATE peer, source CASCADE")
            peer = find_or_add_peer(connection, "tpc", Terms(country="IN", allow_loopback=True))
        cpo.accepted = {cpo.token_a}
        handshake.register(
            connection, peer, versions_url=cpo.url, token=cpo.token_a, us=ours.us, key=ours.key
        )
        with monkeypatch.context() as patch, connect(ours.database_url) as other:
            killer = strike(patch, at)
            with contextlib.suppress(Killed):
                handshake.unregister(other, ours.peer(), key=ours.key)
        assert is_whole(connection, ours) in ("registered", "unregistered")
        handshake.unregister(connection, ours.peer(), key=ours.key)
        assert is_whole(connection, ours) == "unregistered"
        if not killer.struck:
            break
    assert not killer.struck and at > 3


_SETTLING = [(handshakes, "lock_peer"), (handshakes, "settle"), (handshakes, "feed_source"),
             (peer_parties, "note_parties")]  # fmt: skip
ON_THE_WAY: dict[str, list[tuple[Any, str]]] = {
    "POST": _SETTLING,
    "PUT": _SETTLING,
    "DELETE": [(handshakes, "lock_peer"), (handshakes, "end"), (handshakes, "drop_tokens"),
               (handshakes, "disable_source")],
}  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_crash_while_a_peer_registers_renews_or_leaves_is_no_half_of_it(
    ours: OurServer, cpo: FakeCpo, connection: Connection, monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:  # fmt: skip
    """CR-11, CR-30, CR-32: an error, all as before, and the same request then succeeds."""

    def is_crash(*_: Any, **__: Any) -> Any:
        raise psycopg.errors.AdminShutdown("killed")

    token = ours.invite()
    if method != "POST":
        token = cpo.send(ours, "POST", token).data["token"]
    sql = """SELECT (SELECT array_agg(p ORDER BY id) FROM peer p)::text, array_agg(s)::text,
                    (SELECT array_agg((digest, expires_at)) FROM peer_token)::text FROM source s"""
    ask("GET", ours.versions_url, token)
    before = rows(connection, sql)
    for owner, name in ON_THE_WAY[method]:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, is_crash)
            answer = cpo.send(ours, method, token, token_b=f"B-{name}-0123456789")
        assert (answer.http, answer.code) == (503, 3000)
        assert rows(connection, sql) == before
    with monkeypatch.context() as patch:  # only the transcript is lost
        patch.setattr(handshakes, "record_step", is_crash)
        answer = cpo.send(ours, method, token)
    assert (answer.http, answer.code) == (200, 1000)
    assert rows(connection, sql) != before
