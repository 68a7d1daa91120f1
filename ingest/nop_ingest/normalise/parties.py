"""Parties: who an object belongs to. Two letters of country, three letters or digits of party."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeVar

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.countries import alpha_2
from nop_ingest.normalise.text import as_text, clean
from nop_ingest.report import Finding, Rejection
from nop_registry.records import LocationRecord, TariffRecord

R = TypeVar("R", LocationRecord, TariffRecord)

_COUNTRY = re.compile(r"[A-Z]{2}")
_PARTY = re.compile(r"[A-Z0-9]{3}")
_LONGEST_ID = 255


def country_code_of(value: object) -> str | None:
    """ISO 3166 alpha-2 in upper case, of other spellings of a country too; None: nothing given.

    What names no country comes back as it is: it must not be taken for the source's own party.
    """
    return _country_code(value[:_LONGEST_ID] if isinstance(value, str) else as_text(value) or "")


def party_id_of(value: object) -> str | None:
    """The party id in upper case; None: nothing given."""
    return _party_id(value[:_LONGEST_ID] if isinstance(value, str) else as_text(value) or "")


@lru_cache(maxsize=4096)
def _country_code(text: str) -> str | None:
    code = clean(text)
    if code is None:
        return None
    code = code.upper()
    return code if _COUNTRY.fullmatch(code) else alpha_2(code) or code


@lru_cache(maxsize=4096)
def _party_id(text: str) -> str | None:
    code = clean(text)
    return None if code is None else code.upper()


def settle_party(record: R, context: Context, path: str, findings: list[Finding]) -> R | None:
    """Give the party its one spelling; refuse an object without a usable owner or id."""
    country = country_code_of(record.country_code) or context.default_country_code
    party = party_id_of(record.party_id) or context.default_party_id
    if country is None or party is None:
        refusal = Rejection(
            "party-missing",
            "country_code" if country is None else "party_id",
            "it is not said who owns this object: give country_code and party_id",
        )
    elif not _COUNTRY.fullmatch(country) or not _PARTY.fullmatch(party):
        refusal = Rejection(
            "party-unusable",
            "party_id" if _COUNTRY.fullmatch(country) else "country_code",
            "country_code must be two letters and party_id three letters or digits, such as IN-TPC",
            f"{record.country_code}-{record.party_id}"[:200],
        )
    elif not record.id or len(record.id) > _LONGEST_ID:
        refusal = Rejection(
            "id-unusable" if record.id else "id-missing",
            "id",
            "every object needs an id of at most 36 characters that never changes",
            record.id[:200] or None,
        )
    elif country == record.country_code and party == record.party_id:
        return record
    else:
        return msgspec.structs.replace(record, country_code=country, party_id=party)
    findings.append(refusal)
    return None
