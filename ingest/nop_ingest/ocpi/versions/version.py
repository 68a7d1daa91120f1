"""What an OCPI version is to the pipeline: who an object is, the record it becomes, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.parties import country_code_of, party_id_of
from nop_ingest.normalise.steps import normalise_location, normalise_tariff
from nop_ingest.normalise.text import as_text
from nop_ingest.ocpi.wire.decoding import decode_location, decode_tariff
from nop_ingest.ocpi.wire.salvage import UNREADABLE, decode_loosely
from nop_ingest.ocpi.wire.saying import Dropped, Unsayable, filled
from nop_ingest.report import Finding
from nop_registry.records import LocationRecord, TariffRecord

__all__ = [
    "Context", "Emitted", "Key", "OcpiVersion", "Raw", "TariffEmitter", "emit", "peek",
    "read_location", "read_tariff", "to_location", "to_tariff",
]  # fmt: skip

Raw = bytes | memoryview | msgspec.Raw
"""One object, as its JSON text."""


class Key(NamedTuple):
    """Who an object says it is; None: it does not say so."""

    country_code: str | None
    party_id: str | None
    id: str | None


class Emitted(NamedTuple):
    """An object as a version says it, ready for any JSON encoder."""

    document: dict[str, Any] | None
    """None: the version cannot say it, or only with a falsehood."""
    dropped: tuple[str, ...]
    """A sentence for each thing that was left out or cut, without ids, so that equal ones add up;
    the last one says why there is no document."""


def emit(number: str, build: Callable[[Dropped], dict[str, Any]]) -> Emitted:
    """What `build` says in the version of that number; nothing if it raises Unsayable."""
    dropped = Dropped(number)
    try:
        document = filled(build(dropped))
    except Unsayable as why:
        return Emitted(None, (*dropped.sentences(), str(why)))
    return Emitted(document, dropped.sentences())


class TariffEmitter(Protocol):
    """A tariff as a version says it."""

    def __call__(self, record: TariffRecord, at: datetime | None = None) -> Emitted:
        """`at` (UTC, default: now) matters to a version that cannot say when a tariff is valid."""


class OcpiVersion(msgspec.Struct, frozen=True, kw_only=True):
    """How one version's objects are read and written.

    No reader raises for any bytes, no writer for any record.
    """

    number: str
    aliases: tuple[str, ...] = ()
    """Versions that differ only marginally and are read the same way."""
    peek_location: Callable[[Raw], Key]
    to_location: Callable[[Raw, Context], tuple[LocationRecord | None, list[Finding]]]
    """The record, normalised and checked, or None; and what the publisher is told."""
    read_location: Callable[[Raw, Context], tuple[LocationRecord | None, list[Finding]]]
    """The same, not yet normalised and checked: for a door that does so itself."""
    peek_tariff: Callable[[Raw], Key]
    to_tariff: Callable[[Raw, Context], tuple[TariffRecord | None, list[Finding]]]
    read_tariff: Callable[[Raw, Context], tuple[TariffRecord | None, list[Finding]]]
    """The same, not yet normalised and checked."""
    from_location: Callable[[LocationRecord, Callable[[str], bool]], Emitted]
    """The callable says whether a tariff id may be referred to."""
    from_tariff: TariffEmitter


class _Identity(msgspec.Struct, gc=False):
    country_code: Any = None
    party_id: Any = None
    id: Any = None


_identity = msgspec.json.Decoder(_Identity)


def peek(raw: Raw) -> Key:
    """Who an object says it is, without decoding the rest: runs on every object of every pull.

    Spelt as its record will be; bytes that hold no object have no key.
    """
    try:
        found = _identity.decode(raw)
    except UNREADABLE:
        value, _ = decode_loosely(raw)
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if not isinstance(value, dict):
            return Key(None, None, None)
        found = _Identity(value.get("country_code"), value.get("party_id"), value.get("id"))
    return Key(country_code_of(found.country_code), party_id_of(found.party_id), as_text(found.id))


def read_location(raw: Raw, context: Context) -> tuple[LocationRecord | None, list[Finding]]:
    """Decode a Location."""
    findings: list[Finding] = []
    return decode_location(raw, context, findings), findings


def to_location(raw: Raw, context: Context) -> tuple[LocationRecord | None, list[Finding]]:
    """Decode a Location, normalise and check it."""
    record, findings = read_location(raw, context)
    if record is None:
        return None, findings
    location, found = normalise_location(record, context)
    return location, findings + found


def _as_read(record: TariffRecord, _: list[Finding]) -> TariffRecord:
    return record


def read_tariff(
    raw: Raw,
    context: Context,
    complete: Callable[[TariffRecord, list[Finding]], TariffRecord] = _as_read,
) -> tuple[TariffRecord | None, list[Finding]]:
    """Decode a Tariff. Refused if its price could be misread.

    `complete` gets the decoded record: what the version leaves unsaid, it says, or tells.
    """
    findings: list[Finding] = []
    record = decode_tariff(raw, context, findings)
    return (complete(record, findings) if record is not None else None), findings


def to_tariff(
    raw: Raw,
    context: Context,
    complete: Callable[[TariffRecord, list[Finding]], TariffRecord] = _as_read,
) -> tuple[TariffRecord | None, list[Finding]]:
    """Decode a Tariff, normalise and check it. `complete`: see `read_tariff`."""
    record, findings = read_tariff(raw, context, complete)
    if record is None:
        return None, findings
    tariff, found = normalise_tariff(record, context)
    return tariff, findings + found
