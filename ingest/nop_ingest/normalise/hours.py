"""Opening hours: one reading for the many spellings of midnight, night and "always" (HO-1, HO-2).

Afterwards every period begins before it ends, "24:00" is the end of a day, a night is two periods,
and hours that say nothing are None (unknown, not closed).
"""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.timestamps import in_utc
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity
from nop_registry.records import ExceptionalPeriod, Hours, LocationRecord, RegularHours

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?", re.ASCII)
_ENDS_OF_DAY = frozenset({"00:00", "23:59", "24:00"})
_USUAL = frozenset(f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60))
_WHOLE_WEEK = frozenset(range(1, 8))


def settle_location(
    location: LocationRecord, context: Context, path: str, findings: list[Finding]
) -> LocationRecord:
    """Bring the opening times and the time zone of a location to one reading."""
    hours, zone = location.opening_times, location.time_zone
    if hours is not None and hours != _ALWAYS:
        hours = _settle_hours(hours, findings)
    if zone is not None and zone not in _zones():
        zone = _settle_zone(zone, findings)
    if hours is location.opening_times and zone is location.time_zone:
        return location
    return msgspec.structs.replace(location, opening_times=hours, time_zone=zone)


_ALWAYS = Hours(twentyfourseven=True)


def _settle_hours(hours: Hours, findings: list[Finding]) -> Hours | None:
    openings = _settle_exceptions(hours.exceptional_openings, "exceptional_openings", findings)
    closings = _settle_exceptions(hours.exceptional_closings, "exceptional_closings", findings)
    if hours.twentyfourseven:  # regular hours are ignored then (HO-1)
        always = Hours(
            twentyfourseven=True, exceptional_openings=openings, exceptional_closings=closings
        )
        return hours if always == hours else always
    regular = _settle_week(hours.regular_hours, findings)
    if not regular and not openings and not closings:
        if not findings or findings[-1].code != "hours-unreadable":
            findings.append(
                Notice(
                    "hours-empty", Severity.WARNING, "opening_times",
                    "neither twentyfourseven nor any regular_hours: the hours count as unknown",
                )
            )  # fmt: skip
        return None
    whole = {p.weekday for p in regular if (p.period_begin, p.period_end) == ("00:00", "24:00")}
    if whole == _WHOLE_WEEK and not closings:
        findings.append(
            Notice(
                "hours-always-open", Severity.INFO, "opening_times",
                "open all day on all days: send twentyfourseven true instead",
            )
        )  # fmt: skip
        return _ALWAYS
    return Hours(
        twentyfourseven=False,
        regular_hours=regular,
        exceptional_openings=openings,
        exceptional_closings=closings,
    )


def _settle_week(
    periods: tuple[RegularHours, ...], findings: list[Finding]
) -> tuple[RegularHours, ...]:
    settled: list[RegularHours] = []
    bad = False
    for period in periods:
        begin, end = period.period_begin, period.period_end
        if (
            1 <= period.weekday <= 7
            and begin in _USUAL
            and end in _USUAL
            and begin < end
            and end != "23:59"
        ):
            settled.append(period)
        elif parts := _split_period(period):
            settled += parts
        elif not bad:
            bad = True
            findings.append(
                Notice(
                    "hours-unreadable", Severity.WARNING, "opening_times.regular_hours",
                    "a period was left out: weekday is 1 (Monday) to 7, times are HH:MM",
                    f"{period.weekday} {begin}-{end}",
                )
            )  # fmt: skip
    return tuple(settled)


def _split_period(period: RegularHours) -> list[RegularHours]:
    """One or two periods that begin before they end; empty if the period cannot be read."""
    weekday = 7 if period.weekday == 0 else period.weekday  # some count Sunday as 0
    begin, end = _clock(period.period_begin), _clock(period.period_end)
    if begin is None or end is None or begin == "24:00" or not 1 <= weekday <= 7:
        return []
    if begin == end:  # from midnight to midnight, or round the clock
        begin, end = "00:00", "24:00"
    if end in _ENDS_OF_DAY:
        end = "24:00"
    if begin < end:
        return [RegularHours(weekday=weekday, period_begin=begin, period_end=end)]
    return [
        RegularHours(weekday=weekday, period_begin=begin, period_end="24:00"),
        RegularHours(weekday=weekday % 7 + 1, period_begin="00:00", period_end=end),
    ]


def _clock(text: str) -> str | None:
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return None
    clock = f"{int(found[1]):02}:{found[2]}"
    return clock if clock in _USUAL or clock == "24:00" else None


def _settle_exceptions(
    periods: tuple[ExceptionalPeriod, ...], name: str, findings: list[Finding]
) -> tuple[ExceptionalPeriod, ...]:
    settled = []
    for period in periods:
        begin, end = in_utc(period.period_begin), in_utc(period.period_end)
        if begin is not None and end is not None and begin < end:
            settled.append(ExceptionalPeriod(period_begin=begin, period_end=end))
        elif not any(found.code == "exceptional-hours-backwards" for found in findings):
            findings.append(
                Notice(
                    "exceptional-hours-backwards", Severity.WARNING, f"opening_times.{name}",
                    "a period was left out: period_begin must be before period_end",
                    f"{period.period_begin} - {period.period_end}",
                )
            )  # fmt: skip
    return periods if settled == list(periods) else tuple(settled)


def _settle_zone(zone: str, findings: list[Finding]) -> str | None:
    """The IANA name of a slightly misspelt zone; None if there is none."""
    found = _zones_by_letters().get(_letters(zone))
    if not _zones():  # this computer has no zone data: nothing can be said against a name
        return zone
    findings.append(
        Notice(
            "time-zone-spelling" if found else "time-zone-unknown",
            Severity.INFO if found else Severity.WARNING,
            "time_zone",
            f"read as {found}: use the IANA name" if found
            else "left out: use an IANA name such as Asia/Kolkata",
            zone[:200],
        )
    )  # fmt: skip
    return found


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _zones_by_letters() -> dict[str, str]:
    return {_letters(zone): zone for zone in sorted(_zones())}


def _letters(zone: str) -> str:
    return zone.strip().casefold().replace(" ", "_")
