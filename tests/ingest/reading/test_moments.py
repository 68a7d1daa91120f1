from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from nop_ingest.reading.moments import parse_local, parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-12-31T13:45:00Z", "2025-12-31T13:45:00+00:00"),
        ("2025-12-31 13:45:00.123456+05:30", "2025-12-31T08:15:00.123456+00:00"),
        ("2025-12-31T13:45:00+00", "2025-12-31T13:45:00+00:00"),
        ("2025-12-31", "2025-12-31T00:00:00+00:00"),
        ("20251231", "2025-12-31T00:00:00+00:00"),
        ("31.12.2025 13:45", "2025-12-31T13:45:00+00:00"),
        ("31. 12. 2025 13.45", "2025-12-31T13:45:00+00:00"),
        ("31.12.25, 13:45:59", "2025-12-31T13:45:59+00:00"),
        ("31/12/2025 1:45 PM", "2025-12-31T13:45:00+00:00"),
        ("12/31/2025 12:00 am", "2025-12-31T00:00:00+00:00"),
        ("04/04/2025", "2025-04-04T00:00:00+00:00"),
        ("03/04/2025", None),
        ("31-Dec-25", "2025-12-31T00:00:00+00:00"),
        ("31 December 2025 13:45 UTC", "2025-12-31T13:45:00+00:00"),
        ("Dec 31, 2025", "2025-12-31T00:00:00+00:00"),
        ("46022,572916667", "2025-12-31T13:45:00+00:00"),
        ("1767188700", "2025-12-31T13:45:00+00:00"),
        ("2025-02-30", None),
        ("31 Foo 2025", None),
        ("yesterday", None),
        ("२०२५-१२-३१", None),
    ],
)
def test_a_moment_is_read_from_many_spellings_and_never_guessed(
    text: str, moment: str | None
) -> None:
    found = parse_moment(text)

    assert (found.isoformat() if found else None) == moment


def test_a_time_without_a_zone_is_local() -> None:
    assert parse_local("31.12.2025 13:45").isoformat() == "2025-12-31T13:45:00"  # type: ignore[union-attr]
    found = parse_moment("31.12.2025 13:45", ZoneInfo("Asia/Kolkata"))
    assert found is not None and found.isoformat() == "2025-12-31T08:15:00+00:00"
