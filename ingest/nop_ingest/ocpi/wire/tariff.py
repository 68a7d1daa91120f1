"""A Tariff on the wire, and the record it becomes.

Stricter than a location: a price that could be misread is worse than none (RE-9, TA-12). A tariff
with a component, dimension or limit that cannot be read is refused; an element with a restriction
that cannot be read never applies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.parties import country_code_of, party_id_of
from nop_ingest.normalise.text import as_text
from nop_ingest.ocpi.wire.extras import (
    Text,
    WireDisplayText,
    WireEnergyMix,
    read_display_texts,
    read_energy_mix,
)
from nop_ingest.ocpi.wire.salvage import as_decimal, as_number
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import Severity, TaxIncluded
from nop_registry.records import (
    PriceComponent,
    PriceLimit,
    TariffElement,
    TariffRecord,
    TariffRestrictions,
)

_DIMENSIONS = frozenset({"ENERGY", "FLAT", "PARKING_TIME", "TIME"})
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_RESERVATIONS = frozenset({"RESERVATION", "RESERVATION_EXPIRES"})
_TAX = {
    "YES": TaxIncluded.YES, "TRUE": TaxIncluded.YES, "NO": TaxIncluded.NO, "FALSE": TaxIncluded.NO,
    "N/A": TaxIncluded.NOT_APPLICABLE, "NA": TaxIncluded.NOT_APPLICABLE,
}  # fmt: skip
_CURRENCY = re.compile(r"[A-Z]{3}")
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)(?::\d{2})?", re.ASCII)
_DATE = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?:[T ].*)?", re.ASCII)


class WirePriceComponent(msgspec.Struct, gc=False):
    type: str | None = None
    price: Decimal | None = None
    vat: Decimal | None = None
    step_size: int | None = None


class WireTariffElement(msgspec.Struct, gc=False):
    price_components: list[WirePriceComponent | None] | None = None
    restrictions: Any = None
    """Not typed: a property that we do not know must be seen (TA-12)."""


class WireTariff(msgspec.Struct, gc=False):
    country_code: Text = None
    party_id: Text = None
    id: Text = None
    currency: str | None = None
    type: str | None = None
    tariff_alt_text: list[WireDisplayText | None] | None = None
    tariff_alt_url: str | None = None
    min_price: Any = None
    max_price: Any = None
    elements: list[WireTariffElement | None] | None = None
    tax_included: str | bool | None = None  # 2.3.0
    energy_mix: WireEnergyMix | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    last_updated: datetime | None = None


class _Unreadable(Exception):
    def __init__(self, code: str, path: str, message: str, value: object = None) -> None:
        shown = None if value is None else str(value)[:200]
        self.rejection = Rejection(code, path, message, shown)


def read_tariff(wire: WireTariff, context: Context, findings: list[Finding]) -> TariffRecord | None:
    """The record of a tariff; None with a Rejection if its price could be misread."""
    try:
        _refuse_unread_validity(findings)
        record = _read(wire, context)
    except _Unreadable as unreadable:
        findings.append(unreadable.rejection)
        return None
    _note_dropped_step(wire, findings)
    return record


def _refuse_unread_validity(findings: list[Finding]) -> None:
    """A date that was sent and could not be read is not "always in force"."""
    for found in findings:
        if found.code == "field-unusable" and found.path in ("start_date_time", "end_date_time"):
            raise _Unreadable(
                "validity-unreadable", found.path,
                "when the price is in force cannot be read: send UTC as in 2026-01-31T00:00:00Z",
                found.value,
            )  # fmt: skip


def _read(wire: WireTariff, context: Context) -> TariffRecord:
    currency = (wire.currency or "").strip().upper()
    if not _CURRENCY.fullmatch(currency):
        raise _Unreadable(
            "currency-unusable", "currency", "a price needs an ISO 4217 currency such as INR",
            wire.currency,
        )  # fmt: skip
    elements = tuple(
        _element(element or WireTariffElement(), f"elements[{number}]")
        for number, element in enumerate(wire.elements or ())
    )
    if not elements:
        raise _Unreadable(
            "tariff-without-elements", "elements",
            "a tariff without price components says no price: a free one has FLAT 0",
        )  # fmt: skip
    return TariffRecord(
        country_code=country_code_of(wire.country_code) or context.default_country_code or "",
        party_id=party_id_of(wire.party_id) or context.default_party_id or "",
        id=(wire.id if isinstance(wire.id, str) else as_text(wire.id)) or "",
        currency=currency,
        elements=elements,
        type=wire.type,
        tariff_alt_text=read_display_texts(wire.tariff_alt_text),
        tariff_alt_url=wire.tariff_alt_url,
        min_price=_limit(wire.min_price, "min_price"),
        max_price=_limit(wire.max_price, "max_price"),
        tax_included=_tax_included(wire.tax_included),
        energy_mix=read_energy_mix(wire.energy_mix) if wire.energy_mix is not None else None,
        start_date_time=wire.start_date_time,
        end_date_time=wire.end_date_time,
        last_updated=wire.last_updated,
    )


def _tax_included(value: str | bool | None) -> TaxIncluded | None:
    """YES, NO or N/A in any spelling, or a boolean; None: nothing that is certain."""
    word = str(value).strip().upper()
    return _TAX.get(word)


def _element(wire: WireTariffElement, path: str) -> TariffElement:
    components = tuple(
        _component(component or WirePriceComponent(), f"{path}.price_components[{number}]")
        for number, component in enumerate(wire.price_components or ())
    )
    if not components:
        raise _Unreadable(
            "element-without-prices", f"{path}.price_components",
            "an element needs at least one price component: add it or leave the element out",
        )  # fmt: skip
    return TariffElement(price_components=components, restrictions=_restrictions(wire.restrictions))


def _component(wire: WirePriceComponent, path: str) -> PriceComponent:
    dimension = (wire.type or "").strip().upper()
    if dimension not in _DIMENSIONS:
        raise _Unreadable(
            "unknown-dimension", f"{path}.type",
            "the price cannot be understood: use ENERGY, FLAT, PARKING_TIME or TIME", wire.type,
        )  # fmt: skip
    price = as_decimal(wire.price)
    if price is None:
        raise _Unreadable(
            "price-unreadable", f"{path}.price", "a price is a number such as 0.45", wire.price
        )
    return PriceComponent(
        type=dimension,
        price=price,
        vat=as_decimal(wire.vat),
        step_size=wire.step_size if _is_step(wire.step_size) else None,
    )


def _is_step(value: int | None) -> bool:
    return value is not None and 0 <= value < 2**31


def _note_dropped_step(wire: WireTariff, findings: list[Finding]) -> None:
    """One notice a tariff: without a step nothing is rounded up."""
    for number, element in enumerate(wire.elements or ()):
        for place, component in enumerate((element and element.price_components) or ()):
            step = None if component is None else component.step_size
            if step is not None and not _is_step(step):
                findings.append(
                    Notice(
                        "step-size-unusable", Severity.WARNING,
                        f"elements[{number}].price_components[{place}].step_size",
                        "left out, so nothing is rounded up: send Wh or seconds from 0 up",
                        str(step)[:200],
                    )
                )  # fmt: skip
                return


def _limit(value: object, path: str) -> PriceLimit | None:
    """A 2.2.1 Price, a 2.3.0 PriceLimit or a bare number (= before taxes)."""
    if value is None or value == {} or value == []:
        return None
    parts = value if isinstance(value, dict) else {"before_taxes": value}
    before = as_decimal(_either(parts, "before_taxes", "excl_vat"))
    if before is None:
        raise _Unreadable(
            "price-limit-unreadable", path, "send excl_vat (2.2.1) or before_taxes (2.3.0)", value
        )
    after = as_decimal(_either(parts, "after_taxes", "incl_vat"))
    return PriceLimit(before_taxes=before, after_taxes=after)


def _either(parts: dict[str, Any], first: str, second: str) -> object:
    return parts[first] if parts.get(first) is not None else parts.get(second)


def _restrictions(value: object) -> TariffRestrictions | None:
    if _says_nothing(value):
        return None
    if not isinstance(value, dict):
        return TariffRestrictions(unknown=("restrictions",))
    read: dict[str, Any] = {}
    unknown = []
    for name, given in value.items():
        if _says_nothing(given):
            continue
        reader = _RESTRICTIONS.get(name)
        found = reader(given) if reader is not None else None
        if found is None:
            unknown.append((as_text(name) or "")[:60])
        else:
            read[name] = found
    if not read and not unknown:
        return None
    return TariffRestrictions(**read, unknown=tuple(unknown))


def _says_nothing(value: object) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _clock(value: object) -> str | None:
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    clock = f"{found[1]}:{found[2]}"
    if clock.startswith("24:"):  # OCPI writes the end of the day 00:00 (TA-3)
        return "00:00" if clock == "24:00" else None
    return clock


def _date(value: object) -> str | None:
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[1] if found else None


def _seconds(value: object) -> int | None:
    number = as_number(value)
    return round(number) if number is not None and 0 <= number < 2**31 else None


def _days(value: object) -> tuple[str, ...] | None:
    words = [str(word).strip().upper() for word in (value if isinstance(value, list) else [value])]
    return tuple(day for day in _DAYS if day in words) if set(words) <= set(_DAYS) else None


def _reservation(value: object) -> str | None:
    word = str(value).strip().upper()
    return word if word in _RESERVATIONS else None


_RESTRICTIONS: dict[str, Callable[[object], object]] = {
    "start_time": _clock,
    "end_time": _clock,
    "start_date": _date,
    "end_date": _date,
    "min_kwh": as_decimal,
    "max_kwh": as_decimal,
    "min_current": as_decimal,
    "max_current": as_decimal,
    "min_power": as_decimal,
    "max_power": as_decimal,
    "min_duration": _seconds,
    "max_duration": _seconds,
    "day_of_week": _days,
    "reservation": _reservation,
}
