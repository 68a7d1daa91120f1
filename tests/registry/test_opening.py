"""Open now, and until when: the examples of the specification, worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nop_registry.opening import UNKNOWN, Opening, join_week, opening_at, read_hours
from nop_registry.records import ExceptionalPeriod, Hours, RegularHours

AMSTERDAM = "Europe/Amsterdam"


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def week(*texts: str, **exceptions: tuple[ExceptionalPeriod, ...]) -> Hours:
    """Hours with periods such as "1 08:00 20:00"."""
    periods = (text.split() for text in texts)
    regular = tuple(RegularHours(int(day), begin, end) for day, begin, end in periods)
    return Hours(twentyfourseven=False, regular_hours=regular, **exceptions)


def span(begin: str, end: str, zone: str = "UTC") -> ExceptionalPeriod:
    return ExceptionalPeriod(at(begin, zone), at(end, zone))


# The specification's own: weekdays from 8 to 20, with an opening and a closing.
JUNE = week(
    *(f"{day} 08:00 20:00" for day in range(1, 6)),
    exceptional_openings=(span("2014-06-21T09:00", "2014-06-21T12:00", AMSTERDAM),),
    exceptional_closings=(span("2014-06-24T00:00", "2014-06-25T00:00", AMSTERDAM),),
)
JUNE_TABLE = {
    **dict.fromkeys((16, 17, 18, 19, 20, 23, 25, 26, 27), (8, 20)),
    21: (9, 12), 22: None, 24: None, 28: None, 29: None,
}  # fmt: skip


@pytest.mark.parametrize("day", sorted(JUNE_TABLE))
def test_ho_6_the_fortnight_of_june_2014_opens_and_closes_as_its_table_says(day: int) -> None:
    midnight = at(f"2014-06-{day:02}T00:00", AMSTERDAM)
    quarters = [midnight + timedelta(minutes=15 * n) for n in range(96)]
    open_at = [n / 4 for n, q in enumerate(quarters) if opening_at(JUNE, AMSTERDAM, q).is_open]
    hours = JUNE_TABLE[day]
    assert open_at == ([] if hours is None else [n / 4 for n in range(4 * hours[0], 4 * hours[1])])


def test_ho_6_the_next_change_of_the_fortnight_skips_closed_days() -> None:
    friday_night = opening_at(JUNE, AMSTERDAM, at("2014-06-20T20:00", AMSTERDAM))
    assert friday_night == Opening(False, opens_at=at("2014-06-21T09:00", AMSTERDAM))
    sunday = opening_at(JUNE, AMSTERDAM, at("2014-06-22T10:00", AMSTERDAM))
    assert sunday == Opening(False, opens_at=at("2014-06-23T08:00", AMSTERDAM))
    monday_night = opening_at(JUNE, AMSTERDAM, at("2014-06-23T21:00", AMSTERDAM))
    assert monday_night == Opening(False, opens_at=at("2014-06-25T08:00", AMSTERDAM))


CHRISTMAS = span("2018-12-25T03:00", "2018-12-25T05:00")


@pytest.mark.parametrize(
    ("hours", "changes"),
    [
        (
            Hours(twentyfourseven=True, exceptional_closings=(CHRISTMAS,)),
            [("00:00", True, "03:00"), ("03:00", False, "05:00"), ("05:00", True, None)],
        ),
        (
            week("1 01:00 06:00", "2 01:00 06:00", exceptional_closings=(CHRISTMAS,)),
            [("00:00", False, "01:00"), ("01:00", True, "03:00"), ("03:00", False, "05:00"),
             ("05:00", True, "06:00")],
        ),
        (
            week("1 00:00 04:00", "2 00:00 04:00",
                 exceptional_openings=(span("2018-12-25T05:00", "2018-12-25T07:00"),)),
            [("00:00", True, "04:00"), ("04:00", False, "05:00"), ("05:00", True, "07:00")],
        ),
    ],
    ids=["always", "closing", "opening"],
)  # fmt: skip
def test_ho_6_christmas_2018_is_closed_and_open_as_said(
    hours: Hours, changes: list[tuple[str, bool, str | None]]
) -> None:
    for clock, is_open, until in changes:
        found = opening_at(hours, "UTC", at(f"2018-12-25T{clock}"))
        change = until and at(f"2018-12-25T{until}")
        assert found == (Opening(True, None, change) if is_open else Opening(False, change))


def test_ho_3_overlapping_and_touching_periods_are_one() -> None:
    hours = week(
        "1 12:00 18:00", "1 08:00 13:00", "1 18:00 20:00", "1 09:00 10:00", "2 00:00 01:00"
    )
    assert join_week(hours) == {1: [("08:00", "20:00")], 2: [("00:00", "01:00")]}
    found = opening_at(hours, "UTC", at("2026-11-23T08:30"))  # a Monday
    assert found == Opening(True, closes_at=at("2026-11-23T20:00"))


def test_ho_3_a_night_in_two_parts_is_open_through_midnight() -> None:
    hours = week("7 18:00 24:00", "1 00:00 02:00")
    found = opening_at(hours, "Asia/Kolkata", at("2026-11-22T23:00", "Asia/Kolkata"))
    assert found == Opening(True, closes_at=at("2026-11-23T02:00", "Asia/Kolkata"))


def test_closings_beat_openings_and_openings_add_to_the_week() -> None:
    """HO-4: also where they overlap one another."""
    hours = week(
        "1 08:00 12:00",
        exceptional_openings=(span("2026-11-23T10:00", "2026-11-23T16:00"),),
        exceptional_closings=(
            span("2026-11-23T14:00", "2026-11-23T18:00"),
            span("2026-11-23T15:00", "2026-11-24T00:00"),
        ),
    )
    assert opening_at(hours, "UTC", at("2026-11-23T09:00")).closes_at == at("2026-11-23T14:00")
    closed = opening_at(hours, "UTC", at("2026-11-23T15:30"))
    assert closed == Opening(False, opens_at=at("2026-11-30T08:00"))


def test_the_week_is_seen_again_after_a_closing_of_many_weeks() -> None:
    """HO-4: the next opening is after the holidays, not within the next days."""
    hours = week(
        "3 08:00 12:00", exceptional_closings=(span("2026-07-01T00:00", "2026-08-31T00:00"),)
    )
    assert opening_at(hours, "UTC", at("2026-07-02T00:00")).opens_at == at("2026-09-02T08:00")


def test_regular_hours_are_of_the_location_and_exceptions_are_instants() -> None:
    """HO-4: noon in Delhi is 06:30 in UTC."""
    hours = week(
        "1 12:00 13:00", exceptional_closings=(span("2026-11-23T07:00", "2026-11-23T08:00"),)
    )
    found = opening_at(hours, "Asia/Kolkata", at("2026-11-23T06:30"))
    assert found == Opening(True, closes_at=at("2026-11-23T07:00"))
    assert opening_at(hours, "Asia/Kolkata", at("2026-11-23T12:30")).is_open is False


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        ("2026-03-29", "2026-03-29T01:00", "2026-03-29T01:30"),  # 02:30 does not exist: 03:30
        ("2026-10-25", "2026-10-25T00:00", "2026-10-25T00:30"),  # 02:30 comes twice: the first
    ],
)
def test_ho_7_when_clocks_change_missing_times_move_and_doubled_ones_are_the_first(
    day: str, begins: str, ends: str
) -> None:
    hours = week("7 02:00 02:30")
    before = opening_at(hours, AMSTERDAM, at(f"{day}T00:30", AMSTERDAM))
    assert before == Opening(False, opens_at=at(begins))
    assert opening_at(hours, AMSTERDAM, at(begins)) == Opening(True, closes_at=at(ends))


def test_what_is_not_known_is_never_open() -> None:
    """HO-5: no hours, no periods, or no clock to read them by."""
    monday = at("2026-11-23T09:00")
    assert opening_at(None, "UTC", monday) == UNKNOWN
    assert opening_at(Hours(twentyfourseven=False), "UTC", monday) == UNKNOWN
    assert opening_at(week("1 08:00 12:00"), None, monday) == UNKNOWN
    assert opening_at(week("1 08:00 12:00"), "Mars/Olympus", monday) == UNKNOWN


def test_without_a_time_zone_exceptions_still_say_what_they_say() -> None:
    """HO-4: they are instants. What follows them is unknown, so nothing is promised of it."""
    hours = week(
        "1 08:00 12:00",
        exceptional_openings=(span("2026-11-23T09:00", "2026-11-23T10:00"),),
        exceptional_closings=(span("2026-11-24T09:00", "2026-11-24T10:00"),),
    )
    opened = opening_at(hours, None, at("2026-11-23T09:30"))
    assert opened == Opening(True, closes_at=at("2026-11-23T10:00"))
    assert opening_at(hours, None, at("2026-11-24T09:30")) == Opening(False)
    assert opening_at(hours, None, at("2026-11-23T11:00")) == UNKNOWN


def test_hours_come_back_from_the_store_as_they_were() -> None:
    document = {
        "regular_hours": [{"weekday": 1, "period_begin": "08:00", "period_end": "24:00"}],
        "exceptional_closings": [
            {"period_begin": "2018-12-25T03:00:00Z", "period_end": "2018-12-25T05:00:00Z"}
        ],
    }
    hours = read_hours(document)
    assert hours is not None and hours.exceptional_closings == (CHRISTMAS,)
    assert read_hours(None) is None


CLOCKS = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
PERIODS = st.lists(
    st.tuples(st.integers(1, 7), CLOCKS, CLOCKS).filter(lambda period: period[1] < period[2]),
    min_size=1, max_size=6,
)  # fmt: skip
HALF_HOURS = st.lists(
    st.tuples(st.integers(0, 700), st.integers(1, 60)).map(
        lambda s: ExceptionalPeriod(
            at("2026-10-20T00:00") + timedelta(minutes=30 * s[0]),
            at("2026-10-20T00:00") + timedelta(minutes=30 * (s[0] + s[1])),
        )
    ),
    max_size=3,
).map(tuple)


@given(PERIODS, HALF_HOURS, HALF_HOURS, st.integers(0, 600))
def test_nothing_changes_before_the_next_change_and_something_does_then(
    periods: list[tuple[int, str, str]],
    openings: tuple[ExceptionalPeriod, ...],
    closings: tuple[ExceptionalPeriod, ...],
    start: int,
) -> None:
    """HO-3, HO-4: over a change of clocks, half-hour by half-hour."""
    texts = [" ".join(map(str, period)) for period in periods]
    hours = week(*texts, exceptional_openings=openings, exceptional_closings=closings)
    moment = at("2026-10-20T00:15") + timedelta(minutes=30 * start)
    found = opening_at(hours, AMSTERDAM, moment)
    change = found.closes_at if found.is_open else found.opens_at
    later = [moment + timedelta(minutes=30 * n) for n in range(48 * 8)]
    before = [instant for instant in later if change is None or instant < change]
    assert {opening_at(hours, AMSTERDAM, instant).is_open for instant in before} == {found.is_open}
    assert change is None or opening_at(hours, AMSTERDAM, change).is_open != found.is_open
