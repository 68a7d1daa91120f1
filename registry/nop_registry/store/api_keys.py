"""API keys: kept as SHA-256, found by it, revoked by the part that may be shown.

Every request asks the table: a key that is revoked opens nothing more, in any process.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from psycopg.rows import class_row

from nop_registry.access import (
    NewKey,
    Principal,
    Role,
    Scope,
    bearer_digest,
    check_valid,
    covers,
    make_key,
)
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound

LONGEST_OVERLAP = timedelta(hours=24)


class ApiKey(msgspec.Struct, frozen=True):
    """What is known of a key."""

    id: int
    name: str
    prefix: str
    sha256: bytes
    scopes: list[str]
    source_id: int | None
    source_name: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    parties: list[str] | None
    """Whose data it may write: texts such as `IN*ABC`. None: anybody's."""
    created_by: int | None
    replaces: int | None

    def principal(self, address: str | None = None) -> Principal:
        """Who asks with this key."""
        scopes = frozenset(Scope(scope) for scope in self.scopes if scope in set(Scope))
        writes = scopes - {Scope.READ}
        return Principal(
            kind="key",
            name=self.name,
            role=Role.OPERATOR_EDITOR if writes else Role.APP,
            key_id=self.id,
            parties=None if self.parties is None else frozenset(self.parties),
            source_id=self.source_id,
            scopes=scopes,
            address=address,
        )


_SELECT = """SELECT k.id, k.name, prefix, sha256, scopes, source_id, s.name AS source_name,
    k.created_at, expires_at, revoked_at, last_used_at, parties, created_by, replaces
    FROM api_key k LEFT JOIN source s ON s.id = k.source_id """


def add_key(
    connection: Connection,
    *,
    name: str,
    prefix: str,
    digest: bytes,
    scopes: list[str],
    source_id: int | None,
    expires_at: datetime | None,
    parties: Collection[str] | None = None,
    created_by: int | None = None,
    replaces: int | None = None,
) -> ApiKey:
    """Keep a new key's digest. `parties`: whose data it may write; None: anybody's."""
    connection.execute(
        """INSERT INTO api_key (name, prefix, sha256, scopes, source_id, expires_at, parties,
               created_by, replaces)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            name, prefix, digest, scopes, source_id, expires_at,
            None if parties is None else sorted(parties), created_by, replaces,
        ),
    )  # fmt: skip
    found = find_key(connection, digest)
    assert found is not None  # noqa: S101 - inserted above
    return found


def find_key(connection: Connection, digest: bytes) -> ApiKey | None:
    """The key with that SHA-256, valid or not."""
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(_SELECT + "WHERE sha256 = %s", (digest,)).fetchone()


def principal_of_key(
    connection: Connection, authorization: Sequence[str], address: str | None = None
) -> Principal:
    """Who asks, by the request's Authorization headers; its use is noted.

    Raises NotAuthenticated.
    """
    digest = bearer_digest(authorization)
    found = check_valid(find_key(connection, digest), digest, datetime.now(UTC))
    note_use(connection, found)
    return found.principal(address)


def get_key(connection: Connection, prefix: str) -> ApiKey:
    """The key that begins so. Raises NotFound."""
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        found = cursor.execute(_SELECT + "WHERE prefix = %s", (prefix,)).fetchone()
    if found is None:
        raise NotFound(f"no key begins with {prefix!r}; `nop key list` shows them")
    return found


def list_keys(connection: Connection) -> list[ApiKey]:
    """All keys, the newest first."""
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(_SELECT + "ORDER BY k.id DESC").fetchall()


def list_reachable_keys(connection: Connection, principal: Principal) -> list[ApiKey]:
    """The keys that a person may manage: those that are no wider than the person."""
    own = principal.parties
    return [
        key
        for key in list_keys(connection)
        if own is None or (key.parties is not None and covers(own, key.parties))
    ]


def state_of(key: ApiKey) -> Literal["valid", "expired", "revoked"]:
    """Whether a key opens anything now."""
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= datetime.now(UTC) else "valid"


def rotate_key(
    connection: Connection, prefix: str, *, overlap: timedelta, created_by: int | None = None
) -> NewKey:
    """A new key with the rights of an old one, which stays valid for `overlap` more.

    Raises NotFound, or InvalidInput for a key that is over or an overlap beyond a day.
    """
    old = get_key(connection, prefix)
    now = datetime.now(UTC)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput("the old key may stay valid for at most 24 hours")
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
        raise InvalidInput("this key is no longer valid: make a new one")
    made = make_key()
    life = None if old.expires_at is None else old.expires_at - old.created_at
    add_key(
        connection, name=old.name, prefix=made.prefix, digest=made.digest, scopes=old.scopes,
        source_id=old.source_id, expires_at=None if life is None else now + life,
        parties=old.parties, created_by=created_by, replaces=old.id,
    )  # fmt: skip
    connection.execute(
        "UPDATE api_key SET expires_at = least(expires_at, now() + %s) WHERE id = %s",
        (overlap, old.id),
    )
    return made


def revoke_key(connection: Connection, prefix: str) -> None:
    """Make a key invalid for ever. Raises NotFound. Revoking twice keeps the first moment."""
    done = connection.execute(
        "UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE prefix = %s", (prefix,)
    )
    if done.rowcount == 0:
        raise NotFound(f"no key begins with {prefix!r}; `nop key list` shows them")


def note_use(connection: Connection, key: ApiKey) -> None:
    """Remember that a key was used, at most once a minute."""
    connection.execute(
        """UPDATE api_key SET last_used_at = now()
           WHERE id = %s
             AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')""",
        (key.id,),
    )
