"""Is a location open at an instant, and until when (ocpi.md §11, HO-1 to HO-7).

Regular hours are of the location's own time zone, exceptions are instants: closings beat openings,
openings add to regular hours. What cannot be known is None, and never shown as open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from nop_registry.pricing.headline import find_zone
from nop_registry.pricing.restrictions import MIDNIGHT, parse_clock, wall_instant
from nop_registry.records import ExceptionalPeriod, Hours

_DAYS_AHEAD = 8  # every weekly pattern shows itself within them
_MOST_EXCEPTIONS = 60  # ahead, of each kind: a publisher may list any number

Span = tuple[datetime, datetime]


class Opening(NamedTuple):
    """Whether a location is open at an instant."""

    is_open: bool | None
    """None: not known."""
    opens_at: datetime | None = None
    """While closed: when it opens next. None: never, or not known."""
    closes_at: datetime | None = None
    """While open: until when that is sure. None: no end is known."""


UNKNOWN = Opening(None)


def opening_at(hours: Hours | None, time_zone: str | None, at: datetime) -> Opening:
    """The opening at the instant `at` of a location in that IANA zone; no hours: unknown (HO-5)."""
    if hours is None:
        return UNKNOWN
    week = _Calendar(hours, find_zone(time_zone), at)
    now = week.is_open(at)
    if now is None:
        return UNKNOWN
    change = next((edge for edge in week.edges() if week.is_open(edge) != now), None)
    if now:
        return Opening(True, closes_at=change)
    return Opening(False, opens_at=change if change and week.is_open(change) else None)


def read_hours(document: object) -> Hours | None:
    """The opening times of a stored location (its `details.opening_times`)."""
    return None if document is None else msgspec.convert(document, Hours)


def join_week(hours: Hours) -> dict[int, list[tuple[str, str]]]:
    """By weekday (1 = Monday) the regular periods in order, overlapping ones joined (HO-3)."""
    days: dict[int, list[tuple[str, str]]] = {}
    for period in sorted(hours.regular_hours, key=lambda p: (p.weekday, p.period_begin)):
        begin, end = period.period_begin, period.period_end
        joined = days.setdefault(period.weekday, [])
        if joined and begin <= joined[-1][1]:
            begin, last = joined.pop()
            end = max(end, last)
        joined.append((begin, end))
    return days


class _Calendar:
    """The hours as spans of time, from an instant on."""

    def __init__(self, hours: Hours, zone: ZoneInfo | None, since: datetime) -> None:
        self._since, self._zone = since.astimezone(UTC), zone
        self._always = bool(hours.twentyfourseven)
        self._week = {} if self._always else join_week(hours)
        self._closings = _join(hours.exceptional_closings, since)
        self._openings = _join(hours.exceptional_openings, since)

    def is_open(self, at: datetime) -> bool | None:
        """None where only regular hours could tell, and there are none or no clock to read them."""
        if _holds(self._closings, at):
            return False
        if self._always or _holds(self._openings, at):
            return True
        if self._zone is None or not self._week:
            return None
        today = at.astimezone(self._zone).date()
        return _holds(self._regular(today, self._zone), at)

    def edges(self) -> Iterator[datetime]:
        """In order, the instants after the first at which it may open or close."""
        breaks = sorted({
            edge for span in (*self._closings, *self._openings) for edge in span
            if edge > self._since
        })  # fmt: skip
        for begin, end in zip([self._since, *breaks], [*breaks, None], strict=True):
            if begin > self._since:
                yield begin
            if not _holds(self._closings, begin) and not _holds(self._openings, begin):
                yield from self._regular_edges(begin, end)  # else an exception decides

    def _regular_edges(self, begin: datetime, end: datetime | None) -> list[datetime]:
        if self._zone is None:
            return []
        day = begin.astimezone(self._zone).date()
        days = (day + timedelta(days=ahead) for ahead in range(_DAYS_AHEAD + 1))
        edges = {e for one in days for span in self._regular(one, self._zone) for e in span}
        return sorted(e for e in edges if e > begin and (end is None or e < end))

    def _regular(self, day: date, zone: ZoneInfo) -> Iterator[Span]:
        """Spans of this local day."""
        for begin, end in self._week.get(day.isoweekday(), ()):
            first, last = parse_clock(begin), parse_clock(end)
            if first is not None and last is not None:
                last_day = day + timedelta(days=1) if last == MIDNIGHT else day  # 24:00
                yield wall_instant(day, first, zone), wall_instant(last_day, last, zone)


def _holds(spans: Iterable[Span], at: datetime) -> bool:
    return any(begin <= at < end for begin, end in spans)


def _join(periods: Iterable[ExceptionalPeriod], since: datetime) -> list[Span]:
    """Those that end after `since`, in order, overlapping ones joined."""
    spans: list[Span] = []
    for begin, end in sorted((p.period_begin, p.period_end) for p in periods):
        if spans and begin <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        elif end > since:
            spans.append((begin, end))
    return spans[:_MOST_EXCEPTIONS]
