"""What storing Locations would do, told without writing: no lock, no log, nothing to take back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.store.locations import LocationRows, LocationWrite, Written, sort_out


class Foretold(NamedTuple):
    """Outcomes of Locations, and of the EVSEs in them."""

    locations: Written
    new: int
    changed: int
    unchanged: int
    missing: int
    """EVSEs held that their Location would no longer list."""


def foretell_locations(
    connection: Connection, source_id: int, writes: Sequence[LocationWrite], others: Sequence[int]
) -> Foretold:
    """What store_locations would make of `writes`.

    `others`: Locations of the batch that would not be stored; their EVSEs stay as they are.
    """
    rows = LocationRows(source_id, writes)
    outcome = sort_out(connection, writes, rows)
    moved = set(outcome.moved)
    before: dict[int, bytes] = {}
    unchanged = 0
    for number, location, digest in connection.execute(
        """SELECT id, location_id, content_hash FROM evse
           WHERE location_id = ANY(%s) AND retired_at IS NULL""",
        ([w.number for w in writes] + list(others),),
        binary=True,
    ):
        if location in moved:
            before[number] = digest
        else:
            unchanged += 1
    after = {row[0]: row[-1] for row in rows.evses if row[1] in moved}
    same = sum(before.get(number) == digest for number, digest in after.items())
    known = len(before.keys() & after.keys())
    created = [number for number in outcome.moved if number not in outcome.held]
    changed = [number for number in outcome.moved if number in outcome.held]
    return Foretold(
        Written(created, changed, outcome.unchanged, outcome.stale),
        new=len(after) - known,
        changed=known - same,
        unchanged=unchanged + same,
        missing=len(before) - known,
    )
