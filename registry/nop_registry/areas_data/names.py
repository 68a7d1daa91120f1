"""Other spellings of area names: `Orissa` is Odisha, `UT of D&NH and D&D` is IN-DH."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

FOLD = r"regexp_replace(replace(lower({0}), '&', 'and'), '[^[:alnum:]]+', '', 'g')"
"""SQL of a name without case, spaces and punctuation; `fold` is the same in Python."""


class Spelling(NamedTuple):
    """One folded spelling, the area's ISO 3166-2 code and the name that is shown."""

    folded: str
    code: str
    name: str


def fold(name: str) -> str:
    """The name without case, spaces and punctuation.

    >>> fold("UT of D&NH") == fold("UT OF D & NH")
    True
    """
    return re.sub(r"[\W_]+", "", name.lower().replace("&", "and"))


@cache
def spellings_of(country: str) -> tuple[Spelling, ...]:
    """Every known spelling of the first-level areas of a country (ISO 3166 alpha-2)."""
    names = msgspec.json.decode(
        Path(__file__).with_name("names.json").read_bytes(), type=dict[str, dict[str, list[str]]]
    )
    found = {
        fold(spelling): Spelling(fold(spelling), code, spellings[0])
        for code, spellings in names.get(country, {}).items()
        for spelling in spellings
    }
    return tuple(found.values())
