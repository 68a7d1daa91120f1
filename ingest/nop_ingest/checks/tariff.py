"""Checks of a Tariff (TA-11, TA-12)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files

from nop_ingest.checks.check import Flaw, check
from nop_ingest.context import Context
from nop_registry.enums import Severity
from nop_registry.records import PriceComponent, TariffRecord

_LOW_HOURLY_PRICE = Decimal("0.5")


@check("unknown-restriction", Severity.WARNING)
def unknown_restriction(tariff: TariffRecord, context: Context) -> Flaw | None:
    """TA-12. Ignoring it could turn a cancellation fee into the session's price."""
    for number, element in enumerate(tariff.elements):
        if element.restrictions is not None and element.restrictions.unknown:
            return Flaw(
                f"elements[{number}].restrictions",
                "this restriction is not known or not readable, so the element never applies: "
                "use OCPI's TariffRestrictions",
                ", ".join(element.restrictions.unknown),
            )
    return None


@check("vat-as-fraction", Severity.WARNING)
def vat_as_fraction(tariff: TariffRecord, context: Context) -> Flaw | None:
    """`vat` is a percentage: 0.21 is a fifth of one per cent."""
    for path, component in _components(tariff):
        if component.vat is not None and 0 < component.vat < 1:
            return Flaw(
                f"{path}.vat", "less than one per cent: send 21 for 21 %", str(component.vat)
            )
    return None


@check("vat-missing", Severity.INFO)
def vat_missing(tariff: TariffRecord, context: Context) -> Flaw | None:
    """TA-4. Nobody knows whether the price is with or without tax."""
    if tariff.tax_included is not None:
        return None
    for path, component in _components(tariff):
        if component.vat is None and component.price:
            return Flaw(
                f"{path}.vat",
                "no vat is given, so the price with tax is unknown: send the percentage",
            )
    return None


@check("price-negative", Severity.WARNING)
def price_negative(tariff: TariffRecord, context: Context) -> Flaw | None:
    """No driver is paid for charging."""
    for path, component in _components(tariff):
        if component.price < 0:
            return Flaw(f"{path}.price", "a price below zero: correct it", str(component.price))
    return None


@check("time-price-low", Severity.WARNING)
def time_price_low(tariff: TariffRecord, context: Context) -> Flaw | None:
    """TA-11. TIME is per hour; such a low price without ENERGY is mostly one per minute."""
    if any(component.type == "ENERGY" for _, component in _components(tariff)):
        return None
    for path, component in _components(tariff):
        if component.type == "TIME" and 0 < component.price < _LOW_HOURLY_PRICE:
            return Flaw(
                f"{path}.price",
                "TIME is the price of an hour: a price per minute must be multiplied by 60",
                str(component.price),
            )
    return None


@check("currency-foreign", Severity.WARNING)
def currency_foreign(tariff: TariffRecord, context: Context) -> Flaw | None:
    """K15. Not a currency of the party's country nor of the nation served."""
    countries = _countries_of().get(tariff.currency, frozenset())
    if context.country in countries or tariff.country_code in countries:
        return None
    return Flaw(
        "currency",
        f"not a currency used in {context.country}: give prices in the national currency",
        tariff.currency,
    )


@check("validity-backwards", Severity.WARNING)
def validity_backwards(tariff: TariffRecord, context: Context) -> Flaw | None:
    """A tariff that ends before it starts is never valid."""
    start, end = tariff.start_date_time, tariff.end_date_time
    if start is None or end is None or start < end:
        return None
    return Flaw("end_date_time", "ends before it starts, so it is never valid", str(end))


@check("last-updated-missing", Severity.WARNING)
def last_updated_missing(tariff: TariffRecord, context: Context) -> Flaw | None:
    """Without it, nobody can tell an old version from a new one."""
    if tariff.last_updated is not None:
        return None
    return Flaw("last_updated", "no usable last_updated: send when the tariff last changed")


def _components(tariff: TariffRecord) -> Iterator[tuple[str, PriceComponent]]:
    for number, element in enumerate(tariff.elements):
        for place, component in enumerate(element.price_components):
            yield f"elements[{number}].price_components[{place}]", component


@cache
def _countries_of() -> dict[str, frozenset[str]]:
    """Alpha-2 codes of the countries where each currency is legal tender (Unicode CLDR 47)."""
    text = files("nop_ingest.checks").joinpath("currencies.json").read_text("utf8")
    return {currency: frozenset(codes.split()) for currency, codes in json.loads(text).items()}
