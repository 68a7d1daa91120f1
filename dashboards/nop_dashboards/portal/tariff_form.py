"""A tariff of few rules in a form, and back; and what a session costs on it.

A rule is one OCPI element: prices that apply at some hours of some days. A tariff that says more
(power, energy, dates, reservations) is shown, and changed by a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from nop_registry.enums import TaxIncluded
from nop_registry.pricing import (
    Phase,
    SessionCost,
    SessionProfile,
    headline,
    price_text,
    session_cost,
)
from nop_registry.records import (
    DisplayText,
    PriceComponent,
    TariffElement,
    TariffRecord,
    TariffRestrictions,
)

MOST_RULES = 12
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")
WEEKEND = ("SATURDAY", "SUNDAY")
_DAYS: dict[str, tuple[str, ...]] = {"all": (), "weekdays": WEEKDAYS, "weekend": WEEKEND}
_SHOWN = frozenset(("start_time", "end_time", "day_of_week"))
_PER_HOUR = 60
# Field of the form, OCPI's dimension, and what the dimension's unit is of the form's.
_PRICES = (
    ("kwh", "ENERGY", 1), ("minute", "TIME", _PER_HOUR), ("parked", "PARKING_TIME", _PER_HOUR),
    ("session", "FLAT", 1),
)  # fmt: skip
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9._*-]{1,36}")
_ENERGY_KWH, _MINUTES = Decimal(20), Decimal(40)

Form = Mapping[str, str]


class Cost(NamedTuple):
    """What the reference session costs at one time."""

    when: str
    """now, evening or weekend."""
    at: datetime
    cost: SessionCost
    text: str
    """The prices in force then."""


def is_simple(tariff: TariffRecord) -> bool:
    """Whether the form can show all that the tariff says."""
    vats = {c.vat for e in tariff.elements for c in e.price_components}
    return (
        len(vats) <= 1
        and len(tariff.elements) <= MOST_RULES
        and all(map(_is_simple_element, tariff.elements))
    )


def _is_simple_element(element: TariffElement) -> bool:
    kinds = [c.type for c in element.price_components]
    known = {dimension for _, dimension, _ in _PRICES}
    if len(set(kinds)) < len(kinds) or set(kinds) - known:
        return False
    limits = element.restrictions
    if limits is None:
        return True
    said = {n for n in limits.__struct_fields__ if getattr(limits, n) not in (None, ())}
    return said <= _SHOWN and tuple(limits.day_of_week) in _DAYS.values()


def values_of(tariff: TariffRecord) -> dict[str, str]:
    """The form's fields filled from a tariff."""
    vat = next((c.vat for e in tariff.elements for c in e.price_components), None)
    text = next((one.text for one in tariff.tariff_alt_text), "")
    values = {
        "id": tariff.id, "currency": tariff.currency, "text": text,
        "vat": "" if vat is None else _plain(vat),
        "tax": "" if tariff.tax_included is None else tariff.tax_included.value,
    }  # fmt: skip
    for n, element in enumerate(tariff.elements):
        prices = {c.type: c.price for c in element.price_components}
        for name, dimension, units in _PRICES:
            if dimension in prices:
                values[f"rule-{n}-{name}"] = _plain(prices[dimension] / units)
        limits = element.restrictions or TariffRestrictions()
        values[f"rule-{n}-from"] = limits.start_time or ""
        values[f"rule-{n}-to"] = limits.end_time or ""
        days = next(name for name, days in _DAYS.items() if days == tuple(limits.day_of_week))
        values[f"rule-{n}-days"] = days
    return values


def read(form: Form, before: TariffRecord, *, is_new: bool) -> tuple[TariffRecord, dict[str, str]]:
    """The tariff with what was typed, and what cannot be read (key of a text by field)."""
    errors: dict[str, str] = {}
    now = datetime.now(UTC)
    changes: dict[str, Any] = {"last_updated": now}
    if is_new:
        changes["id"] = form.get("id", "").strip()
        if not _ID.fullmatch(changes["id"]):
            errors["id"] = "station.not_an_id"
    changes["currency"] = form.get("currency", "").strip().upper()
    if not re.fullmatch("[A-Z]{3}", changes["currency"]):
        errors["currency"] = "tariff.not_a_currency"
    vat = _amount(form, "vat", errors)
    tax = form.get("tax", "")
    changes["tax_included"] = TaxIncluded(tax) if tax in set(TaxIncluded) else None
    text = " ".join(form.get("text", "").split())[:512]
    others = before.tariff_alt_text[1:]
    language = before.tariff_alt_text[0].language if before.tariff_alt_text else "en"
    changes["tariff_alt_text"] = (
        (DisplayText(language=language, text=text), *others) if text else others
    )
    rules = [_rule(form, f"rule-{n}-", vat, errors) for n in range(MOST_RULES)]
    # The first that matches applies: those for some hours or days before those for all.
    found = sorted((r for r in rules if r), key=lambda rule: rule.restrictions is None)
    if not found:
        errors.setdefault("rule-0-kwh", "tariff.no_price")
    changes["elements"] = tuple(found)
    return msgspec.structs.replace(before, **changes), errors


def _rule(
    form: Form, place: str, vat: Decimal | None, errors: dict[str, str]
) -> TariffElement | None:
    parts = []
    for name, dimension, units in _PRICES:
        price = _amount(form, place + name, errors)
        if price is not None:
            step = 1
            parts.append(
                PriceComponent(type=dimension, price=price * units, vat=vat, step_size=step)
            )
    if not parts:
        return None
    start, end = form.get(f"{place}from", "").strip(), form.get(f"{place}to", "").strip()
    for name, text in (("from", start), ("to", end)):
        if (start or end) and not _CLOCK.fullmatch(text):
            errors[place + name] = "tariff.not_a_time"
    days = _DAYS.get(form.get(f"{place}days", "all"), ())
    limits = None
    if start or end or days:
        limits = TariffRestrictions(
            start_time=start or None, end_time=end or None, day_of_week=days
        )
    return TariffElement(price_components=tuple(parts), restrictions=limits)


def _amount(form: Form, name: str, errors: dict[str, str]) -> Decimal | None:
    text = form.get(name, "").strip().replace(",", ".")
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        errors[name] = "tariff.not_an_amount"
        return None
    return Decimal(text)


def _plain(value: Decimal) -> str:
    """Digits without an exponent and without zeros at the end.

    >>> _plain(Decimal("17.50")), _plain(Decimal("60") / 60)
    ('17.5', '1')
    """
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text or "0"


def reference_costs(
    tariff: TariffRecord, now: datetime, time_zone: str | None, language: str
) -> list[Cost]:
    """What 20 kWh in 40 minutes costs now, this evening and on Saturday."""
    zone = ZoneInfo(time_zone) if time_zone else UTC
    local = now.astimezone(zone)
    evening = datetime.combine(local.date(), time(19, 0), zone)
    if evening < local:
        evening += timedelta(days=1)
    saturday = local.date() + timedelta(days=(5 - local.weekday()) % 7 or 7)
    starts = {
        "now": now,
        "evening": evening,
        "weekend": datetime.combine(saturday, time(11, 0), zone),
    }
    phases = (Phase(minutes=_MINUTES, energy_kwh=_ENERGY_KWH),)
    return [
        Cost(
            when,
            at,
            session_cost(
                tariff, SessionProfile(start=at.astimezone(UTC), phases=phases), time_zone=time_zone
            ),
            price_text(headline([tariff], at.astimezone(UTC), time_zone, None), language=language),
        )
        for when, at in starts.items()
    ]
