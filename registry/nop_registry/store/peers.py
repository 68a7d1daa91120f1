"""OCPI connections: the parties we exchange data with, and the tokens that open our doors."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.sealing import unseal

Purpose = Literal["supplier", "consumer", "both"]
TokenKind = Literal["registration", "access"]


class Peer(msgspec.Struct, frozen=True):
    """One connection (RO-3)."""

    id: int
    name: str
    purpose: str
    source_id: int | None
    state: str
    our_role: str
    is_hub: bool
    version: str | None
    versions_url: str | None
    token_sealed: bytes | None
    endpoints: list[dict[str, Any]]
    roles: list[dict[str, Any]]
    allow_loopback: bool
    deferred_callback: bool
    scope: dict[str, Any]
    requests_per_minute: int

    @property
    def supplies(self) -> bool:
        """Delivers data to us."""
        return self.purpose in ("supplier", "both")

    @property
    def consumes(self) -> bool:
        """Reads our data."""
        return self.purpose in ("consumer", "both")

    def token(self, key: bytes) -> str | None:
        """The token we send to them, in clear."""
        if self.token_sealed is None:
            return None
        return unseal(self.token_sealed, key=key, purpose=token_purpose(self.name))


class Admission(msgspec.Struct, frozen=True):
    """Whom a token admits."""

    peer: Peer
    kind: str
    """'registration' opens versions and credentials only (TR-7)."""
    digest: bytes
    fresh: bool
    """Not used before."""


_TERMS = (
    "our_role", "is_hub", "allow_loopback", "deferred_callback", "scope", "requests_per_minute",
)  # fmt: skip
_COLUMNS = ", ".join(Peer.__struct_fields__)


def token_purpose(name: str) -> str:
    """What the token we send to a peer is sealed for."""
    return f"peer-token:{name}"


def add_peer(
    connection: Connection,
    *,
    name: str,
    purpose: Purpose,
    source_id: int | None = None,
    our_role: str = "NAP",
    is_hub: bool = False,
    allow_loopback: bool = False,
    deferred_callback: bool = False,
    scope: dict[str, Any] | None = None,
    requests_per_minute: int = 600,
) -> Peer:
    """Make a connection, in state `invited`. Raises InvalidInput."""
    try:
        with connection.transaction():
            connection.execute(
                """INSERT INTO peer (name, purpose, source_id, our_role, is_hub, allow_loopback,
                       deferred_callback, scope, requests_per_minute)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)""",
                (name, purpose, source_id, our_role, is_hub, allow_loopback, deferred_callback,
                 msgspec.json.encode(scope or {}).decode(), requests_per_minute),
            )  # fmt: skip
    except UniqueViolation:
        raise InvalidInput(f"a connection named {name!r} exists; choose another name") from None
    except CheckViolation as error:
        raise InvalidInput(
            f"connection {name!r} cannot be added ({error.diag.constraint_name}): names have "
            "lower-case letters, digits, '.', '_' and '-'; a supplier needs a source"
        ) from None
    return get_peer(connection, name)


def change_terms(connection: Connection, peer: Peer, **changes: Any) -> None:
    """Set those of the terms that are given; None: as it was. `add_peer` names them."""
    scope = changes.get("scope")
    connection.execute(
        """UPDATE peer SET our_role = coalesce(%(our_role)s, our_role),
               is_hub = coalesce(%(is_hub)s, is_hub),
               allow_loopback = coalesce(%(allow_loopback)s, allow_loopback),
               deferred_callback = coalesce(%(deferred_callback)s, deferred_callback),
               scope = coalesce(%(scope)s::jsonb, scope),
               requests_per_minute = coalesce(%(requests_per_minute)s, requests_per_minute)
           WHERE id = %(id)s""",
        {
            "id": peer.id,
            **{name: changes.get(name) for name in _TERMS},
            "scope": None if scope is None else msgspec.json.encode(scope).decode(),
        },
    )
    connection.execute(  # the pull goes by what the source says
        "UPDATE source SET allow_loopback = coalesce(%s, allow_loopback) WHERE id = %s",
        (changes.get("allow_loopback"), peer.source_id),
    )


def get_peer(connection: Connection, name: str) -> Peer:
    """The connection of that name. Raises NotFound."""
    found = _find(connection, "name = %s", name)
    if found is None:
        raise NotFound(f"no connection named {name!r}; `nop peer list` shows those there are")
    return found


def find_peer_of_source(connection: Connection, source_id: int) -> Peer | None:
    """The connection that delivers a source."""
    return _find(connection, "source_id = %s", source_id)


def list_peers(connection: Connection) -> list[Peer]:
    """All connections by name."""
    with connection.cursor(row_factory=class_row(Peer)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM peer ORDER BY name"  # noqa: S608 - our own column names
        ).fetchall()


def _find(connection: Connection, condition: str, value: object) -> Peer | None:
    with connection.cursor(row_factory=class_row(Peer)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM peer WHERE {condition}",  # noqa: S608 - our own conditions
            (value,),
        ).fetchone()


def admit(connection: Connection, digests: list[bytes]) -> Admission | None:
    """Whom one of these SHA-256 digests admits now (TR-4), or None.

    The index is searched by digest, so time tells nothing about tokens.
    """
    found = connection.execute(
        """SELECT digest, kind, used_at IS NULL, peer_id FROM peer_token
           WHERE digest = ANY(%s) AND (expires_at IS NULL OR expires_at > now())""",
        (digests,),
    ).fetchall()
    if len(found) != 1:
        return None
    digest, kind, fresh, peer_id = found[0]
    peer = _find(connection, "id = %s", peer_id)
    return None if peer is None else Admission(peer, kind, bytes(digest), fresh)


def add_token(
    connection: Connection,
    peer: Peer,
    digest: bytes,
    kind: TokenKind,
    *,
    expires_at: datetime | None = None,
) -> None:
    """Accept a token from now on. Raises InvalidInput when it is in use."""
    try:
        with connection.transaction():
            connection.execute(
                """INSERT INTO peer_token (digest, peer_id, kind, expires_at)
                   VALUES (%s, %s, %s, %s)""",
                (digest, peer.id, kind, expires_at),
            )
    except UniqueViolation:
        raise InvalidInput("this token opens a connection already; use another one") from None


def note_token_use(
    connection: Connection, admission: Admission, *, overlap: timedelta = timedelta(0)
) -> None:
    """A token was used: the first use of a new one ends its predecessors after `overlap` (CR-30).

    One that we offered in a handshake still under way ends none: the peer may yet refuse it.
    """
    # The peer first, as in every handshake, so that the two cannot wait for one another.
    connection.execute("UPDATE peer SET last_seen_at = now() WHERE id = %s", (admission.peer.id,))
    connection.execute(
        "UPDATE peer_token SET used_at = now() WHERE digest = %s AND used_at IS NULL",
        (admission.digest,),
    )
    if admission.kind == "access":
        connection.execute(
            """UPDATE peer_token t SET expires_at = now() + %(overlap)s
               FROM peer_token used
               WHERE used.digest = %(digest)s AND NOT used.offered AND t.peer_id = used.peer_id
                 AND t.kind = 'access' AND t.created_at < used.created_at
                 AND (t.expires_at IS NULL OR t.expires_at > now() + %(overlap)s)""",
            {"overlap": overlap, "digest": admission.digest},
        )


def drop_tokens(connection: Connection, peer: Peer, kind: TokenKind | None = None) -> None:
    """Accept no token of this peer any more (of one kind, or none at all)."""
    connection.execute(
        "DELETE FROM peer_token WHERE peer_id = %s AND (%s::text IS NULL OR kind = %s)",
        (peer.id, kind, kind),
    )


def agreed_parties(connection: Connection, peer: Peer) -> set[tuple[str, str]]:
    """(country_code, party_id) of those whose objects this peer may deliver."""
    return set(
        connection.execute(
            """SELECT country_code, party_id FROM peer_party
               WHERE peer_id = %s AND state = 'agreed'""",
            (peer.id,),
        ).fetchall()
    )
