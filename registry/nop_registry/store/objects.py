"""What each source last sent, as digests: unchanged bytes are known without decoding them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.store.staging import stage

# A hexadecimal digit, part of every digest: raise it when decoding or normalising changes, and the
# next full pull takes every object anew.
PARSER_VERSION = "1"


class Known(NamedTuple):
    """An object whose bytes are those that were sent last."""

    number: int
    rejected: bool


class Sent(NamedTuple):
    """What a source sends now for one object."""

    number: int
    key: str
    digest: str
    rejected: bool


def raw_digest(raw: bytes | memoryview) -> str:
    """Digest of an object's bytes as received: 32 hexadecimal digits, the version last."""
    return (
        sha256(raw, usedforsecurity=False).hexdigest()[: 32 - len(PARSER_VERSION)] + PARSER_VERSION
    )


def known_objects(
    connection: Connection, source_id: int, kind: ObjectKind, digests: Sequence[str]
) -> dict[str, Known]:
    """By digest, the objects of the source whose newest bytes have it."""
    rows = connection.execute(
        """SELECT u.n, o.id, o.rejected
           FROM unnest(%s::uuid[]) WITH ORDINALITY AS u (digest, n)
           JOIN source_object o ON o.digest = u.digest AND o.source_id = %s AND o.kind = %s""",
        ("{" + ",".join(digests) + "}", source_id, kind),
        binary=True,
    )
    return {digests[n - 1]: Known(number, rejected) for n, number, rejected in rows}


def save_objects(
    connection: Connection, source_id: int, kind: ObjectKind, sent: Iterable[Sent]
) -> None:
    """Remember what was sent."""
    stage(
        connection,
        "stage_object",
        {"id": "int8", "object_key": "text", "digest": "uuid", "rejected": "bool"},
        (item._replace(digest=UUID(item.digest)) for item in sent),  # type: ignore[arg-type]
    )
    connection.execute(
        """INSERT INTO source_object (id, source_id, kind, object_key, digest, rejected)
           SELECT id, %s, %s, object_key, digest, rejected FROM stage_object
           ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, rejected = excluded.rejected
           WHERE (source_object.digest, source_object.rejected)
                 IS DISTINCT FROM (excluded.digest, excluded.rejected)""",
        (source_id, kind),
    )
