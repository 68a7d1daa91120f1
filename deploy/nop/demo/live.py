"""An operator's stations as they are now, kept current with little work.

Only the EVSEs whose status may have changed since the last look are computed again (a heap by the
time at which to look). The result is the same as computing all of them from nothing.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime

import msgspec

from nop.demo.nation import LOCATIONS, Station, build
from nop.demo.operators import Operator
from nop.demo.statuses import EPOCH_S, Behaviour, status_at
from nop.demo.tariffs import tariffs_of


class Entry(msgspec.Struct):
    """One object of a list."""

    last_updated: int
    """Seconds since 1970."""
    body: bytes | None
    """JSON; None: to be written again."""


class LiveOperator:
    """The lists that the operator's server answers from."""

    def __init__(self, operator: Operator, *, seed: int, locations: int = LOCATIONS) -> None:
        self.operator = operator
        self._stations: list[Station] = build(seed, operator, locations)
        self._locations = [Entry(EPOCH_S, None) for _ in self._stations]
        self._tariffs = [
            Entry(_seconds(tariff["last_updated"]), msgspec.json.encode(tariff))
            for tariff in tariffs_of(operator)
        ]
        self._evses: list[tuple[int, int, Behaviour]] = [
            (station, position, behaviour)
            for station, found in enumerate(self._stations)
            for position, behaviour in enumerate(found.behaviours)
        ]
        self._due = [(0, n) for n in range(len(self._evses))]

    def entries(self, module: str, now: int) -> list[Entry]:
        """All objects of `locations` or `tariffs` at that time, oldest creation first."""
        if module == "tariffs":
            return self._tariffs
        self._advance(now)
        return self._locations

    def body(self, module: str, entry: Entry) -> bytes:
        """The object's JSON."""
        if entry.body is None:
            station = self._stations[self._locations.index(entry)]
            entry.body = msgspec.json.encode(station.document)
        return entry.body

    def _advance(self, now: int) -> None:
        while self._due[0][0] <= now:
            _, n = self._due[0]
            number, position, behaviour = self._evses[n]
            piece = status_at(behaviour, now)
            heapq.heapreplace(self._due, (piece.end, n))
            document = self._stations[number].document
            evse = document["evses"][position]
            changed = _utc(piece.begin)
            if (evse["status"], evse["last_updated"]) == (piece.status, changed):
                continue
            evse["status"], evse["last_updated"] = piece.status, changed
            entry = self._locations[number]
            entry.last_updated = max(entry.last_updated, piece.begin)
            document["last_updated"] = _utc(entry.last_updated)
            entry.body = None


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
