"""Which price component is in force, and what its tax is."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from nop_registry.enums import TaxIncluded
from nop_registry.pricing.price import TaxStatus
from nop_registry.pricing.restrictions import KINDS, Moment, is_understood, judge, kinds_of
from nop_registry.records import PriceComponent, TariffElement, TariffRecord

ENERGY, TIME, PARKING_TIME, FLAT = "ENERGY", "TIME", "PARKING_TIME", "FLAT"
DIMENSIONS = (ENERGY, TIME, PARKING_TIME, FLAT)


class Active(NamedTuple):
    """A component in force."""

    component: PriceComponent
    undecided: frozenset[str]
    """Restrictions that could not be decided and were taken as met (zone, power, current)."""


class Taxed(NamedTuple):
    """An amount without and with tax; None = cannot be known."""

    excl: Decimal | None
    incl: Decimal | None
    status: TaxStatus
    flag: str | None = None


def component_of(element: TariffElement, dimension: str) -> PriceComponent | None:
    """The element's price of that dimension."""
    return next((c for c in element.price_components if c.type == dimension), None)


def reservation_of(element: TariffElement) -> str | None:
    """RESERVATION or RESERVATION_EXPIRES when the element prices a reservation, not a session."""
    return None if element.restrictions is None else element.restrictions.reservation


def find_active(
    tariff: TariffRecord, dimension: str, moment: Moment, reservation: str | None = None
) -> Active | None:
    """The first element in list order that prices the dimension and applies (TA-2, TA-12)."""
    for element in tariff.elements:
        component = component_of(element, dimension)
        if component is None or reservation_of(element) != reservation:
            continue
        verdict = judge(element.restrictions, moment)
        if verdict.applies:
            return Active(component, verdict.undecided)
    return None


def depends_on(tariff: TariffRecord) -> tuple[str, ...]:
    """What makes a difference to the price of a session, of restrictions.KINDS."""
    found: set[str] = set()
    for dimension in DIMENSIONS:
        kinds: set[str] = set()
        outcomes: set[tuple[Decimal, Decimal | None] | None] = {None}
        for element in tariff.elements:
            component = component_of(element, dimension)
            if (
                component is None
                or reservation_of(element)
                or not is_understood(element.restrictions)
            ):
                continue
            here = kinds_of(element.restrictions)
            outcomes.add((component.price, component.vat))
            kinds |= here
            if not here:  # applies always: nothing below it is ever reached
                outcomes.discard(None)
                break
        if len(outcomes) > 1:
            found |= kinds
    return tuple(kind for kind in KINDS if kind in found)


def flags_of(tariff: TariffRecord) -> frozenset[str]:
    """What of the tariff is not understood, or is priced beside the session."""
    flags = set()
    for element in tariff.elements:
        if not is_understood(element.restrictions):
            flags.add("unknown-restriction")
        if any(component.type not in DIMENSIONS for component in element.price_components):
            flags.add("unknown-dimension")
        if reservation_of(element):
            flags.add("reservation-fee")
    return frozenset(flags)


def with_tax(
    component: PriceComponent, tax_included: TaxIncluded | None, assumed_vat: Decimal | None = None
) -> Taxed:
    """The component's price without and with tax (TA-4; percentages are 18, not 0.18).

    Without `vat` a price of OCPI 2.2.1 is returned as both amounts, but flagged and its tax status
    is UNKNOWN: publishers mean both net and gross by it.
    """
    price = component.price
    if price == 0:
        return Taxed(price, price, TaxStatus.KNOWN)
    if tax_included is TaxIncluded.NOT_APPLICABLE:
        return Taxed(price, price, TaxStatus.NOT_APPLICABLE)
    vat, status, flag = component.vat, TaxStatus.KNOWN, None
    if vat is None and assumed_vat is not None:
        vat, status, flag = assumed_vat, TaxStatus.ASSUMED, "vat-assumed"
    if tax_included is TaxIncluded.YES:
        if vat is None:
            return Taxed(None, price, TaxStatus.INCLUDED)
        return Taxed(price / (1 + vat / 100), price, status, flag)
    if vat is not None:
        return Taxed(price, price * (1 + vat / 100), status, flag)
    if tax_included is TaxIncluded.NO:
        return Taxed(price, None, TaxStatus.UNKNOWN, "incl-unknown")
    return Taxed(price, price, TaxStatus.UNKNOWN, "no-vat-given")
