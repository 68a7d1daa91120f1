"""Fields of JSON objects as other systems export them: names in any case, numbers as texts.

Nothing here raises: what is not of the kind asked for counts as not given.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from nop_ingest.normalise.text import as_text
from nop_ingest.reading.tables import parse_number

Fields = dict[str, Any]
"""An object whose names, and those of the objects in it, are in small letters."""

_MAX_WHOLE = 2**31 - 1
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})


def read_object(text: str) -> dict[str, Any] | None:
    """The object that a piece of JSON holds; None if it is damaged or no object."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def fold(value: dict[str, Any]) -> Fields:
    """The same object with all names in small letters."""
    return {name.casefold(): _folded(member) for name, member in value.items()}


def _folded(value: Any) -> Any:
    if isinstance(value, dict):
        return fold(value)
    return [_folded(member) for member in value] if isinstance(value, list) else value


def text_of(value: object) -> str | None:
    """A text that says something, or a number as text."""
    return as_text(value)


def number_of(value: object) -> float | None:
    """A finite number, also one written as text with a decimal point or comma."""
    if isinstance(value, str):
        number = parse_number(value)
        return None if number is None else float(number)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def whole_of(value: object) -> int | None:
    """A number over 0, rounded to a whole one."""
    number = number_of(value)
    return round(number) if number is not None and 0 < number <= _MAX_WHOLE else None


def bool_of(value: object) -> bool | None:
    """True or false, also as text."""
    if isinstance(value, bool):
        return value
    word = (as_text(value) or "").casefold()
    return True if word in _YES else False if word in _NO else None


def fields_of(value: object) -> Fields:
    """The object; an empty one if it is none."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """The list; a single value (some exporters unpack lists of one) as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def objects_of(value: object) -> Iterator[Fields]:
    """The objects of a list."""
    return (member for member in list_of(value) if isinstance(member, dict))
