"""Versions of a source: one a commit. What each said is in object_version, object by object.

The state at a version: of each object of the source, the newest version that came with a delivery
up to its own. Files of one source are taken one after the other, so deliveries are in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any, Literal, NamedTuple

import msgspec
from psycopg.rows import class_row

from nop_registry.access import Principal
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.errors import NotFound
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.staging import number_array
from nop_registry.store.upload_files import create_upload, finish_receiving

MISSING_KEPT = 100_000
_AT_ONCE = 1000
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    ObjectKind.LOCATION: msgspec.json.Decoder(LocationRecord),
    ObjectKind.TARIFF: msgspec.json.Decoder(TariffRecord),
}


class SourceVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a source said from a moment on."""

    source_id: int
    number: int
    """1, 2, 3 …, for each source."""
    kind: Literal["commit", "edit", "rollback"]
    restores: int | None
    """The version that a rollback went back to."""
    delivery_id: int
    upload_id: int | None
    filename: str | None
    counts: dict[str, Any]
    """locations, evses, tariffs: how many became new, changed, …"""
    n_missing: int
    """Locations held that it did not list (they are shown as missing, and not yet retired)."""
    actor_kind: str
    account_id: int | None
    key_id: int | None
    actor: str
    made_at: datetime


class ObjectState(NamedTuple):
    """An object at a version."""

    number: int
    kind: ObjectKind
    content_hash: bytes
    raw: bytes
    record: bytes | None
    """As JSON; None: it came before records were kept, and cannot be restored."""

    def decoded(self) -> LocationRecord | TariffRecord:
        """The record. Only where there is one."""
        assert self.record is not None  # noqa: S101 - the caller has looked
        found: LocationRecord | TariffRecord = _DECODERS[self.kind].decode(self.record)
        return found


class FieldChange(NamedTuple):
    """A field that says something else."""

    path: str
    """`evses[IN*ABC*E1].connectors[1].max_electric_power_w`: EVSEs by uid, connectors by id."""
    before: Any
    after: Any


class ObjectChange(NamedTuple):
    """What became of one object from a version to another."""

    number: int
    kind: ObjectKind
    key: str
    """`IN*ABC*LOC1`."""
    name: str | None
    """What people know a station by."""
    change: Literal["new", "changed", "gone"]
    fields: list[FieldChange]


_ELSEWHERE = {"filename": "u.filename", "n_missing": "cardinality(v.missing) AS n_missing"}
_COLUMNS = ", ".join(_ELSEWHERE.get(name, f"v.{name}") for name in SourceVersion.__struct_fields__)
_SELECT = f"""SELECT {_COLUMNS} FROM source_version v
    LEFT JOIN upload u ON u.id = v.upload_id """  # noqa: S608 - our own column names


def add_version(
    connection: Connection,
    delivery: Delivery,
    *,
    kind: Literal["commit", "edit", "rollback"],
    actor: Principal,
    counts: dict[str, Any],
    upload_id: int | None = None,
    restores: int | None = None,
) -> int:
    """The delivery has been taken whole: a version of its source; returns its number.

    The caller holds the source's lock.
    """
    row = connection.execute(
        """INSERT INTO source_version (source_id, number, kind, restores, delivery_id, upload_id,
               counts, missing, actor_kind, account_id, key_id, actor)
           SELECT %(source)s, 1 + coalesce(max(number), 0), %(kind)s, %(restores)s, %(delivery)s,
               %(upload)s, %(counts)s::jsonb,
               ARRAY(SELECT id FROM location WHERE source_id = %(source)s
                     AND missing_since IS NOT NULL AND retired_at IS NULL LIMIT %(most)s),
               %(actor_kind)s, %(account)s, %(key)s, %(actor)s
           FROM source_version WHERE source_id = %(source)s RETURNING number""",
        {
            "source": delivery.source_id,
            "delivery": delivery.id,
            "kind": kind,
            "restores": restores,
            "upload": upload_id,
            "counts": msgspec.json.encode(counts).decode(),
            "most": MISSING_KEPT,
            "actor_kind": actor.kind,
            "account": actor.account_id,
            "key": actor.key_id,
            "actor": actor.name,
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row
    return int(row[0])


def list_versions(
    connection: Connection, source_id: int, *, before: int | None = None, limit: int = 100
) -> list[SourceVersion]:
    """Versions of a source, the newest first; `before`: those with a smaller number."""
    with connection.cursor(row_factory=class_row(SourceVersion)) as cursor:
        return cursor.execute(
            _SELECT
            + """WHERE v.source_id = %s AND v.number < coalesce(%s, 2147483647)
                 ORDER BY v.number DESC LIMIT %s""",
            (source_id, before, limit),
        ).fetchall()


def get_version(connection: Connection, source_id: int, number: int) -> SourceVersion:
    """A version of a source. Raises NotFound."""
    with connection.cursor(row_factory=class_row(SourceVersion)) as cursor:
        found = cursor.execute(
            _SELECT + "WHERE v.source_id = %s AND v.number = %s", (source_id, number)
        ).fetchone()
    if found is None:
        raise NotFound(f"this source has no version {number}")
    return found


def list_missing(connection: Connection, version: SourceVersion) -> list[int]:
    """Numbers of the Locations held that it did not list."""
    row = connection.execute(
        "SELECT missing FROM source_version WHERE source_id = %s AND number = %s",
        (version.source_id, version.number),
        binary=True,
    ).fetchone()
    return list(row[0]) if row else []


def roll_back(connection: Connection, source_id: int, number: int, actor: Principal) -> int:
    """Have the worker restore what the source said at that version; returns the upload's number.

    The result is a new version. Raises NotFound.
    """
    get_version(connection, source_id, number)
    upload_id = create_upload(
        connection, source_id=source_id, filename=f"version {number}", whole=True, actor=actor,
        kind="rollback", to_version=number,
    )  # fmt: skip
    finish_receiving(connection, upload_id, commit=True)
    return upload_id


def list_differing(
    connection: Connection, source_id: int, a: SourceVersion | None, b: SourceVersion
) -> list[int]:
    """Numbers of the objects that are not the same at both versions, in order. None: now."""
    return [number for some in _differing(connection, source_id, a, b) for number in some]


def _differing(
    connection: Connection,
    source_id: int,
    a: SourceVersion | None,
    b: SourceVersion,
    after: int = 0,
) -> Iterator[list[int]]:
    """The same, those after `after`, some at a time: mostly a page of them is wanted."""
    between = _between(source_id, a, b)
    rows = connection.execute(_MOVED, between | {"after": after}, binary=True)
    moved = sorted(number for (number,) in rows)
    for begin in range(0, len(moved), _AT_ONCE):
        some = number_array(moved[begin : begin + _AT_ONCE])
        found = connection.execute(_DIFFERING, between | {"some": some}, binary=True)
        yield [number for (number,) in found]


def read_states(
    connection: Connection, numbers: Sequence[int], at: SourceVersion
) -> dict[int, ObjectState]:
    """These objects as they were at a version; those that were not there are missing."""
    rows = connection.execute(
        _STATES,
        {"numbers": list(numbers), "delivery": at.delivery_id, "made_at": at.made_at},
        binary=True,
    )
    return {row[0]: ObjectState(row[0], ObjectKind(row[1]), *row[2:]) for row in rows}


def diff_versions(
    connection: Connection, source_id: int, a: int, b: int, after: int = 0, limit: int = 100
) -> list[ObjectChange]:
    """What is different at version `b` from version `a`, object by object, field by field.

    In the order of the objects' numbers, those after `after`. Raises NotFound.
    """
    older = get_version(connection, source_id, a)
    newer = get_version(connection, source_id, b)
    differing = chain.from_iterable(_differing(connection, source_id, older, newer, after))
    numbers = list(islice(differing, limit))
    before = read_states(connection, numbers, older)
    now = read_states(connection, numbers, newer)
    return [_change(number, before.get(number), now.get(number)) for number in numbers]


def _between(source_id: int, a: SourceVersion | None, b: SourceVersion) -> dict[str, Any]:
    first = b if a is None or b.number < a.number else a
    last = None if a is None else max(a, b, key=lambda version: version.number)
    return {
        "source": source_id,
        "a": a.delivery_id if a else None,
        "a_at": a.made_at if a else None,
        "b": b.delivery_id,
        "b_at": b.made_at,
        "first": first.delivery_id,
        "first_at": first.made_at,
        "last": last.delivery_id if last else None,
        "last_at": last.made_at if last else None,
    }


# What a person withdrew has no delivery: it counts by its moment. Only what came from the first
# version to the last can differ; `last` is NULL where it is compared with what is held now.
_MOVED = """
SELECT v.object_id AS id FROM delivery d JOIN object_version v ON v.delivery_id = d.id
WHERE d.source_id = %(source)s AND d.id > %(first)s
  AND (%(last)s::bigint IS NULL OR d.id <= %(last)s) AND v.object_id > %(after)s
UNION
SELECT v.object_id FROM object_version v
WHERE v.delivery_id IS NULL AND v.valid_from > %(first_at)s
  AND (%(last_at)s::timestamptz IS NULL OR v.valid_from <= %(last_at)s)
  AND v.object_id > %(after)s
  AND (v.object_id IN (SELECT id FROM location WHERE source_id = %(source)s)
       OR v.object_id IN (SELECT id FROM tariff WHERE source_id = %(source)s))"""
_HASH_AT = """LEFT JOIN LATERAL (
    SELECT v.content_hash FROM object_version v WHERE v.object_id = o.id
      AND CASE WHEN {d} IS NULL THEN true WHEN v.delivery_id IS NULL THEN v.valid_from <= {at}
               ELSE v.delivery_id <= {d} END
    ORDER BY v.version DESC LIMIT 1) {name} ON true"""
_DIFFERING = f"""
SELECT o.id FROM unnest(%(some)s::bigint[]) AS o (id)
{_HASH_AT.format(d="%(a)s::bigint", at="%(a_at)s::timestamptz", name="a")}
{_HASH_AT.format(d="%(b)s::bigint", at="%(b_at)s::timestamptz", name="b")}
WHERE a.content_hash IS DISTINCT FROM b.content_hash
ORDER BY o.id"""  # noqa: S608 - constants

_STATES = """
SELECT o.id, v.kind, v.content_hash, v.raw, v.record
FROM unnest(%(numbers)s::bigint[]) AS o (id)
CROSS JOIN LATERAL (
    SELECT kind, event, content_hash, raw, record FROM object_version v
    WHERE v.object_id = o.id AND CASE WHEN v.delivery_id IS NULL THEN v.valid_from <= %(made_at)s
                                      ELSE v.delivery_id <= %(delivery)s END
    ORDER BY v.version DESC LIMIT 1) v
WHERE v.event <> 'retired'"""


def _change(number: int, before: ObjectState | None, after: ObjectState | None) -> ObjectChange:
    known = after or before
    assert known is not None  # noqa: S101 - it differs, so it is in one of them
    old, new = _facts(before), _facts(after)
    some = new or old
    key = "*".join(str(some.get(name, "")) for name in ("country_code", "party_id", "id"))
    change: Literal["new", "changed", "gone"] = "changed"
    if before is None or after is None:
        change = "new" if before is None else "gone"
    fields = _compare("", old, new) if before and after else []
    name = some.get("name") or some.get("address")
    return ObjectChange(number, known.kind, key, name, change, fields)


def _facts(state: ObjectState | None) -> dict[str, Any]:
    return msgspec.json.decode(state.record) if state and state.record else {}


_NAMED_BY = ("uid", "id", "language", "weekday")


def _compare(path: str, old: Any, new: Any) -> list[FieldChange]:
    """Fields that differ; members of a list by what names them, others as a whole."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for name in sorted(old.keys() | new.keys()):
            place = f"{path}.{name}" if path else name
            found += _compare(place, old.get(name), new.get(name))
        return found
    olds, news = _by_name(old), _by_name(new)
    if olds is not None and news is not None and (olds or news):
        return [
            change
            for name in dict.fromkeys([*olds, *news])
            for change in _compare(f"{path}[{name}]", olds.get(name), news.get(name))
        ]
    return [FieldChange(path, old, new)]


def _by_name(members: Any) -> dict[Any, Any] | None:
    """Members of a list by uid, id …; None when they have no such name, or share one."""
    if members is None:
        return {}
    if not isinstance(members, list) or not all(isinstance(m, dict) for m in members):
        return None
    for name in _NAMED_BY:
        if all(name in member for member in members):
            named = {member[name]: member for member in members}
            return named if len(named) == len(members) else None
    return None
