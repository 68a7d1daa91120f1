"""OCPI handshakes in the tables: every step is one transaction, so a crash leaves old or new."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.sealing import seal, unseal
from nop_registry.store.peers import Peer, add_token, drop_tokens, get_peer, token_purpose

KEPT_FOR_A_LOST_ANSWER = timedelta(hours=24)
OVERLAP = timedelta(seconds=60)
"""How long a renewed token is still accepted (CR-30)."""
_KEPT_STEPS = "90 days"


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What a handshake agreed on, without the tokens."""

    version: str
    versions_url: str
    """Theirs."""
    endpoints: list[dict[str, Any]]
    roles: list[dict[str, Any]]
    quirks: dict[str, Any] = {}
    """What was learnt about the peer, for the pull."""
    callback_due: bool = False
    """Their endpoints are still to be asked for (CR-12)."""


class KeptStep(msgspec.Struct, frozen=True):
    """One step of a handshake as it was recorded."""

    id: int
    at: datetime
    direction: str
    step: dict[str, Any]


def lock_peer(connection: Connection, peer: Peer) -> Peer:
    """The connection as it is now; nobody else changes it before this transaction ends."""
    connection.execute("SELECT FROM peer WHERE id = %s FOR UPDATE", (peer.id,))
    return get_peer(connection, peer.name)


def begin(
    connection: Connection,
    peer: Peer,
    *,
    versions_url: str,
    offered: bytes,
    registration_token: str | None,
    key: bytes,
) -> None:
    """Before our POST or PUT: the token that we offer opens our doors from now on (CR-20).

    `registration_token` (their token A, for a POST) is kept a day, should the answer be lost
    (CR-21). A token offered earlier still opens: the peer may have taken it. Raises InvalidInput
    when the peer has registered with us, or ended the connection, since `peer` was read.
    """
    now = lock_peer(connection, peer)
    if now.state != peer.state:
        raise InvalidInput(f"{peer.name} is {now.state} by now; look again with `nop peer show`")
    add_token(connection, peer, offered, "access")
    connection.execute("UPDATE peer_token SET offered = true WHERE digest = %s", (offered,))
    if registration_token is not None:
        purpose = _previous_purpose(peer.name)
        connection.execute(
            """UPDATE peer SET state = 'registering', versions_url = %s,
                   previous_sealed = %s, previous_until = now() + %s WHERE id = %s""",
            (versions_url, seal(registration_token, key=key, purpose=purpose),
             KEPT_FOR_A_LOST_ANSWER, peer.id),
        )  # fmt: skip


def abandon(connection: Connection, peer: Peer, offered: bytes) -> None:
    """The peer refused: what we offered opens nothing, all else is as `peer` was before.

    Unless the peer has registered with us meanwhile, or ended the connection: that stands.
    """
    connection.execute("DELETE FROM peer_token WHERE digest = %s AND offered", (offered,))
    connection.execute(
        """UPDATE peer SET state = %(state)s, versions_url = %(url)s,
               previous_sealed = CASE WHEN %(state)s = 'registering' THEN previous_sealed END,
               previous_until = CASE WHEN %(state)s = 'registering' THEN previous_until END
           WHERE id = %(id)s AND state = 'registering'""",
        {"state": peer.state, "url": peer.versions_url, "id": peer.id},
    )


def settle(
    connection: Connection,
    peer: Peer,
    settled: Settled,
    *,
    sends: str,
    accepted: bytes,
    key: bytes,
    overlap: timedelta | None,
) -> None:
    """A handshake succeeded: both tokens, endpoints, roles and the source, all at once (CR-11).

    `sends`: the token that we send, in clear; it is stored sealed. `accepted`: SHA-256 of the one
    that the peer sends. `overlap`: how long its predecessors stay valid; None: none does.
    """
    connection.execute(
        """INSERT INTO peer_token (digest, peer_id, kind) VALUES (%s, %s, 'access')
           ON CONFLICT (digest) DO UPDATE SET offered = false, used_at = NULL""",
        (accepted, peer.id),
    )
    connection.execute(
        "DELETE FROM peer_token WHERE peer_id = %s AND digest <> %s AND (offered OR %s)",
        (peer.id, accepted, overlap is None),
    )
    connection.execute(
        """UPDATE peer_token SET expires_at = least(expires_at, now() + %s)
           WHERE peer_id = %s AND digest <> %s""",
        (overlap, peer.id, accepted),
    )
    connection.execute(
        """UPDATE peer SET state = 'registered', version = %(version)s, versions_url = %(url)s,
               token_sealed = %(sealed)s, previous_sealed = NULL, previous_until = NULL,
               endpoints = %(endpoints)s::jsonb, roles = %(roles)s::jsonb,
               callback_due = CASE WHEN %(due)s THEN now() END,
               registered_at = CASE WHEN state = 'registered' THEN registered_at ELSE now() END,
               rotated_at = now()
           WHERE id = %(id)s""",
        {
            "version": settled.version,
            "url": settled.versions_url,
            "sealed": seal(sends, key=key, purpose=token_purpose(peer.name)),
            "endpoints": _json(settled.endpoints),
            "roles": _json(settled.roles),
            "due": settled.callback_due,
            "id": peer.id,
        },
    )
    if peer.source_id is not None and peer.supplies:
        feed_source(
            connection, peer.source_id, versions_url=settled.versions_url, token=sends, key=key,
            quirks=settled.quirks,
        )  # fmt: skip


def settle_callback(connection: Connection, peer: Peer, endpoints: list[dict[str, Any]]) -> None:
    """The deferred call-back brought the peer's endpoints, unless it has moved or left since."""
    connection.execute(
        """UPDATE peer SET endpoints = %s::jsonb, callback_due = NULL
           WHERE id = %s AND state = 'registered'
             AND (versions_url, version) = (%s, %s)""",
        (_json(endpoints), peer.id, peer.versions_url, peer.version),
    )


def put_callback_off(connection: Connection, peer: Peer, wait: timedelta) -> None:
    """The deferred call-back failed: try again later."""
    connection.execute("UPDATE peer SET callback_due = now() + %s WHERE id = %s", (wait, peer.id))


def end(connection: Connection, peer: Peer, reason: str) -> None:
    """No token of either side is valid any more (CR-32). The source keeps its data."""
    drop_tokens(connection, peer)
    connection.execute(
        """UPDATE peer SET state = 'unregistered', token_sealed = NULL, previous_sealed = NULL,
               previous_until = NULL, endpoints = '[]', callback_due = NULL WHERE id = %s""",
        (peer.id,),
    )
    disable_source(connection, peer.source_id, f"disconnected: {reason}")


def set_state(connection: Connection, peer: Peer, state: str) -> None:
    """Move a connection to another state."""
    connection.execute("UPDATE peer SET state = %s WHERE id = %s", (state, peer.id))


def set_static(
    connection: Connection, peer: Peer, *, versions_url: str | None, token_sealed: bytes | None
) -> None:
    """Tokens were agreed by hand; there is no credentials module between us (CR-34)."""
    connection.execute(
        """UPDATE peer SET state = 'static', versions_url = coalesce(%s, versions_url),
               token_sealed = coalesce(%s, token_sealed), rotated_at = now() WHERE id = %s""",
        (versions_url, token_sealed, peer.id),
    )


def find_registration_token(connection: Connection, peer: Peer, key: bytes) -> str | None:
    """Token A of a POST whose answer was lost, for a day (CR-21)."""
    row = connection.execute(
        "SELECT previous_sealed FROM peer WHERE id = %s AND previous_until > now()", (peer.id,)
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return unseal(bytes(row[0]), key=key, purpose=_previous_purpose(peer.name))


def peer_quirks(connection: Connection, peer: Peer) -> dict[str, Any]:
    """How the peer deviates, as its source remembers it."""
    row = connection.execute(
        "SELECT quirks FROM source WHERE id = %s", (peer.source_id,)
    ).fetchone()
    return dict(row[0]) if row else {}


def offer_was_used(connection: Connection, peer: Peer) -> bool:
    """The peer has called us with the token that we offered: our POST arrived (CR-21)."""
    row = connection.execute(
        "SELECT 1 FROM peer_token WHERE peer_id = %s AND offered AND used_at IS NOT NULL",
        (peer.id,),
    ).fetchone()
    return row is not None


def list_to_rotate(connection: Connection, days: int) -> list[str]:
    """Names of the registered connections whose tokens are older than that (CR-31)."""
    rows = connection.execute(
        """SELECT name FROM peer WHERE state = 'registered' AND token_sealed IS NOT NULL
             AND rotated_at < now() - %s * interval '1 day' ORDER BY rotated_at""",
        (days,),
    ).fetchall()
    return [name for (name,) in rows]


def put_rotation_off(connection: Connection, name: str, days: int) -> None:
    """A rotation failed: try again in a day."""
    connection.execute(
        """UPDATE peer SET rotated_at = now() - (%s - 1) * interval '1 day' WHERE name = %s""",
        (days, name),
    )


def list_callbacks_due(connection: Connection) -> list[str]:
    """Names of the connections whose endpoints are still to be asked for."""
    rows = connection.execute(
        "SELECT name FROM peer WHERE state = 'registered' AND callback_due <= now() ORDER BY name"
    ).fetchall()
    return [name for (name,) in rows]


def list_hubs_to_read(connection: Connection) -> list[str]:
    """Names of the hubs whose list of parties was not read for a day (RT-4)."""
    rows = connection.execute(
        """SELECT name FROM peer
           WHERE is_hub AND state = 'registered' AND source_id IS NOT NULL
             AND endpoints @> '[{"identifier": "hubclientinfo"}]'
             AND (parties_read_at IS NULL OR parties_read_at < now() - interval '1 day')
           ORDER BY name"""
    ).fetchall()
    return [name for (name,) in rows]


def note_parties_read(connection: Connection, peer: Peer, at: datetime) -> None:
    """A hub's list was read at that time; the next time is a day later."""
    connection.execute("UPDATE peer SET parties_read_at = %s WHERE id = %s", (at, peer.id))


def try_lock(connection: Connection, peer: Peer) -> bool:
    """Have the only handshake of ours with this peer, until `unlock` or the connection's end."""
    row = connection.execute("SELECT pg_try_advisory_lock(7307, %s)", (peer.id,)).fetchone()
    return bool(row and row[0])


def unlock(connection: Connection, peer: Peer) -> None:
    """Let others shake hands with this peer."""
    connection.execute("SELECT pg_advisory_unlock(7307, %s)", (peer.id,))


def record_step(connection: Connection, peer: Peer, direction: str, step: dict[str, Any]) -> None:
    """Add a step to the transcript. Its tokens are masked already."""
    connection.execute(
        "INSERT INTO handshake_step (peer_id, direction, step) VALUES (%s, %s, %s::jsonb)",
        (peer.id, direction, _json(step)),
    )


def list_steps(connection: Connection, peer: Peer, *, last: int = 200) -> list[KeptStep]:
    """The newest steps, oldest first."""
    with connection.cursor(row_factory=class_row(KeptStep)) as cursor:
        found = cursor.execute(
            """SELECT id, at, direction, step FROM handshake_step WHERE peer_id = %s
               ORDER BY id DESC LIMIT %s""",
            (peer.id, last),
        ).fetchall()
    return found[::-1]


def tidy(connection: Connection) -> None:
    """Forget tokens that ended, token A of lost answers after a day, and old transcripts."""
    connection.execute(
        """DELETE FROM peer_token WHERE expires_at < now()
              OR (offered AND used_at IS NULL AND created_at < now() - %s)""",
        (KEPT_FOR_A_LOST_ANSWER,),
    )
    connection.execute(
        """UPDATE peer SET previous_sealed = NULL, previous_until = NULL
           WHERE previous_until < now()"""
    )
    connection.execute("DELETE FROM handshake_step WHERE at < now() - %s::interval", (_KEPT_STEPS,))


def feed_source(
    connection: Connection,
    source_id: int,
    *,
    versions_url: str,
    token: str | None,
    key: bytes,
    quirks: dict[str, Any] | None = None,
) -> None:
    """From now on the pull reads this peer. One that is held or withdrawn waits for a person."""
    row = connection.execute(
        "SELECT name FROM source WHERE id = %s FOR UPDATE", (source_id,)
    ).fetchone()
    assert row is not None  # noqa: S101 - a foreign key
    connection.execute(
        """UPDATE source SET versions_url = %(url)s, token_sealed = %(sealed)s, failures = 0,
               state = CASE WHEN state = 'held' OR withdrawn_at IS NOT NULL THEN state
                            ELSE 'active' END,
               state_reason = CASE WHEN state = 'held' OR withdrawn_at IS NOT NULL
                                   THEN state_reason END,
               quirks = (quirks - 'token_encoding') || %(quirks)s::jsonb
           WHERE id = %(id)s""",
        {
            "url": versions_url,
            "sealed": seal(token, key=key, purpose=f"source-token:{row[0]}") if token else None,
            "quirks": _json(quirks or {}),
            "id": source_id,
        },
    )


def await_pushes(connection: Connection, source_id: int) -> None:
    """This source delivers by itself, and nothing is pulled from it, from now on."""
    connection.execute(
        """UPDATE source SET state = 'active', state_reason = NULL
           WHERE id = %s AND state = 'disabled' AND versions_url IS NULL
             AND withdrawn_at IS NULL""",
        (source_id,),
    )


def disable_source(connection: Connection, source_id: int | None, reason: str) -> None:
    """Nothing is pulled any more, and no token is sent; the data stay."""
    connection.execute(
        """UPDATE source SET state = 'disabled', token_sealed = NULL,
               state_reason = CASE WHEN withdrawn_at IS NULL THEN %s ELSE state_reason END
           WHERE id = %s""",
        (reason, source_id),
    )


def _previous_purpose(name: str) -> str:
    return f"peer-token-before:{name}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
