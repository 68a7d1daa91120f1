"""Objects as they come: who they are, and whether their bytes were seen before in this delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec

from nop_ingest.context import Context
from nop_ingest.ocpi.versions.version import Key, Raw
from nop_ingest.report import Finding
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.identifiers import object_number
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store.objects import Known, known_objects, raw_digest

R = TypeVar("R", LocationRecord, TariffRecord)


class Received(NamedTuple):
    """One object as it came."""

    number: int | None
    """identifiers.object_number; None: it has no usable id."""
    key: str
    digest: str
    raw: Raw
    known: Known | None
    """Set when these bytes are those that were sent last."""


class Decoded(NamedTuple, Generic[R]):
    """One object after decoding, normalising and checking; no record: it was refused."""

    received: Received
    record: R | None
    findings: list[Finding]


def recognise(
    connection: Connection,
    source_id: int,
    kind: ObjectKind,
    peek: Callable[[Raw], Key],
    raws: Sequence[Raw],
    context: Context,
) -> list[Received]:
    """Who the objects are. Those whose bytes were sent last time are not even looked into."""
    digests = [raw_digest(raw) for raw in raws]
    known = known_objects(connection, source_id, kind, digests)
    return [
        Received(same.number, "", digest, raw, same)
        if (same := known.get(digest))
        else _identify(source_id, kind, peek(raw), digest, raw, context)
        for raw, digest in zip(raws, digests, strict=True)
    ]


def _identify(
    source_id: int, kind: ObjectKind, key: Key, digest: str, raw: Raw, context: Context
) -> Received:
    country = key.country_code or context.default_country_code
    party = key.party_id or context.default_party_id
    if key.id is None or country is None or party is None:
        return Received(None, "(no id)", digest, raw, None)
    number = object_number(kind, source_id, country, party, key.id)
    name = f"{country}*{party}*{key.id}".replace("\x00", "\ufffd")  # PostgreSQL keeps no NUL
    return Received(number, name, digest, raw, None)


def split(received: Iterable[Received], seen: set[int]) -> tuple[list[Received], list[Received]]:
    """First occurrences of an id in this delivery, and repetitions."""
    first: list[Received] = []
    again: list[Received] = []
    here: set[int] = set()
    for item in received:
        repeated = item.number is not None and (item.number in seen or item.number in here)
        (again if repeated else first).append(item)
        if item.number is not None:
            here.add(item.number)
    return first, again


class _Parts(msgspec.Struct, gc=False):
    evses: list[msgspec.Raw] | None = None


_parts = msgspec.json.Decoder(_Parts)


def evse_count(raw: Raw) -> int:
    """EVSEs of a location that is not taken (a tariff has none)."""
    try:
        return len(_parts.decode(raw).evses or ())
    except (ValueError, RecursionError):
        return 0
