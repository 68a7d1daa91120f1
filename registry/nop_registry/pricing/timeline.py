"""A session cut into pieces in which no restriction changes its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from nop_registry.pricing.restrictions import MIDNIGHT, Moment, parse_clock, wall_instant
from nop_registry.records import TariffRecord, TariffRestrictions

_AC_VOLTS = 230  # phase to neutral: amperes summed over the phases = watts / 230


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a session with constant power."""

    minutes: Decimal
    energy_kwh: Decimal = Decimal(0)
    charging: bool = True
    """False: connected and not charging."""
    current_a: Decimal | None = None
    """Sum over the phases, where known."""


class SessionProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The session whose cost is asked."""

    start: datetime
    phases: tuple[Phase, ...]
    is_ac: bool = False
    """The current of alternating current follows from the power; that of DC is unknown."""
    reserved_minutes: Decimal = Decimal(0)
    reservation_expired: bool = False
    """Reserved and never used: then there are no phases."""


class Segment(NamedTuple):
    """A piece of a session; `moment` is its beginning."""

    moment: Moment
    charging: bool
    hours: Fraction
    energy_kwh: Fraction


def fit_to_connector(
    phases: Iterable[Phase], max_power_w: int | None
) -> tuple[tuple[Phase, ...], bool]:
    """The phases as the connector can serve them (same energy, more time); False if they differ."""
    fitted, feasible = [], True
    for phase in phases:
        if max_power_w and phase.energy_kwh * 60_000 > max_power_w * phase.minutes:
            feasible = False
            minutes = phase.energy_kwh * 60_000 / max_power_w
            fitted.append(msgspec.structs.replace(phase, minutes=minutes, current_a=None))
        else:
            fitted.append(phase)
    return tuple(fitted), feasible


def cut(profile: SessionProfile, tariff: TariffRecord, zone: ZoneInfo | None) -> Iterator[Segment]:
    """The session's segments in order."""
    rules = [e.restrictions for e in tariff.elements if e.restrictions]
    total_s = sum((Fraction(phase.minutes) * 60 for phase in profile.phases), Fraction(0))
    cuts = _clock_cuts(rules, profile.start, total_s, zone)
    cuts |= {Fraction(s) for r in rules for s in (r.min_duration, r.max_duration) if s is not None}
    limits = {Fraction(k) for r in rules for k in (r.min_kwh, r.max_kwh) if k is not None}

    begin, energy = Fraction(0), Fraction(0)
    for phase in profile.phases:
        end = begin + Fraction(phase.minutes) * 60
        gain = Fraction(phase.energy_kwh)
        inside = {c for c in cuts if begin < c < end}
        if gain:  # energy grows linearly: the moments at which it reaches a limit
            reached = {begin + (end - begin) * (limit - energy) / gain for limit in limits}
            inside |= {c for c in reached if begin < c < end}
        edges = [begin, *sorted(inside), end]
        power = gain * 3600 / (end - begin) if end > begin else Fraction(0)
        for a, b in pairwise(edges):
            share = (a - begin) / (end - begin) if end > begin else Fraction(0)
            moment = Moment(
                at=profile.start.astimezone(UTC) + timedelta(microseconds=round(a * 1_000_000)),
                zone=zone,
                energy_kwh=energy + gain * share,
                duration_s=a,
                power_kw=power,
                current_a=_current(phase, power, is_ac=profile.is_ac),
            )
            part = (b - a) / (end - begin) if end > begin else Fraction(0)
            yield Segment(moment, phase.charging, (b - a) / 3600, gain * part)
        begin, energy = end, energy + gain


def _current(phase: Phase, power_kw: Fraction, *, is_ac: bool) -> Fraction | None:
    if phase.current_a is not None:
        return Fraction(phase.current_a)
    if not phase.charging:
        return Fraction(0)
    return power_kw * 1000 / _AC_VOLTS if is_ac else None


def _clock_cuts(
    rules: list[TariffRestrictions], start: datetime, total_s: Fraction, zone: ZoneInfo | None
) -> set[Fraction]:
    if zone is None:
        return set()
    clocks = {MIDNIGHT}
    clocks |= {parse_clock(t) or MIDNIGHT for r in rules for t in (r.start_time, r.end_time) if t}
    first = start.astimezone(zone).date()
    last = (start.astimezone(UTC) + timedelta(seconds=float(total_s))).astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    instants = [wall_instant(day, clock, zone) for day in days for clock in clocks]
    return {Fraction((i - start) // timedelta(microseconds=1), 1_000_000) for i in instants}
