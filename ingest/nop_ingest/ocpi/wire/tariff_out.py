"""A Tariff's record as OCPI says it. A wrong price is worse than none: in doubt it is not said.

An element never loses a restriction and keeps its price: the price would then hold for everybody
and at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from nop_ingest.ocpi.wire.saying import (
    Dropped,
    Unsayable,
    display_texts,
    energy_mix,
    filled,
    link,
    moment,
    number,
)
from nop_ingest.ocpi.wire.vocabulary import TARIFF_TYPES, Vocabulary
from nop_registry.enums import TaxIncluded
from nop_registry.records import PriceComponent, PriceLimit, TariffRecord, TariffRestrictions

Priced = Callable[[PriceComponent], tuple[Decimal, Decimal | None]]
"""Price and vat of a component as a version has them; raises Unsayable."""
Restricted = Callable[[TariffRestrictions, Dropped], list[dict[str, Any]]]
"""Restrictions as a version has them, one of an element each; empty: the element is left out."""

_LONGEST_ID = 36
# Of the bookings extension: such an element prices a booking and never the session (TA-12).
_BOOKING = frozenset({"booking"})
_RESTRICTION_NUMBERS = (
    "min_kwh", "max_kwh", "min_current", "max_current", "min_power", "max_power",
)  # fmt: skip
_RESTRICTIONS = (
    "start_time", "end_time", "start_date", "end_date", *_RESTRICTION_NUMBERS, "min_duration",
    "max_duration", "reservation",
)  # fmt: skip


def identity_fields(record: TariffRecord) -> dict[str, Any]:
    """The id, which is never cut, and the currency. Raises Unsayable."""
    if len(record.id) > _LONGEST_ID:
        raise Unsayable(f"the tariff's id is longer than {_LONGEST_ID} characters")
    if len(record.currency) != 3:
        raise Unsayable("the tariff's currency is not known")
    return {"id": record.id, "currency": record.currency}


def updated_at(record: TariffRecord) -> datetime:
    """When the tariff was last updated. Raises Unsayable."""
    if record.last_updated is None:
        raise Unsayable("nobody knows when the tariff was last updated")
    return record.last_updated


def tariff_since_2_2(
    record: TariffRecord,
    vocabulary: Vocabulary,
    priced: Priced,
    limit_names: tuple[str, str],
    dropped: Dropped,
) -> dict[str, Any]:
    """A Tariff with the fields that 2.2.1 and 2.3.0 share, absent ones as None.

    `limit_names`: of the fields of a minimum or maximum price, without and with tax. Raises
    Unsayable.
    """
    if record.type is not None and record.type not in TARIFF_TYPES:
        # Without a type it would hold for all sessions.
        raise Unsayable("OCPI has no such type of tariff")
    start, end = record.start_date_time, record.end_date_time
    return {
        "country_code": record.country_code,
        "party_id": record.party_id,
        **identity_fields(record),
        "type": record.type,
        **alternative_fields(record, vocabulary, dropped),
        "min_price": _limit(record.min_price, limit_names),
        "max_price": _limit(record.max_price, limit_names),
        "elements": elements_of(record, priced, _restrictions, dropped),
        "start_date_time": None if start is None else moment(start, vocabulary),
        "end_date_time": None if end is None else moment(end, vocabulary),
        "last_updated": moment(updated_at(record), vocabulary),
    }


def alternative_fields(
    record: TariffRecord, vocabulary: Vocabulary, dropped: Dropped
) -> dict[str, Any]:
    """Words and page about the tariff, and its energy, absent ones as None."""
    return {
        "tariff_alt_text": display_texts(record.tariff_alt_text, "alternative text", dropped),
        "tariff_alt_url": link(record.tariff_alt_url, "alternative page", dropped),
        "energy_mix": energy_mix(record.energy_mix, vocabulary, dropped),
    }


def elements_of(
    record: TariffRecord, priced: Priced, restricted: Restricted, dropped: Dropped
) -> list[dict[str, Any]]:
    """The tariff's elements, in their order. Raises Unsayable when none is left."""
    said = list(_elements(record, priced, restricted, dropped))
    if not said:
        raise Unsayable("none of the tariff's elements can be said")
    return said


def _elements(
    record: TariffRecord, priced: Priced, restricted: Restricted, dropped: Dropped
) -> Iterator[dict[str, Any]]:
    for element in record.elements:
        limits: list[dict[str, Any]] = [{}]
        if element.restrictions is not None:
            unknown = set(element.restrictions.unknown)
            if unknown - _BOOKING:
                raise Unsayable("a restriction of the tariff is not understood")
            if unknown:
                dropped.add("price of a booking")
                continue
            limits = restricted(element.restrictions, dropped)
        components = [_component(c, priced) for c in element.price_components]
        for limit in limits:
            yield filled({"price_components": components, "restrictions": limit})


def _component(component: PriceComponent, priced: Priced) -> dict[str, Any]:
    price, vat = priced(component)
    said = number(price)
    if price and not said:
        raise Unsayable("a price is too small for four decimals")
    step = component.step_size
    return filled(
        {
            "type": component.type,
            "price": said,
            "vat": None if vat is None else number(vat),
            "step_size": 1 if step is None else step,  # the smallest: nothing is rounded up
        }
    )


def restriction_fields(given: TariffRestrictions) -> dict[str, Any]:
    """All restrictions under their names, absent ones as None."""
    said: dict[str, Any] = {name: getattr(given, name) for name in _RESTRICTIONS}
    for name in _RESTRICTION_NUMBERS:
        said[name] = None if said[name] is None else number(said[name])
    return {**said, "day_of_week": list(given.day_of_week)}


def _restrictions(given: TariffRestrictions, dropped: Dropped) -> list[dict[str, Any]]:
    return [filled(restriction_fields(given))]


def without_tax(component: PriceComponent, tax: TaxIncluded | None) -> Decimal:
    """The price before tax. Raises Unsayable if it contains tax at a rate that nobody stated."""
    if tax is not TaxIncluded.YES or not component.price:
        return component.price
    if component.vat is None or component.vat < 0:
        raise Unsayable("the price contains tax at a rate that is not known")
    return component.price / (1 + component.vat / 100)


def _limit(limit: PriceLimit | None, names: tuple[str, str]) -> dict[str, Any] | None:
    if limit is None:
        return None
    after = None if limit.after_taxes is None else number(limit.after_taxes)
    return filled({names[0]: number(limit.before_taxes), names[1]: after})
