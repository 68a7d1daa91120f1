"""Open Charge Map's `UsageCost`: free text, of which only a price and nothing else is read.

`€0.39/kWh`, `0,39 EUR per kWh`, `£0.10 / min`. Any further word ("from", "members", "+ parking")
makes it another price; `$` and `kr` are many currencies; "Free" may mean the plug and not the
parking, or that nobody knew. What is not read is told, and no price is shown for it.
"""

from __future__ import annotations

import re
from typing import Any

from nop_ingest.reading.simple_price import is_currency
from nop_ingest.reading.tables import parse_number

_SIGN = "€|£|₹|[A-Za-z]{3}"
_COST = re.compile(
    rf"(?:(?P<before>{_SIGN})\s?)?(?P<amount>\d{{1,3}}(?:[.,]\d{{1,4}})?)(?:\s?(?P<after>{_SIGN}))?"
    r"\s?(?:/|per)\s?(?P<unit>kWh|min|minute|session)",
    re.IGNORECASE,
)
_UNITS = {
    "kwh": "price_per_kwh", "min": "price_per_minute", "minute": "price_per_minute",
    "session": "price_per_session",
}  # fmt: skip
_SIGNS = {"€": "EUR", "₹": "INR"}


def price_of(text: str, country_code: str) -> dict[str, Any] | None:
    """The price by our columns' names; None: the text does not say one and no more.

    >>> price_of("€0.39/kWh", "DE")
    {'price_per_kwh': Decimal('0.39'), 'price_currency': 'EUR'}
    >>> [price_of(text, "US") for text in ("Free", "$0.39/kWh", "€0.00/kWh", "€0.39/kWh, min. €1")]
    [None, None, None, None]
    """
    found = _COST.fullmatch(text.strip())
    if found is None or bool(found["before"]) == bool(found["after"]):
        return None
    sign = (found["before"] or found["after"]).upper()
    code = "GBP" if sign == "£" and country_code == "GB" else _SIGNS.get(sign, sign)
    amount = parse_number(found["amount"])
    if not amount or not is_currency(code):
        return None
    return {_UNITS[found["unit"].casefold()]: amount, "price_currency": code}
