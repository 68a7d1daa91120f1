"""The status of a simulated EVSE: a pure function of its seed and the time.

Time is cut into slots, and a hash of (seed, slot) decides what happens in each, so any instant can
be computed without its past. Three layers lie over one another: faults (slots of a day and more),
lost connections (hours) and visits (minutes, following the hour of the day in India).
All times are whole seconds since 1970.
"""

from __future__ import annotations

from typing import NamedTuple

EPOCH_S = 1_746_057_600  # 2025-05-01T00:00:00Z: no station changed before
_IST_OFFSET_S = 19_800  # UTC+05:30, without summer time
_HOUR_S = 3600
_MASK = (1 << 64) - 1

# Percentage of slots with a visit, for every two hours of the local day.
_RHYTHM = {
    "dc": (7, 5, 8, 22, 39, 35, 33, 33, 41, 49, 35, 16),
    "ac": (15, 12, 12, 18, 41, 47, 43, 41, 38, 39, 29, 20),
    "light": (9, 8, 12, 23, 30, 32, 41, 33, 29, 39, 36, 18),
}

_PLANNED = 0.006  # share of EVSEs that are not built yet
_OUT_OF_ORDER, _INOPERATIVE = 0.05, 0.02  # share of the fault slots
_FAULT_SLOT_S = 40 * _HOUR_S
_OFFLINE = 0.03  # share of the connection slots
_OFFLINE_SLOT_S = 9 * _HOUR_S
_BLOCKED, _RESERVED = 0.012, 0.01  # share of the visit slots


class Behaviour(NamedTuple):
    """What distinguishes one EVSE from another."""

    seed: int
    group: str
    """A key of the daily rhythm: dc, ac, light."""
    slot_s: int
    popularity: float
    """Factor on the rhythm."""


class Piece(NamedTuple):
    """A status and how long it lasts: from `begin` until just before `end`."""

    status: str
    begin: int
    end: int


def status_at(evse: Behaviour, at: int) -> Piece:
    """The status at that time. `begin` is when it changed to it; `end` is when to look again."""
    piece = _piece(evse, at)
    begin = piece.begin
    while begin > EPOCH_S:
        before = _piece(evse, begin - 1)
        if before.status != piece.status:
            break
        begin = before.begin
    return Piece(piece.status, max(begin, EPOCH_S), piece.end)


def _piece(evse: Behaviour, at: int) -> Piece:
    if _draw(evse.seed, 1, 0) < _PLANNED:
        return Piece("PLANNED", EPOCH_S, at + _FAULT_SLOT_S)
    fault, begin, end = _part_of_slot(evse.seed, 2, _FAULT_SLOT_S, at)
    if fault < _OUT_OF_ORDER + _INOPERATIVE:
        return Piece("OUTOFORDER" if fault < _OUT_OF_ORDER else "INOPERATIVE", begin, end)
    offline, offline_begin, offline_end = _part_of_slot(evse.seed, 3, _OFFLINE_SLOT_S, at)
    if offline < _OFFLINE:
        return Piece("UNKNOWN", max(begin, offline_begin), min(end, offline_end))
    visit = _visit(evse, at)
    return Piece(
        visit.status,
        max(begin, offline_begin, visit.begin),
        min(end, offline_end, visit.end),
    )


def _visit(evse: Behaviour, at: int) -> Piece:
    draw, begin, end = _part_of_slot(evse.seed, 4, evse.slot_s, at)
    hour = (begin + _IST_OFFSET_S) // _HOUR_S % 24
    busy = min(0.9, _RHYTHM[evse.group][hour // 2] / 100 * evse.popularity)
    for status, share in (("CHARGING", busy), ("BLOCKED", _BLOCKED), ("RESERVED", _RESERVED)):
        if draw < share:
            return Piece(status, begin, end)
        draw -= share
    return Piece("AVAILABLE", begin, end)


def _part_of_slot(seed: int, layer: int, slot_s: int, at: int) -> tuple[float, int, int]:
    """A number of 0 to 1 for the part of the slot that `at` lies in, and where that part lies.

    The first part of a slot takes half to nearly all of it; the rest is a pause, whose number is 1.
    """
    shift = int(_draw(seed, layer, -1) * slot_s)  # EVSEs do not change all at once
    slot = (at - shift) // slot_s
    begin = slot * slot_s + shift
    turn = begin + int(slot_s * (0.5 + 0.45 * _draw(seed, layer + 10, slot)))
    if at < turn:
        return _draw(seed, layer, slot), begin, turn
    return 1.0, turn, begin + slot_s


def _draw(seed: int, layer: int, slot: int) -> float:
    """A number of 0 to 1 that looks random (splitmix64 of the arguments)."""
    x = (seed + layer * 0x9E3779B97F4A7C15 + slot * 0xD1B54A32D192ED03) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return (x ^ (x >> 31)) / (1 << 64)
