"""Dates and times as people and spreadsheets write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from nop_ingest.normalise import timestamps

_EXCEL_DAY_0 = datetime(1899, 12, 30)
_EXCEL_DAYS = (36_526, 73_050)  # 2000 to 2099; as seconds since 1970 they would be its first day
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS = r"(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
_TIME = rf"(?:[T, ]+(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}}){_SECONDS})?"
_HALF = r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_SPELLINGS = tuple(
    re.compile(day + _TIME + _HALF, re.ASCII | re.IGNORECASE)
    for day in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<year>20\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-3]\d)",
        r"(?P<day>\d{1,2})(?P<mark>[-/.]) ?(?P<month>\d{1,2})(?P=mark) ?(?P<year>\d{4}|\d{2})",
        r"(?P<day>\d{1,2})\.?[ -](?P<name>[a-z]{3,9})\.?[ ,-]+(?P<year>\d{4}|\d{2})",
        r"(?P<name>[a-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})",
    )
)
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)


def parse_moment(text: str, zone: tzinfo = UTC) -> datetime | None:
    """A moment in UTC; None if it is not certain what is meant.

    A time without a zone is one of `zone`; a date alone is its midnight. Days stand before months
    where points are between them; 03/04/2026 may be March or April: not certain.

    >>> parse_moment("31.12.2025 13:45").isoformat(), parse_moment("03/04/2026")
    ('2025-12-31T13:45:00+00:00', None)
    """
    at = parse_local(text)
    return at.replace(tzinfo=zone).astimezone(UTC) if at and at.tzinfo is None else at


def parse_local(text: str) -> datetime | None:
    """The same, but a time without a zone comes back without one, not yet a moment."""
    text = " ".join(text.split())
    try:
        if _SERIAL.fullmatch(text):
            days = float(text.replace(",", "."))
            if _EXCEL_DAYS[0] <= days < _EXCEL_DAYS[1]:
                return _EXCEL_DAY_0 + timedelta(seconds=round(days * 86_400))
        for spelling in _SPELLINGS:
            if found := spelling.fullmatch(text):
                return _moment(found.groupdict())
    except (ValueError, OverflowError):
        return None
    return timestamps.parse(text)


def _moment(parts: dict[str, str | None]) -> datetime | None:
    year, day = int(parts["year"] or 0), int(parts["day"] or 0)
    if parts.get("name"):
        month = _MONTHS.index((parts["name"] or "")[:3].lower()) + 1
    else:
        month = int(parts["month"] or 0)
        if parts.get("mark") in ("/", "-"):
            if day <= 12 and month <= 12 and day != month:
                return None
            if month > 12:
                day, month = month, day
    if year < 100:
        year += 2000
    hour = int(parts["hour"] or 0)
    if half := parts["half"]:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    second = min(int(parts["second"] or 0), 59)  # a leap second is the last one before it
    micros = int(f"{parts['fraction'] or '0':0<6}"[:6])
    local = datetime(year, month, day, hour, int(parts["minute"] or 0), second, micros)
    zone = _zone(parts["zone"])
    return local.replace(tzinfo=zone).astimezone(UTC) if zone else local


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo
