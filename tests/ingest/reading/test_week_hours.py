"""Opening hours as operators write them in one cell."""

from __future__ import annotations

import pytest

from nop_ingest.reading.week_hours import read_hours

ALL = range(1, 8)


@pytest.mark.parametrize(
    "text", ["24/7", "24 hours daily", "24h/24, 7j/7", "Open 24/7", "24 Hours", "247"]
)
def test_always_is_always(text: str) -> None:
    hours = read_hours(text, ("en", "fr"))

    assert hours is not None and hours.twentyfourseven


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("08:30-20:30", "en", {(day, "08:30", "20:30") for day in ALL}),
        ("8am-5pm daily", "en", {(day, "08:00", "17:00") for day in ALL}),
        ("Mon-Sat 09:00-20:00, Sun 09:00-12:30", "en",
         {(day, "09:00", "20:00") for day in range(1, 7)} | {(7, "09:00", "12:30")}),
        ("Mo-Fr 08:00-12:00,14:00-18:00", "en",
         {(d, b, e) for d in range(1, 6) for b, e in (("08:00", "12:00"), ("14:00", "18:00"))}),
        ("Su-Sa 00:00-23:59", "en", {(day, "00:00", "23:59") for day in ALL}),
        ("Fr-Mo 10:00-11:00", "en", {(day, "10:00", "11:00") for day in (5, 6, 7, 1)}),
        ("1: 06:00-23:59, 2: 07:00-23:59", "en", {(1, "06:00", "23:59"), (2, "07:00", "23:59")}),
        ("Ma 08:30-20:00; Lu 08:30-12:30; Me-Di 08:30-20:00", "fr",
         {(1, "08:30", "12:30")} | {(day, "08:30", "20:00") for day in range(2, 8)}),
        ("Montag 08:00 bis 18:00; Mittwoch und Freitag 9:00\u201313:00", "de",
         {(1, "08:00", "18:00"), (3, "09:00", "13:00"), (5, "09:00", "13:00")}),
        ("MO: 9:00am-12:00am; TU: 12:00am-12:00pm", "en",
         {(1, "09:00", "00:00"), (2, "00:00", "12:00")}),
    ],
)  # fmt: skip
def test_hours_are_read(text: str, language: str, expected: set[tuple[int, str, str]]) -> None:
    hours = read_hours(text, (language,))

    assert hours is not None
    assert {(p.weekday, p.period_begin, p.period_end) for p in hours.regular_hours} == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "Dealership business hours", "Mo-Fr", "Mo-Fr 08:00-12:00 except holidays",
        "Mo-We-Fr 08:00-12:00", "Feiertag 08:00-12:00", "Mo 25:00-26:00", "Mo 08:61-09:00",
        "Mo 13:00pm-2pm", "9 08:00-12:00", "08:00-12:00, or on request",
    ],
)  # fmt: skip
def test_what_is_not_certain_is_not_guessed(text: str) -> None:
    assert read_hours(text, ("en", "fr", "de")) is None
