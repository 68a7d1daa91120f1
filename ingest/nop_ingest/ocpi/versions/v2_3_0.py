"""OCPI 2.3.0, both editions: the superset that the records follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from nop_ingest.ocpi.versions.version import (
    Emitted,
    OcpiVersion,
    emit,
    peek,
    read_location,
    read_tariff,
    to_location,
    to_tariff,
)
from nop_ingest.ocpi.wire.location_out import location_since_2_2
from nop_ingest.ocpi.wire.parking_out import accessibility, parking_places
from nop_ingest.ocpi.wire.saying import Dropped, fitting
from nop_ingest.ocpi.wire.tariff_out import tariff_since_2_2
from nop_ingest.ocpi.wire.vocabulary import VOCABULARY_2_3_0
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity, TaxIncluded
from nop_registry.records import LocationRecord, PriceComponent, TariffRecord

NUMBER = "2.3.0"


def _miss_tax_included(record: TariffRecord, findings: list[Finding]) -> TariffRecord:
    if record.tax_included is None:
        findings.append(
            Notice(
                "tax-included-missing", Severity.WARNING, "tax_included",
                "required in OCPI 2.3.0; nobody knows whether the price is with tax: send YES, NO "
                "or N/A",
            )
        )  # fmt: skip
    return record


def from_location(record: LocationRecord, may_refer: Callable[[str], bool]) -> Emitted:
    """The Location as 2.3.0 says it: lists that it left open are passed on whole."""
    return emit(NUMBER, partial(_location, record, may_refer))


def from_tariff(record: TariffRecord, at: datetime | None = None) -> Emitted:
    """The Tariff as 2.3.0 says it: with `tax_included`."""
    return emit(NUMBER, partial(_tariff, record))


def _location(
    record: LocationRecord, may_refer: Callable[[str], bool], dropped: Dropped
) -> dict[str, Any]:
    places = parking_places(record.parking_places, VOCABULARY_2_3_0, dropped)
    ids = frozenset(place["id"].casefold() for place in places)
    return {
        **location_since_2_2(
            record, VOCABULARY_2_3_0, may_refer, partial(accessibility, ids), dropped
        ),
        "parking_places": places,
        "help_phone": fitting(record.help_phone, 25, "help_phone", dropped),
    }


def _tariff(record: TariffRecord, dropped: Dropped) -> dict[str, Any]:
    tax = record.tax_included
    if tax is None:  # 2.2.1: prices are without tax
        tax = TaxIncluded.NO
        components = [c for element in record.elements for c in element.price_components]
        if all(c.vat is None for c in components) and any(c.price for c in components):
            dropped.note("tax_included is NO, though no vat was ever given")
    names = ("before_taxes", "after_taxes")
    return {
        **tariff_since_2_2(record, VOCABULARY_2_3_0, _priced, names, dropped),
        "tax_included": tax.value,
    }


def _priced(component: PriceComponent) -> tuple[Decimal, Decimal | None]:
    return component.price, component.vat


VERSION = OcpiVersion(
    number=NUMBER,
    peek_location=peek,
    to_location=to_location,
    read_location=read_location,
    peek_tariff=peek,
    to_tariff=partial(to_tariff, complete=_miss_tax_included),
    read_tariff=partial(read_tariff, complete=_miss_tax_included),
    from_location=from_location,
    from_tariff=from_tariff,
)
