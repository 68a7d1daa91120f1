"""Locations' JSON kept in memory, as long as nothing in it has changed.

Most readers look at the same places. A search gives, for each location, a stamp that changes
whenever anything in its JSON does; what was written under the same stamp is used again. So nothing
shown can be out of date: see STAMPS for what moves a stamp.
"""

from __future__ import annotations

from collections import OrderedDict

from nop_registry.queries.public_shapes import STAMPS, VOLATILE
from nop_registry.queries.selection import Pick

_ENTRY_BYTES = 300  # what an entry costs beside its text


class Fragments:
    """The JSON of locations by selection and number; what was used longest ago goes first."""

    def __init__(self, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._most, self._size = most_bytes, 0
        self._kept: OrderedDict[tuple[str, int], tuple[str, bytes]] = OrderedDict()

    def find(self, selection: str, number: int, stamp: str) -> bytes | None:
        """What was written under this stamp, if it is still here."""
        key = (selection, number)
        found = self._kept.get(key)
        if found is None or found[0] != stamp:
            return None
        self._kept.move_to_end(key)
        return found[1]

    def keep(self, selection: str, number: int, stamp: str, text: bytes) -> None:
        """Keep this instead of what was written before it."""
        key = (selection, number)
        before = self._kept.pop(key, None)
        if before is not None:
            self._size -= len(before[1]) + _ENTRY_BYTES
        self._kept[key] = (stamp, text)
        self._size += len(text) + _ENTRY_BYTES
        while self._size > self._most:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._size -= len(dropped) + _ENTRY_BYTES


def stamp_sql(picks: tuple[Pick, ...]) -> str | None:
    """Stamp of a location's JSON with these fields; None when it cannot be kept.

    EVSEs and connectors change only together with their location's row.
    """
    if _is_volatile(picks):
        return None
    parts = [STAMPS[name] for name in sorted({pick.name for pick in picks} & STAMPS.keys())]
    return f"concat_ws(' ', {', '.join(['l.xmin', *parts])})"


def _is_volatile(picks: tuple[Pick, ...]) -> bool:
    return any(pick.name in VOLATILE or _is_volatile(pick.picks) for pick in picks)
