"""API keys: kept as SHA-256, found by it, revoked by the part that may be shown."""

from __future__ import annotations

from datetime import datetime

import msgspec
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.errors import NotFound


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


_SELECT = """SELECT k.id, k.name, prefix, sha256, scopes, source_id, s.name AS source_name,
    k.created_at, expires_at, revoked_at, last_used_at
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
) -> ApiKey:
    """Keep a new key's digest."""
    connection.execute(
        """INSERT INTO api_key (name, prefix, sha256, scopes, source_id, expires_at)
           VALUES (%s, %s, %s, %s, %s, %s)""",
        (name, prefix, digest, scopes, source_id, expires_at),
    )
    found = find_key(connection, digest)
    assert found is not None  # noqa: S101 - inserted above
    return found


def find_key(connection: Connection, digest: bytes) -> ApiKey | None:
    """The key with that SHA-256, valid or not."""
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(_SELECT + "WHERE sha256 = %s", (digest,)).fetchone()


def list_keys(connection: Connection) -> list[ApiKey]:
    """All keys, the newest first."""
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(_SELECT + "ORDER BY k.id DESC").fetchall()


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
