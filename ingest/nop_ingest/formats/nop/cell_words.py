"""What stands in one cell of our own table: a value from its text, and the text of a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Any

from nop_ingest.reading import week_hours
from nop_ingest.reading.tables import parse_number
from nop_registry.enums import KNOWN_CONNECTOR_TYPES, TaxIncluded
from nop_registry.records import RegularHours

LIST_SEPARATOR = ";"
_MAX_WHOLE = 2**31 - 1
# Spreadsheets write true and false in their user's language.
_YES = {
    "true", "yes", "y", "1", "ja", "wahr", "oui", "vrai", "si", "sí", "verdadero", "vero",
    "हाँ", "हां",
}  # fmt: skip
_NO = {"false", "no", "n", "0", "nein", "falsch", "non", "faux", "falso", "नहीं"}
_TYPE_BY_CASE = {name.casefold(): name for name in KNOWN_CONNECTOR_TYPES}
_UNIT = re.compile(r"(.*\d) ?(k?)([wva])", re.IGNORECASE)
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_WHOLE_WEEK = tuple(
    RegularHours(weekday=day, period_begin="00:00", period_end="24:00") for day in range(1, 8)
)


def read_number(text: str) -> float:
    """Raises ValueError, as all readers here do, with what to enter instead."""
    number = parse_number(text)
    if number is None:
        raise ValueError("Enter a plain number such as 28.613939.")
    return float(number)


def read_price(text: str) -> Decimal:
    """An amount from 0 up."""
    number = parse_number(text)
    if number is None or number < 0:
        raise ValueError("Enter a plain amount such as 18.50, without the currency.")
    return number


def read_currency(text: str) -> str:
    """An ISO 4217 code."""
    code = text.upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError("Enter the currency's three letters, such as INR or EUR.")
    return code


def read_whole(text: str) -> int:
    """A whole number; its unit (W, kW, V or A) may stand behind it."""
    unit = _UNIT.fullmatch(text)
    number = parse_number(unit[1] if unit else text)
    if number is not None and unit and unit[2]:
        number *= 1000
    if number is None or number != int(number) or not 0 < number <= _MAX_WHOLE:
        raise ValueError("Enter a whole number over 0, without unit.")
    return int(number)


def read_bool(text: str) -> bool:
    """true or false, yes or no."""
    if text.casefold() in _YES | _NO:
        return text.casefold() in _YES
    raise ValueError("Enter true or false.")


def read_tax_included(text: str) -> TaxIncluded:
    """yes or no, or n/a where no tax applies."""
    word = text.casefold()
    if word in ("n/a", "na"):
        return TaxIncluded.NOT_APPLICABLE
    if word in _YES | _NO:
        return TaxIncluded.YES if word in _YES else TaxIncluded.NO
    raise ValueError("Enter yes if the prices are with tax, no if it comes on top.")


def read_list(text: str) -> tuple[str, ...]:
    """Words with semicolons between them."""
    return tuple(part.strip() for part in text.split(LIST_SEPARATOR) if part.strip())


def read_standard(text: str) -> str:
    """A ConnectorType in OCPI's spelling; another word as it is."""
    return _TYPE_BY_CASE.get(text.casefold(), text)


def read_member(members: type[StrEnum]) -> Callable[[str], Any]:
    """One of an enumeration, in any case, with blanks or hyphens for underscores."""

    def read(text: str) -> Any:
        try:
            return members(re.sub(r"[\s-]+", "_", text.upper()))
        except ValueError:
            raise ValueError(f"Enter one of {', '.join(members)}.") from None

    return read


def read_hours(text: str) -> tuple[RegularHours, ...]:
    """`Mo-Fr 08:00-20:00; Sa 09:00-14:00`, or `24/7`.

    >>> [(h.weekday, h.period_end) for h in read_hours("Fr-Sa 8:00-20:00; Su 10:00-14:00")]
    [(5, '20:00'), (6, '20:00'), (7, '14:00')]
    """
    hours = week_hours.read_hours(text, ("en",))
    if hours is None:
        raise ValueError("Enter opening hours as in Mo-Fr 08:00-20:00; Sa 09:00-14:00, or 24/7.")
    return _WHOLE_WEEK if hours.twentyfourseven else hours.regular_hours


def cell_of(value: Any) -> str:
    """The text from which a reader gets the value again; "" for none."""
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple | list):
        if value and isinstance(value[0], RegularHours):
            return f"{LIST_SEPARATOR} ".join(_spans(tuple(value)))
        return LIST_SEPARATOR.join(map(str, value))
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    return str(value)


def _spans(hours: tuple[RegularHours, ...]) -> list[str]:
    """Neighbouring days with the same hours in one."""
    runs = groupby(
        enumerate(hours), lambda p: (p[1].weekday - p[0], p[1].period_begin, p[1].period_end)
    )
    spans = []
    for (_, begin, end), members in runs:
        days = [_DAYS[hour.weekday - 1] for _, hour in members]
        name = days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"
        spans.append(f"{name} {begin}-{end}")
    return spans
