from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nop_ingest.context import Context
from nop_ingest.normalise.hours import settle_location
from nop_ingest.report import Finding
from nop_registry.records import ExceptionalPeriod, Hours, LocationRecord, RegularHours

CONTEXT = Context(country="IN", received_at=datetime(2026, 6, 1, tzinfo=UTC))
NOON = datetime(2026, 12, 25, 12, tzinfo=UTC)


def settle(
    hours: Hours | None, zone: str | None = "Asia/Kolkata"
) -> tuple[LocationRecord, list[str]]:
    findings: list[Finding] = []
    record = LocationRecord(
        country_code="IN", party_id="TPC", id="1", lat=28.6, lon=77.2, opening_times=hours,
        time_zone=zone,
    )  # fmt: skip
    return settle_location(record, CONTEXT, "", findings), [f.code for f in findings]


def periods(*texts: str) -> tuple[RegularHours, ...]:
    made = []
    for text in texts:
        weekday, begin, end = text.split()
        made.append(RegularHours(weekday=int(weekday), period_begin=begin, period_end=end))
    return tuple(made)


@pytest.mark.parametrize(
    ("given_periods", "settled"),
    [
        (["1 08:00 22:00"], ["1 08:00 22:00"]),
        (["1 8:00 22:00:00"], ["1 08:00 22:00"]),
        (["1 08:00 00:00"], ["1 08:00 24:00"]),
        (["1 08:00 24:00"], ["1 08:00 24:00"]),
        (["1 00:00 23:59"], ["1 00:00 24:00"]),
        (["7 18:00 02:00"], ["7 18:00 24:00", "1 00:00 02:00"]),
        (["3 06:00 06:00"], ["3 00:00 24:00"]),
        (["0 10:00 12:00"], ["7 10:00 12:00"]),
    ],
)
def test_midnight_night_and_sunday_have_one_spelling(
    given_periods: list[str], settled: list[str]
) -> None:
    """HO-2."""
    location, codes = settle(Hours(twentyfourseven=False, regular_hours=periods(*given_periods)))
    assert location.opening_times is not None
    assert location.opening_times.regular_hours == periods(*settled)
    assert codes == []


def test_an_unreadable_period_costs_only_itself() -> None:
    week = Hours(regular_hours=periods("1 08:00 12:00", "2 late 12:00", "8 08:00 12:00"))
    location, codes = settle(week)
    assert location.opening_times is not None
    assert location.opening_times.regular_hours == periods("1 08:00 12:00")
    assert codes == ["hours-unreadable"]


def test_all_day_on_all_days_is_always_open() -> None:
    location, codes = settle(
        Hours(regular_hours=periods(*(f"{d} 00:00 23:59" for d in range(1, 8))))
    )
    assert location.opening_times == Hours(twentyfourseven=True)
    assert codes == ["hours-always-open"]


def test_hours_that_say_nothing_are_unknown_not_closed() -> None:
    """HO-1, HO-5: and no hours at all are unknown too."""
    location, codes = settle(Hours(twentyfourseven=False))
    assert location.opening_times is None
    assert codes == ["hours-empty"]
    location, codes = settle(None)
    assert location.opening_times is None and codes == []


def test_always_open_keeps_its_exceptions_and_drops_regular_hours() -> None:
    """HO-1."""
    closed = ExceptionalPeriod(period_begin=NOON, period_end=NOON + timedelta(hours=1))
    backwards = ExceptionalPeriod(period_begin=NOON, period_end=NOON - timedelta(hours=1))
    hours = Hours(
        twentyfourseven=True,
        regular_hours=periods("1 08:00 12:00"),
        exceptional_closings=(closed, backwards),
    )
    location, codes = settle(hours)
    assert location.opening_times == Hours(twentyfourseven=True, exceptional_closings=(closed,))
    assert codes == ["exceptional-hours-backwards"]


def test_exceptional_periods_that_end_before_they_begin_are_told_once() -> None:
    """HO-4: a station that counts as open on its holiday must not surprise its operator."""
    backwards = ExceptionalPeriod(period_begin=NOON, period_end=NOON)
    hours = Hours(
        twentyfourseven=True,
        exceptional_openings=(backwards, backwards),
        exceptional_closings=(backwards,),
    )
    location, codes = settle(hours)
    assert location.opening_times == Hours(twentyfourseven=True)
    assert codes == ["exceptional-hours-backwards"]


@pytest.mark.parametrize(
    ("given_zone", "zone", "codes"),
    [
        ("Asia/Kolkata", "Asia/Kolkata", []),
        ("Asia/Kuala Lumpur", "Asia/Kuala_Lumpur", ["time-zone-spelling"]),
        ("Germany", None, ["time-zone-unknown"]),
        (None, None, []),
    ],
)
def test_a_time_zone_is_one_that_clocks_know(
    given_zone: str | None, zone: str | None, codes: list[str]
) -> None:
    location, found = settle(None, given_zone)
    assert (location.time_zone, found) == (zone, codes)
