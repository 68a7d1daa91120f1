"""An operator's stations as they are now, kept current with little work.

Only the EVSEs whose status may have changed since the last look are computed again (a heap by the
time at which to look). The result is the same as computing all of them from nothing.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime
from typing import Any

import msgspec

from nop.demo.nation import LOCATIONS, build
from nop.demo.operators import Operator
from nop.demo.statuses import EPOCH_S, Behaviour, status_at
from nop.demo.tariffs import tariffs_of


class Entry:
    """One object of a list."""

    def __init__(self, document: dict[str, Any], last_updated: int) -> None:
        self.document = document
        self.last_updated = last_updated
        """Seconds since 1970."""
        self._body: bytes | None = None

    def change(self, changed_at: int) -> None:
        """The document was changed at that time."""
        self.last_updated = max(self.last_updated, changed_at)
        self.document["last_updated"] = _utc(self.last_updated)
        self._body = None

    @property
    def body(self) -> bytes:
        """JSON, kept until the next change."""
        if self._body is None:
            self._body = msgspec.json.encode(self.document)
        return self._body


class LiveOperator:
    """The lists that the operator's server answers from."""

    def __init__(self, operator: Operator, *, seed: int, locations: int = LOCATIONS) -> None:
        self.operator = operator
        self._tariffs = [
            Entry(tariff, _seconds(tariff["last_updated"])) for tariff in tariffs_of(operator)
        ]
        self._locations: list[Entry] = []
        self._evses: list[tuple[Entry, dict[str, Any], Behaviour]] = []
        for station in build(seed, operator, locations):
            entry = Entry(station.document, EPOCH_S)
            self._locations.append(entry)
            evses = zip(station.document["evses"], station.behaviours, strict=True)
            self._evses += [(entry, evse, behaviour) for evse, behaviour in evses]
        self._due = [(0, n) for n in range(len(self._evses))]
        self._set_at: dict[int, int] = {}

    def entries(self, module: str, now: int) -> list[Entry]:
        """All objects of `locations` or `tariffs` at that time, oldest creation first."""
        if module == "tariffs":
            return self._tariffs
        self._advance(now)
        return self._locations

    @property
    def evse_count(self) -> int:
        """How many EVSEs there are."""
        return len(self._evses)

    def set_status(self, evse_n: int, status: str, at: int) -> tuple[Entry, dict[str, Any]]:
        """Give an EVSE a status out of turn, until its next one is due; its location and itself."""
        self._advance(at)
        entry, evse, _ = self._evses[evse_n]
        self._set_at[evse_n] = at
        evse["status"], evse["last_updated"] = status, _utc(at)
        entry.change(at)
        return entry, evse

    def _advance(self, now: int) -> None:
        while self._due and self._due[0][0] <= now:
            n = self._due[0][1]
            entry, evse, behaviour = self._evses[n]
            piece = status_at(behaviour, now)
            heapq.heapreplace(self._due, (piece.end, n))
            begin = piece.begin
            if (set_at := self._set_at.pop(n, None)) is not None:
                begin = max(begin, set_at + 1)
            changed = _utc(begin)
            if (evse["status"], evse["last_updated"]) != (piece.status, changed):
                evse["status"], evse["last_updated"] = piece.status, changed
                entry.change(begin)


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
