"""Ad-hoc prices of DATEX II refill points (EnergyRate, EnergyPrice), or why not.

A price is read only where it says all of itself: one ad-hoc rate, one currency, amounts per kWh,
per minute of charging or per session, all with or all without tax. A rate with a condition, a
discount, a limit, a period or a remark in words is another price than its amounts, so it is told
and not read. Nothing is free unless the price type is `free`; an amount of 0 may be a blank.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from nop_ingest.formats.datex2.elements import Node
from nop_ingest.reading.simple_price import is_currency
from nop_ingest.reading.tables import parse_number
from nop_registry.enums import TaxIncluded

_AD_HOC = "adhoc"
_SAYS_NO_PRICE = frozenset({"lastUpdated", "ratePolicy", "rateName", "payment", "paymentMethod"})
_OF_A_RATE = _SAYS_NO_PRICE | {"applicableCurrency", "energyPrice"}
_OF_A_PRICE = frozenset({"priceType", "value", "taxIncluded", "taxRate"})
_COLUMNS = {
    "priceperkwh": "price_per_kwh", "priceperminute": "price_per_minute",
    "baseprice": "price_per_session", "flatrate": "price_per_session", "free": "price_per_session",
}  # fmt: skip
_ALONE = ("flatrate", "free")
"""Prices of everything: another one beside them contradicts them."""
_TAX = {"true": TaxIncluded.YES, "1": TaxIncluded.YES, "false": TaxIncluded.NO, "0": TaxIncluded.NO}


class _Unread(Exception):
    """Why a price is not read, for people."""


class Rates:
    """The prices of one file."""

    def __init__(self) -> None:
        self.unread: Counter[str] = Counter()
        """How many points have a price that is not read, by the reason."""

    def price_of(self, *holders: Node) -> dict[str, Any] | None:
        """An EVSE's price by our columns' names; None: none is said, or it is not read.

        `holders`: what may bear the rates, the nearest first.
        """
        try:
            return _values(holders)
        except _Unread as why:
            self.unread[str(why)] += 1
            return None


def _values(holders: tuple[Node, ...]) -> dict[str, Any] | None:
    """The price by our columns' names; None: there is none for people without a contract."""
    rates = next((found for node in holders if (found := _rates_of(node))), [])
    policies = [_policy(rate) for rate in rates]
    ad_hoc = [rate for rate, policy in zip(rates, policies, strict=True) if policy == _AD_HOC]
    if not ad_hoc:
        if "" in policies:
            raise _Unread("it is not said whether the rate is ad hoc or for a contract")
        return None
    if len(ad_hoc) > 1:
        raise _Unread("a point has several ad-hoc rates")
    return _read(ad_hoc[0])


def _rates_of(node: Node) -> list[Node]:
    return [*node.all("energyRate"), *node.all("electricEnergy", "energyRate")]


def _policy(rate: Node) -> str:
    return (rate.attributes.get("ratePolicy") or rate.value("ratePolicy") or "").casefold()


def _read(rate: Node) -> dict[str, Any]:
    _refuse_others(rate, _OF_A_RATE)
    currencies = {node.text.strip().upper() for node in rate.all("applicableCurrency")}
    if len(currencies) != 1 or not is_currency(min(currencies)):
        raise _Unread("not one currency of ISO 4217 is named")
    values: dict[str, Any] = {}
    kinds, taxes, percents = [], set(), set()
    for price in rate.all("energyPrice"):
        _refuse_others(price, _OF_A_PRICE)
        kind = (price.value("priceType") or "").casefold()
        amount = parse_number(price.value("value") or "")
        if kind not in _COLUMNS or amount is None or amount < 0:
            raise _Unread(
                "a price has no amount, or a type that is neither per kWh, minute nor session"
            )
        if _COLUMNS[kind] in values:
            raise _Unread("two prices are of one type")
        values[_COLUMNS[kind]] = amount
        kinds.append(kind)
        taxes.add(_TAX.get((price.value("taxIncluded") or "").casefold()))
        percents.add(parse_number(price.value("taxRate") or ""))
    if not values or (len(values) > 1 and any(kind in _ALONE for kind in kinds)):
        raise _Unread("there is no price, or one for all beside another")
    is_free, is_zero = kinds == ["free"], not any(values.values())
    if is_free != is_zero:
        raise _Unread("an amount of 0 is not free unless its type is, and what is free costs 0")
    if len(taxes) != 1 or len(percents) != 1:
        raise _Unread("the prices of a rate are taxed differently")
    (tax,), (percent,) = taxes, percents
    values["price_currency"] = currencies.pop()
    if tax is not None:
        values["price_includes_tax"] = tax
    if percent is not None:
        values["price_tax_percent"] = percent
    return values


def _refuse_others(node: Node, known: frozenset[str]) -> None:
    for child in node.children:
        if child.name not in known:
            raise _Unread(f"it depends on {child.name[:40]}")
