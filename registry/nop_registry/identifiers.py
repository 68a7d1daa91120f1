"""Identifiers: parties, EVSE-IDs, and the registry's own permanent numbers."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple

from nop_registry.errors import InvalidIdentifier

_PARTY = re.compile(r"([A-Z]{2})[*-]?([A-Z0-9]{3})")
# eMI3/ISO 15118: country, party, E, then the operator's own part; separators are optional.
_EMI3 = re.compile(r"[A-Z]{2}\*?[A-Z0-9]{3}\*?E[A-Z0-9][A-Z0-9*]{0,30}")


class PartyId(NamedTuple):
    """An OCPI party: ISO 3166 alpha-2 country and three letters or digits.

    >>> str(PartyId.parse("in*tpc"))
    'IN-TPC'
    """

    country_code: str
    party_id: str

    @classmethod
    def parse(cls, text: str) -> PartyId:
        """Read `IN-TPC`, `IN*TPC` or `INTPC` in any case. Raises InvalidIdentifier."""
        found = _PARTY.fullmatch(text.strip().upper())
        if not found:
            raise InvalidIdentifier(f"{text!r} is not a party id such as IN-TPC")
        return cls(*found.groups())

    def __str__(self) -> str:
        return f"{self.country_code}-{self.party_id}"


def canonical_evse_id(text: str) -> str | None:
    """The form in which two spellings of one eMI3 EVSE-ID are equal; None if it is not eMI3.

    >>> canonical_evse_id("in*tpc*e12*3")
    'INTPCE123'
    >>> canonical_evse_id("charger 7") is None
    True
    """
    text = text.strip().upper()
    return text.replace("*", "") if _EMI3.fullmatch(text) else None


def object_number(kind: str, source_id: int, *parts: str) -> int:
    """The registry's permanent number of an object: the same words give the same number for ever.

    53 bits, so that it is exact in JavaScript and in a vector tile. Parts are compared without
    case (OCPI CiString, TR-32). Deterministic numbers make a replay end in the same registry and
    let a whole page be staged without asking the database for ids.

    >>> object_number("tariff", 1, "IN", "TPC", "A") == object_number("tariff", 1, "in", "tpc", "a")
    True
    """
    text = "\x1f".join((kind, str(source_id), *parts)).casefold()
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 11
