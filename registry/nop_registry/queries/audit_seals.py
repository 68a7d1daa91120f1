"""Seals over the audit log, for everybody: what they say of the log, and not what is in it."""

from __future__ import annotations

from typing import Any

from nop_registry.database import AsyncConnection, fetch_all


async def list_seals(
    connection: AsyncConnection, *, after: int | None, limit: int
) -> list[dict[str, Any]]:
    """Those after that number, the first first; `after` None: the newest, the newest first."""
    return await fetch_all(
        connection,
        """SELECT number, first_id, last_id, events, encode(previous, 'hex') AS previous,
               encode(digest, 'hex') AS digest, key_id, encode(signature, 'hex') AS signature,
               sealed_at
           FROM audit_seal
           WHERE %(after)s::int IS NULL OR number > %(after)s::int
           ORDER BY CASE WHEN %(after)s::int IS NULL THEN -number ELSE number END
           LIMIT %(limit)s""",
        {"after": after, "limit": limit},
    )
