"""Price lists of the simulated operators: rupees without tax, GST 18 % beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nop.demo.operators import Operator

GROUPS = ("ac", "dc", "light")
LAST_UPDATED = "2025-04-01T00:00:00Z"  # the beginning of an Indian tariff year
_GST_PERCENT = 18
_PER_KWH = {"ac": 13, "dc": 18, "light": 9}
_SOLAR_PER_KWH = {"ac": 10, "dc": 14, "light": 7}
_SOLAR_HOURS = {"start_time": "09:00", "end_time": "16:00"}
_PER_MINUTE = {"ac": 1.5, "dc": 9.0, "light": 0.5}
Element = dict[str, Any]


def _element(kind: str, price: float, restrictions: Element | None = None) -> Element:
    component = {"type": kind, "price": price, "vat": _GST_PERCENT, "step_size": 1}
    element: Element = {"price_components": [component]}
    return element | ({"restrictions": restrictions} if restrictions else {})


def _flat(group: str) -> list[Element]:
    return [_element("ENERGY", _PER_KWH[group])]


def _solar_hours(group: str) -> list[Element]:
    return [_element("ENERGY", _SOLAR_PER_KWH[group], _SOLAR_HOURS), *_flat(group)]


def _session_fee(group: str) -> list[Element]:
    return [_element("FLAT", 15), _element("ENERGY", _PER_KWH[group] + 2)]


def _grace(group: str) -> list[Element]:
    return [*_flat(group), _element("PARKING_TIME", 120, {"min_duration": 3600})]


def _per_minute(group: str) -> list[Element]:
    return [_element("TIME", _PER_MINUTE[group] * 60)]


def _no_tax_given(group: str) -> list[Element]:
    elements = _flat(group)
    del elements[0]["price_components"][0]["vat"]
    return elements


def _free(group: str) -> list[Element]:
    return [_element("FLAT", 0)] if group == "ac" else _flat(group)


PRICE_LISTS: dict[str, Callable[[str], list[Element]]] = {
    "flat": _flat,
    "solar-hours": _solar_hours,
    "session-fee": _session_fee,
    "grace": _grace,
    "per-minute": _per_minute,
    "no-tax-given": _no_tax_given,
    "free": _free,
    "contract": _flat,
}


def tariff_ids(operator: Operator, group: str) -> list[str]:
    """The tariffs of a connector."""
    return [f"{operator.party_id}-{group.upper()}"] if operator.pricing else []


def tariffs_of(operator: Operator) -> list[dict[str, Any]]:
    """All OCPI 2.2.1 Tariffs of the operator."""
    if not operator.pricing:
        return []
    elements_for = PRICE_LISTS[operator.pricing]
    return [
        {
            "country_code": "IN",
            "party_id": operator.party_id,
            "id": tariff_ids(operator, group)[0],
            "currency": "INR",
            "type": "REGULAR" if operator.pricing == "contract" else "AD_HOC_PAYMENT",
            "tariff_alt_text": [{"language": "en", "text": f"{operator.label}: not a real price"}],
            "elements": elements_for(group),
            "last_updated": LAST_UPDATED,
        }
        for group in GROUPS
    ]
