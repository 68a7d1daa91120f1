"""What OCPI objects share, and what came with 2.3.0: pictures, energy, schedules, parking places.

Unreadable parts were left out by `salvage`; an item that lacks what it cannot be without is left
out here, silently: none of it says where a charger is, whether it works or what it costs.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from nop_ingest.normalise.text import as_text
from nop_ingest.ocpi.wire.salvage import as_decimal
from nop_registry.enums import Status
from nop_registry.records import (
    AdditionalGeoLocation,
    BusinessDetails,
    DisplayText,
    EnergyMix,
    EnergySource,
    EnvironmentalImpact,
    EvseParking,
    Image,
    Parking,
    StatusSchedule,
)

Text: TypeAlias = str | int | None
"""Ids and short references: numbers appear as often as strings (TR-33)."""


class WireDisplayText(msgspec.Struct, gc=False):
    language: str | None = None
    text: Text = None


class WireImage(msgspec.Struct, gc=False):
    url: str | None = None
    category: str | None = None
    type: str | None = None
    thumbnail: str | None = None
    width: int | None = None
    height: int | None = None


class WireBusinessDetails(msgspec.Struct, gc=False):
    name: Text = None
    website: str | None = None
    logo: WireImage | None = None


class WireAdditionalGeoLocation(msgspec.Struct, gc=False):
    latitude: float | None = None
    longitude: float | None = None
    name: Any = None
    """One DisplayText; some send a list of them (TR-35)."""


class WireEnergySource(msgspec.Struct, gc=False):
    source: str | None = None
    percentage: Decimal | None = None


class WireEnvironmentalImpact(msgspec.Struct, gc=False):
    category: str | None = None
    source: str | None = None  # 2.1.1
    amount: Decimal | None = None


class WireEnergyMix(msgspec.Struct, gc=False):
    is_green_energy: bool | None = None
    energy_sources: list[WireEnergySource | None] | None = None
    environ_impact: list[WireEnvironmentalImpact | None] | None = None
    supplier_name: Text = None
    energy_product_name: Text = None


class WireStatusSchedule(msgspec.Struct, gc=False):
    period_begin: datetime | None = None
    period_end: datetime | None = None
    status: Status | None = None


class WireParking(msgspec.Struct, gc=False):
    id: Text = None
    parking_id: Text = None  # seen instead of id (DM-8)
    physical_reference: Text = None
    vehicle_types: list[str | None] | None = None
    max_vehicle_weight: Decimal | None = None
    max_vehicle_height: Decimal | None = None
    max_vehicle_length: Decimal | None = None
    max_vehicle_width: Decimal | None = None
    parking_space_length: Decimal | None = None
    parking_space_width: Decimal | None = None
    dangerous_goods_allowed: bool | None = None
    direction: str | None = None
    drive_through: bool | None = None
    restricted_to_type: bool | None = None
    reservation_required: bool | None = None
    time_limit: Decimal | None = None
    roofed: bool | None = None
    images: list[WireImage | None] | None = None
    lighting: bool | None = None
    refrigeration_outlet: bool | None = None
    standards: list[str | None] | None = None
    apds_reference: Text = None


def text_of(value: Text) -> str | None:
    """The text as given; a number as text."""
    return value if value is None or isinstance(value, str) else as_text(value)


def words_of(words: list[str | None] | None) -> tuple[str, ...]:
    """The members of a list of codes, without gaps."""
    return tuple([word for word in words if word]) if words else ()


def read_display_texts(wires: list[WireDisplayText | None] | None) -> tuple[DisplayText, ...]:
    """Texts; those without words are left out."""
    return tuple(
        DisplayText(language=wire.language or "", text=text)
        for wire in wires or ()
        if wire is not None and (text := text_of(wire.text))
    )


def read_images(wires: list[WireImage | None] | None) -> tuple[Image, ...]:
    """Pictures; those without a link are left out."""
    return tuple(image for wire in wires or () if (image := _read_image(wire)) is not None)


def read_company(wire: WireBusinessDetails | None) -> BusinessDetails | None:
    """A company; None if it has no name."""
    name = text_of(wire.name) if wire is not None else None
    if wire is None or not name:
        return None
    return BusinessDetails(name=name, website=wire.website, logo=_read_image(wire.logo))


def read_related(
    wires: list[WireAdditionalGeoLocation | None],
) -> tuple[AdditionalGeoLocation, ...]:
    """Further places; those without coordinates are left out."""
    return tuple(
        AdditionalGeoLocation(lat=wire.latitude, lon=wire.longitude, name=_read_name(wire.name))
        for wire in wires
        if wire is not None and wire.latitude is not None and wire.longitude is not None
    )


def read_energy_mix(wire: WireEnergyMix) -> EnergyMix | None:
    """The energy mix; None if it does not say whether the energy is green."""
    if wire.is_green_energy is None:
        return None
    return EnergyMix(
        is_green_energy=wire.is_green_energy,
        energy_sources=tuple(
            EnergySource(source=share.source, percentage=percentage)
            for share in wire.energy_sources or ()
            if share is not None
            and share.source
            and (percentage := as_decimal(share.percentage)) is not None
        ),
        environ_impact=tuple(
            EnvironmentalImpact(category=category, amount=amount)
            for impact in wire.environ_impact or ()
            if impact is not None
            and (category := impact.category or impact.source)
            and (amount := as_decimal(impact.amount)) is not None
        ),
        supplier_name=text_of(wire.supplier_name),
        energy_product_name=text_of(wire.energy_product_name),
    )


def read_schedule(wires: list[WireStatusSchedule | None]) -> tuple[StatusSchedule, ...]:
    """Planned statuses; those without a beginning or a status are left out."""
    return tuple(
        StatusSchedule(period_begin=wire.period_begin, period_end=wire.period_end, status=status)
        for wire in wires
        if wire is not None
        and wire.period_begin is not None
        and (status := wire.status) is not None
    )


def read_parking_places(wires: list[WireParking | None]) -> tuple[Parking, ...]:
    """Parking places; those without an id are left out: no EVSE could name them."""
    return tuple(
        Parking(
            id=label,
            physical_reference=text_of(wire.physical_reference),
            vehicle_types=words_of(wire.vehicle_types),
            max_vehicle_weight=as_decimal(wire.max_vehicle_weight),
            max_vehicle_height=as_decimal(wire.max_vehicle_height),
            max_vehicle_length=as_decimal(wire.max_vehicle_length),
            max_vehicle_width=as_decimal(wire.max_vehicle_width),
            parking_space_length=as_decimal(wire.parking_space_length),
            parking_space_width=as_decimal(wire.parking_space_width),
            dangerous_goods_allowed=wire.dangerous_goods_allowed,
            direction=wire.direction,
            drive_through=wire.drive_through,
            restricted_to_type=wire.restricted_to_type,
            reservation_required=wire.reservation_required,
            time_limit=as_decimal(wire.time_limit),
            roofed=wire.roofed,
            images=read_images(wire.images),
            lighting=wire.lighting,
            refrigeration_outlet=wire.refrigeration_outlet,
            standards=words_of(wire.standards),
            apds_reference=text_of(wire.apds_reference),
        )
        for wire in wires
        if wire is not None and (label := text_of(wire.id) or text_of(wire.parking_id))
    )


def read_evse_parking(items: object) -> tuple[EvseParking, ...]:
    """References to parking places: objects, or plain ids as in the first printing (DM-8)."""
    found = []
    for item in items if isinstance(items, list) else [items]:
        given = item if isinstance(item, dict) else {"parking_id": item}
        label = as_text(given.get("parking_id")) or as_text(given.get("id"))
        if label:
            found.append(
                EvseParking(parking_id=label, evse_position=as_text(given.get("evse_position")))
            )
    return tuple(found)


def _read_image(wire: WireImage | None) -> Image | None:
    if wire is None or not wire.url:
        return None
    return Image(
        url=wire.url,
        category=wire.category,
        type=wire.type,
        thumbnail=wire.thumbnail,
        width=wire.width,
        height=wire.height,
    )


def _read_name(value: object) -> DisplayText | None:
    if isinstance(value, list):
        value = value[0] if value else None
    given = value if isinstance(value, dict) else {"text": value}
    text = as_text(given.get("text"))
    return DisplayText(language=as_text(given.get("language")) or "", text=text) if text else None
