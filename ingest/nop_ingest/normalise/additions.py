"""What most objects lack: further places, parking places, energy, schedules, providers.

Cleaned as their like elsewhere; what is no place, has no id or no moment is left out.
"""

from __future__ import annotations

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.coordinates import is_place
from nop_ingest.normalise.links import settle_images
from nop_ingest.normalise.text import clean, clean_display, clean_words
from nop_ingest.normalise.timestamps import in_utc
from nop_ingest.report import Finding
from nop_registry.records import (
    AdditionalGeoLocation,
    ConnectorRecord,
    EnergyMix,
    EvseParking,
    EvseRecord,
    LocationRecord,
    Parking,
    StatusSchedule,
    TariffRecord,
)


def settle_location(
    location: LocationRecord, context: Context, path: str, findings: list[Finding]
) -> LocationRecord:
    """Settle related locations, parking places and the energy mix."""
    changes: dict[str, object] = {}
    if location.related_locations:
        changes["related_locations"] = _settle_related(location.related_locations)
    if location.parking_places:
        changes["parking_places"] = _settle_parking_places(location.parking_places, findings)
    if location.energy_mix is not None:
        changes["energy_mix"] = _settle_energy(location.energy_mix)
    return msgspec.structs.replace(location, **changes) if changes else location


def settle_evse(
    evse: EvseRecord, context: Context, path: str, findings: list[Finding]
) -> EvseRecord:
    """Settle the schedule, the references to parking places and the names of providers."""
    changes: dict[str, object] = {}
    if evse.status_schedule:
        changes["status_schedule"] = _settle_schedule(evse.status_schedule)
    if evse.parking:
        changes["parking"] = tuple(
            EvseParking(
                parking_id=label,
                evse_position=clean(reached.evse_position) if reached.evse_position else None,
            )
            for reached in evse.parking
            if (label := clean(reached.parking_id)) is not None
        )
    if evse.accepted_service_providers:
        changes["accepted_service_providers"] = clean_words(evse.accepted_service_providers)
    return msgspec.structs.replace(evse, **changes) if changes else evse


def settle_connector(
    connector: ConnectorRecord, context: Context, path: str, findings: list[Finding]
) -> ConnectorRecord:
    """Settle the capabilities of a connector."""
    words = clean_words(connector.capabilities) if connector.capabilities else ()
    if words == connector.capabilities:
        return connector
    return msgspec.structs.replace(connector, capabilities=words)


def settle_tariff(
    tariff: TariffRecord, context: Context, path: str, findings: list[Finding]
) -> TariffRecord:
    """Settle the energy mix of a tariff."""
    if tariff.energy_mix is None:
        return tariff
    return msgspec.structs.replace(tariff, energy_mix=_settle_energy(tariff.energy_mix))


def _settle_related(
    places: tuple[AdditionalGeoLocation, ...],
) -> tuple[AdditionalGeoLocation, ...]:
    settled = []
    for near in places:
        if is_place(near.lat, near.lon):
            names = clean_display((near.name,)) if near.name is not None else ()
            name = names[0] if names else None
            settled.append(AdditionalGeoLocation(lat=near.lat, lon=near.lon, name=name))
    return tuple(settled)


def _settle_parking_places(
    places: tuple[Parking, ...], findings: list[Finding]
) -> tuple[Parking, ...]:
    settled = []
    for number, place in enumerate(places):
        label = clean(place.id)
        if label is None:
            continue
        where = f"parking_places[{number}].images"
        settled.append(
            msgspec.structs.replace(
                place,
                id=label,
                physical_reference=_clean(place.physical_reference),
                vehicle_types=clean_words(place.vehicle_types),
                direction=_clean(place.direction),
                images=settle_images(place.images, where, findings),
                standards=clean_words(place.standards),
                apds_reference=_clean(place.apds_reference),
            )
        )
    return tuple(settled)


def _settle_energy(mix: EnergyMix) -> EnergyMix:
    return msgspec.structs.replace(
        mix,
        energy_sources=tuple(
            msgspec.structs.replace(share, source=source)
            for share in mix.energy_sources
            if (source := clean(share.source)) is not None
        ),
        environ_impact=tuple(
            msgspec.structs.replace(impact, category=category)
            for impact in mix.environ_impact
            if (category := clean(impact.category)) is not None
        ),
        supplier_name=_clean(mix.supplier_name),
        energy_product_name=_clean(mix.energy_product_name),
    )


def _settle_schedule(plans: tuple[StatusSchedule, ...]) -> tuple[StatusSchedule, ...]:
    settled = []
    for plan in plans:
        begin = in_utc(plan.period_begin)
        if begin is not None:
            end = in_utc(plan.period_end)
            settled.append(StatusSchedule(period_begin=begin, period_end=end, status=plan.status))
    return tuple(settled)


def _clean(value: str | None) -> str | None:
    return clean(value) if value is not None else None
