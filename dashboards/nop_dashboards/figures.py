"""How figures are written for people and for spreadsheets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

UNDETERMINED = "not determined"

_LAKH_COUNTRIES = frozenset({"IN", "PK", "BD", "NP", "LK", "BT", "MM"})  # 1,00,000


def grouped(value: float | Decimal | None, country: str, decimals: int = 0) -> str:
    """Digits in the nation's groups; None is a value that cannot be computed.

    >>> grouped(1234567, "IN"), grouped(1234567, "NL"), grouped(None, "IN")
    ('12,34,567', '1,234,567', 'not determined')
    """
    if value is None:
        return UNDETERMINED
    text = f"{value:,.{decimals}f}"
    if country not in _LAKH_COUNTRIES:
        return text
    whole, _, fraction = text.replace(",", "").partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
    return sign + ",".join([*pairs, tail]) + (f".{fraction}" if fraction else "")


def share(value: float | None) -> str:
    """A share of 0 to 1 in per cent.

    >>> share(0.5349), share(None)
    ('53.5 %', 'not determined')
    """
    return UNDETERMINED if value is None else f"{value * 100:.1f} %"


def instant(at: datetime | None) -> str:
    """A UTC instant to the minute.

    >>> from datetime import UTC
    >>> instant(datetime(2026, 11, 21, 9, 5, tzinfo=UTC)), instant(None)
    ('21 Nov 2026 09:05 UTC', 'never')
    """
    return f"{at.day} {at:%b %Y %H:%M} UTC" if at else "never"


def duration(seconds: int | None) -> str:
    """A span of time in its largest unit.

    >>> duration(59), duration(7300), duration(None)
    ('59 s', '2 h', 'never')
    """
    if seconds is None:
        return "never"
    for unit, length in (("days", 172_800), ("h", 7_200), ("min", 120)):
        if seconds >= length:
            return f"{seconds // (86_400 if unit == 'days' else length // 2)} {unit}"
    return f"{seconds} s"


def cell(value: Any) -> str:
    """A value for a CSV file. A text that a spreadsheet would run as a formula is made plain text.

    >>> cell("=1+1"), cell(-5), cell(None), cell("Delhi")
    ("'=1+1", '-5', '', 'Delhi')
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = str(value)
    if isinstance(value, str) and text.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r", "|"):
        return f"'{text}"
    return text
