"""What each source last sent, as digests: an unchanged object is known without decoding it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.store.staging import stage

# Part of every digest: raise it when decoding or normalising changes, and the next full pull
# takes every object anew.
PARSER_VERSION = b"1"


class Known(NamedTuple):
    """What a source last sent for one object."""

    digest: bytes
    rejected: bool


class Sent(NamedTuple):
    """What a source sends now for one object."""

    number: int
    key: str
    digest: bytes
    rejected: bool


def raw_digest(raw: bytes | memoryview) -> bytes:
    """Digest of an object's bytes as received."""
    return blake2b(raw, digest_size=16, key=PARSER_VERSION).digest()


def known_objects(connection: Connection, numbers: Sequence[int]) -> dict[int, Known]:
    """Digest and outcome of the objects that were sent before."""
    rows = connection.execute(
        "SELECT id, digest, rejected FROM source_object WHERE id = ANY(%s)", (numbers,), binary=True
    )
    return {number: Known(digest, rejected) for number, digest, rejected in rows}


def save_objects(
    connection: Connection, source_id: int, kind: ObjectKind, sent: Iterable[Sent]
) -> None:
    """Remember what was sent."""
    stage(
        connection,
        "stage_object",
        {"id": "int8", "object_key": "text", "digest": "bytea", "rejected": "bool"},
        sent,
    )
    connection.execute(
        """INSERT INTO source_object (id, source_id, kind, object_key, digest, rejected)
           SELECT id, %s, %s, object_key, digest, rejected FROM stage_object
           ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, rejected = excluded.rejected
           WHERE (source_object.digest, source_object.rejected)
                 IS DISTINCT FROM (excluded.digest, excluded.rejected)""",
        (source_id, kind),
    )
