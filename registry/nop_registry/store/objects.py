"""What each source last sent, as digests: unchanged bytes are known without decoding them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.store.staging import stage

# A hexadecimal digit, part of every digest: raise it when decoding or normalising changes, and the
# next full pull takes every object anew.
PARSER_VERSION = "3"


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


def find_sent(connection: Connection, numbers: Sequence[int]) -> dict[int, Sent | None]:
    """What was sent last for each of these objects; None: nothing yet."""
    rows = connection.execute(
        """SELECT id, object_key, replace(digest::text, '-', ''), rejected FROM source_object
           WHERE id = ANY(%s)""",
        (list(numbers),),
    )
    return dict.fromkeys(numbers) | {row[0]: Sent(*row) for row in rows}


def restore_refused(
    connection: Connection, source_id: int, kind: ObjectKind, before: Mapping[int, Sent | None]
) -> None:
    """Remember what was sent `before` again, in place of what was refused since."""
    rows = connection.execute(
        "SELECT id FROM source_object WHERE id = ANY(%s) AND rejected", (list(before),)
    ).fetchall()
    known = {number: before[number] for (number,) in rows}
    new = [number for number, sent in known.items() if sent is None]
    connection.execute("DELETE FROM source_object WHERE id = ANY(%s)", (new,))
    save_objects(connection, source_id, kind, [sent for sent in known.values() if sent])


def count_objects(connection: Connection, source_id: int, kind: ObjectKind) -> int:
    """How many objects of a source are known."""
    row = connection.execute(
        "SELECT count(*) FROM source_object WHERE source_id = %s AND kind = %s", (source_id, kind)
    ).fetchone()
    return int(row[0]) if row else 0
