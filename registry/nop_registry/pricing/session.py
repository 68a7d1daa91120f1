"""What one session costs on one tariff, exactly: rounding is for display only (TA-8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec

from nop_registry.pricing import components as parts
from nop_registry.pricing.headline import find_zone
from nop_registry.pricing.price import TaxStatus
from nop_registry.pricing.restrictions import Moment
from nop_registry.pricing.timeline import Phase, Segment, SessionProfile, cut, fit_to_connector
from nop_registry.records import PriceComponent, PriceLimit, TariffRecord

__all__ = ["Phase", "SessionCost", "SessionLine", "SessionProfile", "session_cost"]

_RESERVATION, _EXPIRES = "RESERVATION", "RESERVATION_EXPIRES"
_WORST_FIRST = (
    TaxStatus.UNKNOWN,
    TaxStatus.ASSUMED,
    TaxStatus.INCLUDED,
    TaxStatus.KNOWN,
    TaxStatus.NOT_APPLICABLE,
)


class SessionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the bill."""

    dimension: str
    """ENERGY (kWh), TIME or PARKING_TIME (hours), FLAT (times); of a reservation RESERVATION_…"""
    quantity: Decimal
    """As billed: rounded up by the tariff's step."""
    excl_tax: Decimal | None
    incl_tax: Decimal | None


class SessionCost(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a session in `currency`. None = cannot be computed, never 0."""

    tariff_id: str
    currency: str
    lines: tuple[SessionLine, ...]
    excl_tax: Decimal | None
    incl_tax: Decimal | None
    """With tax status UNKNOWN this is the stated price, which may or may not contain tax."""
    per_kwh_incl_tax: Decimal | None
    tax: TaxStatus
    is_feasible: bool
    """False: the connector cannot give that power; computed at the power it has."""
    depends_on: tuple[str, ...]
    flags: tuple[str, ...]


class _Bill:
    """Lines while they are collected; neighbouring segments with one component share a line."""

    def __init__(self, tariff: TariffRecord, assumed_vat: Decimal | None) -> None:
        self.tariff = tariff
        self.assumed_vat = assumed_vat
        self.lines: list[tuple[str, PriceComponent, Fraction]] = []
        self.flags: set[str] = set()

    def add(self, dimension: str, active: parts.Active, quantity: Fraction) -> None:
        self.flags |= {f"{'time-zone' if u == 'zone' else u}-unknown" for u in active.undecided}
        for n in range(len(self.lines) - 1, -1, -1):
            name, component, so_far = self.lines[n]
            if name == dimension:
                if component is active.component:
                    self.lines[n] = (name, component, so_far + quantity)
                    return
                break
        self.lines.append((dimension, active.component, quantity))

    def round_up(self, dimension: str, unit: int) -> None:
        """Bill whole steps of the last price used; the surplus goes to its line (TA-9)."""
        mine = [n for n, line in enumerate(self.lines) if line[0] == dimension]
        if not mine:
            return
        name, component, quantity = self.lines[mine[-1]]
        step = Fraction(component.step_size or 0, unit)
        if step > 0:
            total = sum((self.lines[n][2] for n in mine), Fraction(0))
            surplus = -(-total // step) * step - total
            self.lines[mine[-1]] = (name, component, quantity + surplus)

    def taxed(self, component: PriceComponent) -> parts.Taxed:
        return parts.with_tax(component, self.tariff.tax_included, self.assumed_vat)


def session_cost(
    tariff: TariffRecord,
    profile: SessionProfile,
    *,
    time_zone: str | None,
    max_power_w: int | None = None,
    assumed_vat: Decimal | None = None,
) -> SessionCost:
    """The cost of the session.

    `time_zone` is the location's, `max_power_w` the connector's; `assumed_vat` is the percentage
    taken where a tariff gives none (the result then says so).
    """
    phases, feasible = fit_to_connector(profile.phases, max_power_w)
    profile = msgspec.structs.replace(profile, phases=phases)
    zone = find_zone(time_zone)
    bill = _Bill(tariff, assumed_vat)
    if profile.reserved_minutes:
        _bill_reservation(bill, profile, Moment(at=profile.start, zone=zone))
    _bill_session(bill, cut(profile, tariff, zone))
    bill.flags |= parts.flags_of(tariff) - {"reservation-fee"}
    if not feasible:
        bill.flags.add("infeasible")

    taxed = [bill.taxed(component) for _, component, _ in bill.lines]
    bill.flags |= {t.flag for t in taxed if t.flag}
    lines = tuple(
        SessionLine(
            dimension=dimension,
            quantity=_decimal(quantity),
            excl_tax=_times(t.excl, quantity),
            incl_tax=_times(t.incl, quantity),
        )
        for (dimension, _, quantity), t in zip(bill.lines, taxed, strict=True)
    )
    quantities = [quantity for _, _, quantity in bill.lines]
    excl = _total((t.excl for t in taxed), quantities)
    incl = _total((t.incl for t in taxed), quantities)
    if bill.flags & {"unknown-dimension", "time-zone-unknown"}:
        excl = incl = None
    excl, incl = _limited(tariff, excl, incl, bill.flags)
    energy = sum((Fraction(phase.energy_kwh) for phase in phases), Fraction(0))
    return SessionCost(
        tariff_id=tariff.id,
        currency=tariff.currency,
        lines=lines,
        excl_tax=None if excl is None else _decimal(excl),
        incl_tax=None if incl is None else _decimal(incl),
        per_kwh_incl_tax=_decimal(incl / energy) if incl is not None and energy else None,
        tax=min((t.status for t in taxed), key=_WORST_FIRST.index, default=TaxStatus.UNKNOWN),
        is_feasible=feasible,
        depends_on=parts.depends_on(tariff),
        flags=tuple(sorted(bill.flags)),
    )


def _bill_session(bill: _Bill, segments: Iterable[Segment]) -> None:
    started = False
    for segment in segments:
        if not started:
            flat = parts.find_active(bill.tariff, parts.FLAT, segment.moment)
            if flat:
                bill.add(parts.FLAT, flat, Fraction(1))
                started = True
        dimensions = (parts.ENERGY, parts.TIME) if segment.charging else (parts.PARKING_TIME,)
        for dimension in dimensions:
            active = parts.find_active(bill.tariff, dimension, segment.moment)
            if active:
                quantity = segment.energy_kwh if dimension == parts.ENERGY else segment.hours
                bill.add(dimension, active, quantity)
    bill.round_up(parts.ENERGY, 1000)
    parked = any(dimension == parts.PARKING_TIME for dimension, _, _ in bill.lines)
    bill.round_up(parts.PARKING_TIME if parked else parts.TIME, 3600)


def _bill_reservation(bill: _Bill, profile: SessionProfile, moment: Moment) -> None:
    """The reservation ends when the session starts; a price for expiry goes before one for use."""
    reserved = timedelta(minutes=float(profile.reserved_minutes))
    moment = msgspec.structs.replace(moment, at=profile.start - reserved)
    kinds = (_EXPIRES, _RESERVATION) if profile.reservation_expired else (_RESERVATION,)
    for dimension, quantity in (
        (parts.FLAT, Fraction(1)),
        (parts.TIME, Fraction(profile.reserved_minutes) / 60),
    ):
        found = (parts.find_active(bill.tariff, dimension, moment, kind) for kind in kinds)
        active = next((one for one in found if one), None)
        if active:
            bill.add(f"RESERVATION_{dimension}", active, quantity)
    bill.round_up("RESERVATION_TIME", 3600)


def _total(amounts: Iterable[Decimal | None], quantities: list[Fraction]) -> Fraction | None:
    total = Fraction(0)
    for amount, quantity in zip(amounts, quantities, strict=True):
        if amount is None:
            return None
        total += Fraction(amount) * quantity
    return total


def _limited(
    tariff: TariffRecord, excl: Fraction | None, incl: Fraction | None, flags: set[str]
) -> tuple[Fraction | None, Fraction | None]:
    """Both limits apply independently, without and with tax (TA-5)."""
    ratio = incl / excl if excl and incl is not None else None
    for name, limit, pick in (("min", tariff.min_price, max), ("max", tariff.max_price, min)):
        if limit is None:
            continue
        if excl is not None:
            excl = pick(excl, Fraction(limit.before_taxes))
        if incl is not None:
            with_tax = _limit_with_tax(limit, ratio)
            if limit.after_taxes is None:
                flags.add(f"{name}-price-incl-{'unknown' if with_tax is None else 'derived'}")
            incl = None if with_tax is None else pick(incl, with_tax)
    return excl, incl


def _limit_with_tax(limit: PriceLimit, ratio: Fraction | None) -> Fraction | None:
    if limit.after_taxes is not None:
        return Fraction(limit.after_taxes)
    if limit.before_taxes == 0:
        return Fraction(0)
    return None if ratio is None else Fraction(limit.before_taxes) * ratio


def _times(amount: Decimal | None, quantity: Fraction) -> Decimal | None:
    return None if amount is None else _decimal(Fraction(amount) * quantity)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
