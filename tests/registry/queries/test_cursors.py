"""Cursors come back as they went out, and nothing else passes for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nop_registry.errors import InvalidInput
from nop_registry.geo import Point
from nop_registry.queries.cursors import Position, centre_mark, cursor_text, parse_cursor

NUMBERS = st.integers(0, 2**53 - 1)
METRES = st.floats(0, 1e8, allow_nan=False)


@given(NUMBERS)
def test_a_place_in_the_list_by_id_survives(number: int) -> None:
    assert parse_cursor(cursor_text(number, None, None), None) == Position(number)


@given(NUMBERS, METRES, st.floats(-180, 180), st.floats(-85, 85))
def test_a_place_in_the_list_by_distance_survives_exactly(
    number: int, metres: float, lon: float, lat: float
) -> None:
    mark = centre_mark(Point(lon, lat))

    assert parse_cursor(cursor_text(number, metres, mark), mark) == Position(number, metres)


@given(st.text() | st.binary().map(lambda data: data.hex()))
def test_what_is_no_cursor_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        parse_cursor(text, None)


def test_a_cursor_of_another_centre_is_refused() -> None:
    cursor = cursor_text(1, 2.5, centre_mark(Point(72.8, 19.0)))

    with pytest.raises(InvalidInput, match="another list"):
        parse_cursor(cursor, centre_mark(Point(72.8, 19.1)))
