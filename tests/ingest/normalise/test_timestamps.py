from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nop_ingest.context import Context
from nop_ingest.normalise.timestamps import parse, settle
from nop_ingest.report import Finding

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTEXT = Context(country="IN", received_at=NOW)


@pytest.mark.parametrize(
    ("given_value", "iso"),
    [
        ("2026-05-02T10:00:00Z", "2026-05-02T10:00:00+00:00"),
        ("2026-05-02T10:00:00", "2026-05-02T10:00:00+00:00"),
        ("2026-05-02 10:00:00", "2026-05-02T10:00:00+00:00"),
        ("2026-05-02T10:00", "2026-05-02T10:00:00+00:00"),
        ("2026-05-02T10:00:00+05:30", "2026-05-02T04:30:00+00:00"),
        ("2026-05-02T10:00:00+0530", "2026-05-02T04:30:00+00:00"),
        ("2026-05-02T10:00:00+02", "2026-05-02T08:00:00+00:00"),
        ("2026-05-02T10:00:00.123456789Z", "2026-05-02T10:00:00.123456+00:00"),
        ("2026-05-02T10:00:00,5z", "2026-05-02T10:00:00.500000+00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59+00:00"),
        ("2026-05-02", "2026-05-02T00:00:00+00:00"),
        (" 2026-05-02 10:00:00 UTC ", "2026-05-02T10:00:00+00:00"),
        (1777716000, "2026-05-02T10:00:00+00:00"),
        (1777716000000, "2026-05-02T10:00:00+00:00"),
        ("1777716000", "2026-05-02T10:00:00+00:00"),
    ],
)
def test_a_moment_is_read_in_any_spelling(given_value: object, iso: str) -> None:
    """TR-30, P18."""
    moment = parse(given_value)
    assert moment is not None and moment.isoformat() == iso


@pytest.mark.parametrize(
    "given_value",
    ["01/03/2026 10:00", "2026-13-01T00:00:00Z", "soon", "", True, None, [], 10**40, "9" * 400],
)
def test_what_is_not_certainly_a_moment_is_none(given_value: object) -> None:
    assert parse(given_value) is None


@given(st.one_of(st.text(max_size=40), st.floats(), st.integers()))
def test_reading_a_moment_never_raises(given_value: object) -> None:
    moment = parse(given_value)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("claim", "settled", "codes"),
    [
        (NOW + timedelta(minutes=4), NOW + timedelta(minutes=4), []),
        (NOW + timedelta(minutes=6), NOW, ["timestamp-future"]),
        (datetime(2026, 5, 2, 10), datetime(2026, 5, 2, 10, tzinfo=UTC), []),
        (
            datetime(2026, 5, 2, 10, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 5, 2, 8, tzinfo=UTC),
            [],
        ),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), None, ["timestamp-implausible"]),
        (datetime(1970, 1, 1, tzinfo=UTC), None, ["timestamp-implausible"]),
        (None, None, []),
    ],
)
def test_a_claim_is_settled_against_our_clock(
    claim: datetime | None, settled: datetime | None, codes: list[str]
) -> None:
    findings: list[Finding] = []
    assert settle(claim, CONTEXT, "last_updated", findings) == settled
    assert [f.code for f in findings] == codes
