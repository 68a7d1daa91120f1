"""OCPI 2.2.1, and 2.2, which differs only marginally for locations and tariffs."""

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
from nop_ingest.ocpi.wire.saying import Dropped, Unsayable
from nop_ingest.ocpi.wire.tariff_out import tariff_since_2_2, without_tax
from nop_ingest.ocpi.wire.vocabulary import VOCABULARY_2_2_1
from nop_registry.enums import TaxIncluded
from nop_registry.records import EvseRecord, LocationRecord, PriceComponent, TariffRecord

NUMBER = "2.2.1"


def from_location(record: LocationRecord, may_refer: Callable[[str], bool]) -> Emitted:
    """The Location as 2.2.1 says it: without parking places, providers and the help line."""
    return emit(NUMBER, partial(_location, record, may_refer))


def from_tariff(record: TariffRecord, at: datetime | None = None) -> Emitted:
    """The Tariff as 2.2.1 says it: prices without tax, the tax as a percentage."""
    priced = partial(_priced, record)
    return emit(
        NUMBER,
        partial(tariff_since_2_2, record, VOCABULARY_2_2_1, priced, ("excl_vat", "incl_vat")),
    )


def _location(
    record: LocationRecord, may_refer: Callable[[str], bool], dropped: Dropped
) -> dict[str, Any]:
    for name in ("parking_places", "help_phone"):
        if getattr(record, name):
            dropped.add(name)
    return location_since_2_2(record, VOCABULARY_2_2_1, may_refer, _unsaid, dropped)


def _unsaid(evse: EvseRecord, dropped: Dropped) -> dict[str, Any]:
    """2.2.1 has no further fields: they are counted."""
    for name in ("parking", "accepted_service_providers"):
        if getattr(evse, name):
            dropped.add(name)
    return {}


def _priced(record: TariffRecord, component: PriceComponent) -> tuple[Decimal, Decimal | None]:
    """An absent vat says here that there is none, so it must not stand for an unknown one."""
    tax, vat = record.tax_included, component.vat
    if tax is TaxIncluded.NOT_APPLICABLE:
        return component.price, None
    if tax is TaxIncluded.NO and vat is None and component.price:
        raise Unsayable("the tax that comes on top of the price is not known")
    return without_tax(component, tax), vat


VERSION = OcpiVersion(
    number=NUMBER,
    aliases=("2.2",),
    peek_location=peek,
    to_location=to_location,
    read_location=read_location,
    peek_tariff=peek,
    to_tariff=to_tariff,
    read_tariff=read_tariff,
    from_location=from_location,
    from_tariff=from_tariff,
)
