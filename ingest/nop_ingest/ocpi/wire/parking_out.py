"""What only 2.3.0 can say: parking places and who may charge (DM-8, DM-9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nop_ingest.ocpi.wire.saying import Dropped, cut, filled, fitting, images, number
from nop_ingest.ocpi.wire.vocabulary import EVSE_POSITIONS, PARKING_DIRECTIONS, Vocabulary
from nop_registry.records import EvseRecord, Parking

_LONGEST_ID = 36
_NUMBERS = (
    "max_vehicle_weight", "max_vehicle_height", "max_vehicle_length", "max_vehicle_width",
    "parking_space_length", "parking_space_width", "time_limit",
)  # fmt: skip
_FLAGS = (
    "dangerous_goods_allowed", "drive_through", "restricted_to_type", "reservation_required",
    "roofed", "lighting", "refrigeration_outlet",
)  # fmt: skip


def parking_places(
    places: Iterable[Parking], vocabulary: Vocabulary, dropped: Dropped
) -> list[dict[str, Any]]:
    """Parking places with all that is required of them; of equal ids the first."""
    said: dict[str, dict[str, Any]] = {}
    for place in places:
        required = (place.restricted_to_type, place.reservation_required)
        if len(place.id) > _LONGEST_ID or not place.vehicle_types or None in required:
            dropped.add("parking place", "it lacks what is required, or its id is too long")
        elif place.id.casefold() in said:
            dropped.add("parking place", "another one has the same id")
        else:
            said[place.id.casefold()] = _parking(place, vocabulary, dropped)
    return list(said.values())


def accessibility(
    parking_ids: frozenset[str], evse: EvseRecord, dropped: Dropped
) -> dict[str, Any]:
    """The fields that an EVSE has since 2.3.0; `parking_ids` are those that may be named."""
    parking = []
    for reached in evse.parking:
        if reached.parking_id.casefold() not in parking_ids:
            dropped.add("parking", "the location has no such parking place")
            continue
        position = reached.evse_position
        known = position if position in EVSE_POSITIONS else None
        parking.append(filled({"parking_id": reached.parking_id, "evse_position": known}))
    providers = [cut(name, 50) for name in evse.accepted_service_providers]
    return {"parking": parking, "accepted_service_providers": providers}


def _parking(place: Parking, vocabulary: Vocabulary, dropped: Dropped) -> dict[str, Any]:
    numbers = {name: getattr(place, name) for name in _NUMBERS}
    direction = place.direction if place.direction in PARKING_DIRECTIONS else None
    return filled(
        {
            "id": place.id,
            "physical_reference": fitting(
                place.physical_reference, 12, "physical reference of a parking place", dropped
            ),
            "vehicle_types": list(place.vehicle_types),
            **{name: None if v is None else number(v) for name, v in numbers.items()},
            **{name: getattr(place, name) for name in _FLAGS},
            "direction": direction,
            "images": images(place.images, vocabulary, dropped),
            "standards": [word for word in place.standards if len(word) <= _LONGEST_ID],
            "apds_reference": place.apds_reference,
        }
    )
