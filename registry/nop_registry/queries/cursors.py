"""Page cursors: opaque to callers, typed and checked when they come back.

A cursor is the sort key of the last row seen, so rows that come or go meanwhile neither repeat nor
hide others. Order by distance is bound to its centre: such a cursor names the centre it belongs to.
"""

from __future__ import annotations

import base64
import binascii
import math
from hashlib import blake2b
from typing import NamedTuple

from nop_registry.errors import InvalidInput
from nop_registry.geo import Point

_LONGEST = 200
_LARGEST = 2**63 - 1


class Position(NamedTuple):
    """A place in a list. `distance_m` is None in a list ordered by id."""

    location_id: int
    distance_m: float | None = None


def centre_mark(centre: Point) -> str:
    """Eight characters that stand for the centre of a list ordered by distance."""
    return blake2b(f"{centre.lon!r},{centre.lat!r}".encode(), digest_size=4).hexdigest()


def cursor_text(number: int, distance_m: float | None, mark: str | None) -> str:
    """The cursor of a row in the list ordered by id (`mark` None) or by distance from that centre.

    >>> cursor_text(7, None, None)
    'aTo3'
    """
    key = f"i:{number}" if mark is None else f"d:{mark}:{distance_m!r}:{number}"
    return binascii.b2a_base64(key.encode(), newline=False).decode()


def parse_cursor(text: str, mark: str | None) -> Position:
    """Read a cursor of the list ordered by id (`mark` None) or by distance from that centre.

    Raises InvalidInput when it is not one, or is one of another list.
    """
    try:
        own_mark, position = _read(text)
    except ValueError:  # not base64, not ASCII, not numbers, too many or too few parts
        raise InvalidInput("this is not a cursor: give one that an earlier page returned") from None
    if own_mark != mark:
        raise InvalidInput(
            "this cursor belongs to another list: use it with the orderBy and near it came from"
        )
    return position


def _read(text: str) -> tuple[str | None, Position]:
    if len(text) > _LONGEST:
        raise ValueError
    kind, *parts = base64.b64decode(text.encode("ascii"), validate=True).decode("ascii").split(":")
    mark, distance_m = None, None
    if kind == "d":
        mark, distance, number = parts
        distance_m = float(distance)
        if not (math.isfinite(distance_m) and distance_m >= 0):
            raise ValueError
    elif kind == "i":
        (number,) = parts
    else:
        raise ValueError
    if not number.isdigit() or int(number) > _LARGEST:
        raise ValueError
    return mark, Position(int(number), distance_m)
