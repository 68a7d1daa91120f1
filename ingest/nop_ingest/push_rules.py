"""What a push may say: the rules of ocpi.md §6 that need no database."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from nop_ingest import documents
from nop_ingest.context import Context
from nop_ingest.documents import Fields, is_same
from nop_ingest.normalise.timestamps import AHEAD
from nop_ingest.ocpi.versions.version import OcpiVersion
from nop_ingest.report import Finding, Rejection
from nop_registry.enums import ObjectKind
from nop_registry.identifiers import object_number
from nop_registry.records import LocationRecord, TariffRecord

_PARTY = re.compile(r"[A-Z]{2}[A-Z0-9]{3}", re.ASCII)
_PLACE = re.compile(r"\[\d+\]")
MOST_EVSES = 2000
MOST_CONNECTORS = 50
"""Of one EVSE (RE-14)."""

_REQUIRED = frozenset({
    "address", "amperage", "city", "connectors", "coordinates", "country", "currency", "elements",
    "format", "last_updated", "max_amperage", "max_voltage", "power_type", "publish", "standard",
    "status", "voltage",
})  # fmt: skip
"""Of any object in any version."""


class Push(msgspec.Struct, frozen=True):
    """Who pushes, and how it is to be read."""

    source_id: int
    source_name: str
    version: OcpiVersion
    country: str
    """ISO 3166 alpha-2 of the nation served."""
    received_at: datetime

    def context(self, address: Address) -> Context:
        """For reading an object of that address."""
        return Context(
            country=self.country,
            received_at=self.received_at,
            default_country_code=address.country_code,
            default_party_id=address.party_id,
        )


class Address(NamedTuple):
    """The object that a URL names: a Location or Tariff, or an EVSE or Connector of a Location."""

    country_code: str
    party_id: str
    id: str
    uid: str | None = None
    connector_id: str | None = None

    @property
    def names_a_party(self) -> bool:
        """country_code and party_id are such."""
        return _PARTY.fullmatch(self.country_code + self.party_id) is not None

    def number(self, source_id: int, kind: ObjectKind = ObjectKind.LOCATION) -> int:
        """Of the whole object in the registry."""
        return object_number(kind, source_id, self.country_code, self.party_id, self.id)

    def evse_number(self, source_id: int) -> int:
        """Of the EVSE in the registry."""
        assert self.uid is not None  # noqa: S101 - the caller's business
        return object_number("evse", source_id, self.country_code, self.party_id, self.id, self.uid)


class Outcome(msgspec.Struct, frozen=True):
    """What became of a push."""

    what: Literal["taken", "stale", "refused", "unknown", "too large"]
    created: bool = False
    findings: list[Finding] = []
    """Why it was refused; or, taken, what could not be used of it."""


class Stale(Exception):
    """Older than what is held at its level."""


class Unknown(Exception):
    """There is no such object to change."""


def other_identity(address: Address, sent: Fields) -> list[Finding]:
    """RE-5: who the body says it is, where it says so, must be who the URL names."""
    if address.connector_id is not None:
        expected = {"id": address.connector_id}
    elif address.uid is not None:
        expected = {"uid": address.uid}
    else:
        expected = {
            "country_code": address.country_code, "party_id": address.party_id, "id": address.id
        }  # fmt: skip
    return [
        Rejection("identity-differs", name, f"the URL says {wanted!r}: they must be equal", given)
        for name, wanted in expected.items()
        if (given := documents.text_of(sent, name)) is not None and not is_same(given, wanted)
    ]


def without_id(address: Address, sent: Fields) -> list[Finding]:
    own = address.uid is not None and address.connector_id is None
    name = "uid" if own else "id"
    if documents.text_of(sent, name) is not None:
        return []
    return [
        Rejection(f"{name}-missing", name, f"the object must carry its {name}, as the URL does")
    ]


def unfit_patch(push: Push, address: Address, sent: Fields) -> list[Finding]:
    """RE-2, RE-3, RE-6: what no PATCH may do."""
    wrong = other_identity(address, sent)
    for name in sorted(_REQUIRED & sent.keys()):
        if bytes(sent[name]) == b"null":
            wrong.append(Rejection(f"{name}-null", name, "required by OCPI: it cannot be removed"))
    if documents.moment_of(sent) is None and not wrong:
        if "last_updated" in sent:
            wrong.append(
                Rejection("last-updated-unusable", "last_updated", "send UTC, 2026-11-20T10:00:00Z")
            )
        elif push.version.number != "2.1.1":
            wrong.append(
                Rejection("last-updated-missing", "last_updated", "a PATCH must carry last_updated")
            )
    return wrong


def read_patch(push: Push, address: Address, sent: Fields) -> Fields:
    """What a PATCH says that can change, with a time: in 2.1.1 maybe that of receipt (RE-3)."""
    patch = {name: raw for name, raw in sent.items() if name not in _identity_of(address)}
    if "last_updated" not in patch:
        documents.set_moment(patch, push.received_at)
    return patch


def _identity_of(address: Address) -> tuple[str, ...]:
    if address.connector_id is not None:
        return ("id",)
    return ("uid",) if address.uid is not None else ("country_code", "party_id", "id")


def is_older(push: Push, sent: Fields, held: Fields, stored_at: datetime) -> bool:
    """RE-8, at one level."""
    said, known = said_at(push, sent), known_at(held, stored_at)
    return said is not None and known is not None and said < known


def said_at(push: Push, sent: Fields) -> datetime | None:
    """The claim of a push. A clock that runs ahead counts as the time of receipt."""
    said = documents.moment_of(sent)
    return push.received_at if said and said > push.received_at + AHEAD else said


def known_at(held: Fields, stored_at: datetime) -> datetime | None:
    """The claim of what is held. A clock that ran ahead must not block a charger (RE-8)."""
    known = documents.moment_of(held)
    return stored_at if known and known > stored_at + AHEAD else known


def worse_findings(after: list[Finding], before: list[Finding]) -> list[Finding]:
    """RE-7: what a part would spoil. What was wrong before is not held against it.

    Nor that it stands elsewhere in its list now: faults of a kind are counted, and those in their
    old place come first.
    """
    places = {(f.code, f.path) for f in before}
    known = Counter(_kind(f) for f in before)
    worse = []
    spoilt = [f for f in after if isinstance(f, Rejection) or f.code == "field-unusable"]
    for found in sorted(spoilt, key=lambda f: (f.code, f.path) not in places):
        if known[_kind(found)]:
            known[_kind(found)] -= 1
        else:
            worse.append(found)
    return worse


def _kind(found: Finding) -> tuple[str, str]:
    return found.code, _PLACE.sub("[]", found.path)


def is_too_large(record: LocationRecord | TariffRecord) -> bool:
    return isinstance(record, LocationRecord) and (
        len(record.evses) > MOST_EVSES
        or any(len(evse.connectors) > MOST_CONNECTORS for evse in record.evses)
    )
