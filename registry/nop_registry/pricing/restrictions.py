"""When a tariff element applies (OCPI TariffRestrictions; all conditions are ANDed)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from nop_registry.records import TariffRestrictions

KINDS = ("time", "day", "date", "power", "energy", "duration", "current")
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_FIELDS_OF = {
    "time": ("start_time", "end_time"),
    "day": ("day_of_week",),
    "date": ("start_date", "end_date"),
    "power": ("min_power", "max_power"),
    "energy": ("min_kwh", "max_kwh"),
    "duration": ("min_duration", "max_duration"),
    "current": ("min_current", "max_current"),
}
_LOCAL_KINDS = frozenset({"time", "day", "date"})
MIDNIGHT = time(0)


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One instant of a session, and what restrictions look at."""

    at: datetime
    zone: ZoneInfo | None
    """The location's time zone; None: not known."""
    energy_kwh: Fraction = Fraction(0)
    duration_s: Fraction = Fraction(0)
    power_kw: Fraction | None = None
    current_a: Fraction | None = None
    """Sum over the phases."""


class Verdict(NamedTuple):
    """Whether an element applies. What could not be decided counts as met and is named."""

    applies: bool
    undecided: frozenset[str] = frozenset()
    """Of zone, power, current."""


_YES = Verdict(True)
_NO = Verdict(False)


def kinds_of(restrictions: TariffRestrictions | None) -> frozenset[str]:
    """What the restrictions look at, of KINDS."""
    if restrictions is None:
        return frozenset()
    return frozenset(
        kind
        for kind, names in _FIELDS_OF.items()
        if any(getattr(restrictions, name) not in (None, ()) for name in names)
    )


def is_understood(restrictions: TariffRestrictions | None) -> bool:
    """False when some restriction cannot be read: such an element must never apply (TA-12)."""
    if restrictions is None:
        return True
    r = restrictions
    return (
        not r.unknown
        and all(parse_clock(text) is not None for text in (r.start_time, r.end_time) if text)
        and all(_parse_date(text) is not None for text in (r.start_date, r.end_date) if text)
        and all(day in _DAYS for day in r.day_of_week)
    )


@lru_cache(maxsize=1024)
def parse_clock(text: str) -> time | None:
    """A local time "HH:MM"; "24:00" is midnight. None when it cannot be read."""
    try:
        hour, minute = (int(part) for part in text.split(":")[:2])
        return time(hour % 24 if minute == 0 and hour == 24 else hour, minute)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _parse_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def wall_instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time: one that does not exist is moved forward by the gap, one
    that comes twice is the first (PEP 495, fold 0)."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def judge(restrictions: TariffRestrictions | None, moment: Moment) -> Verdict:
    """Whether the restrictions are met at that moment, reservations left aside."""
    if restrictions is None:
        return _YES
    if not is_understood(restrictions):
        return _NO
    r = restrictions
    kinds = kinds_of(r)
    undecided = set()
    if not (
        _within(moment.energy_kwh, r.min_kwh, r.max_kwh)
        and _within(moment.duration_s, r.min_duration, r.max_duration)
    ):
        return _NO
    for kind, value, low, high in (
        ("power", moment.power_kw, r.min_power, r.max_power),
        ("current", moment.current_a, r.min_current, r.max_current),
    ):
        if kind in kinds and value is None:
            undecided.add(kind)
        elif value is not None and not _within(value, low, high):
            return _NO
    if kinds & _LOCAL_KINDS:
        if moment.zone is None:
            undecided.add("zone")
        elif not _on_day(r, moment.at.astimezone(moment.zone).date()) or not _in_daily_window(
            r, moment.at, moment.zone
        ):
            return _NO
    return Verdict(True, frozenset(undecided)) if undecided else _YES


def _within(value: Fraction, low: object, high: object) -> bool:
    return (low is None or value >= low) and (high is None or value < high)  # type: ignore[operator]


def _on_day(r: TariffRestrictions, day: date) -> bool:
    start, end = _parse_date(r.start_date or ""), _parse_date(r.end_date or "")
    return (
        (start is None or day >= start)
        and (end is None or day < end)
        and (not r.day_of_week or _DAYS[day.weekday()] in r.day_of_week)
    )


def _in_daily_window(r: TariffRestrictions, at: datetime, zone: ZoneInfo) -> bool:
    """Compared as instants, so that the hour that comes twice in autumn is counted once."""
    if not r.start_time and not r.end_time:
        return True
    day = at.astimezone(zone).date()
    start = parse_clock(r.start_time or "00:00") or MIDNIGHT
    end = parse_clock(r.end_time or "00:00") or MIDNIGHT
    starts_at = wall_instant(day, start, zone)
    if end == MIDNIGHT:  # the end of the day
        return at >= starts_at and at < wall_instant(day + timedelta(days=1), MIDNIGHT, zone)
    ends_at = wall_instant(day, end, zone)
    if start < end:
        return starts_at <= at < ends_at
    return at >= starts_at or at < ends_at  # over midnight
