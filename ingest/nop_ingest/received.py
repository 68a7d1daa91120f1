"""Objects as they come: who they are, and whether their bytes were seen before in this delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

import msgspec

from nop_ingest.context import Context
from nop_ingest.ocpi.versions.version import Key, Raw
from nop_ingest.report import Finding
from nop_registry.enums import ObjectKind
from nop_registry.identifiers import object_number
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store.objects import raw_digest

R = TypeVar("R", LocationRecord, TariffRecord)


class Received(NamedTuple):
    """One object as it came."""

    number: int | None
    """identifiers.object_number; None: it has no usable id."""
    key: str
    digest: bytes
    raw: Raw


class Decoded(NamedTuple, Generic[R]):
    """One object after decoding, normalising and checking; no record: it was refused."""

    received: Received
    record: R | None
    findings: list[Finding]


def recognise(
    source_id: int, kind: ObjectKind, peek: Callable[[Raw], Key], raw: Raw, context: Context
) -> Received:
    """Number and digest of an object, without decoding it."""
    key = peek(raw)
    country = key.country_code or context.default_country_code
    party = key.party_id or context.default_party_id
    digest = raw_digest(raw)
    if key.id is None or country is None or party is None:
        return Received(None, "(no id)", digest, raw)
    number = object_number(kind, source_id, country, party, key.id)
    return Received(number, f"{country}*{party}*{key.id}", digest, raw)


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
