"""Arguments of `locations`, and the question they make."""

from __future__ import annotations

import strawberry

from nop_graphql.enums import Current, Order, Status
from nop_registry.geo import BBox, Point
from nop_registry.queries.location_search import LocationQuery, Near
from nop_registry.queries.offer import Offer


@strawberry.input(
    description="What is wanted. What is absent, null or an empty list does not restrict. "
    "Connector, power, current and status are asked of one EVSE with one such connector."
)
class LocationFilter:
    connector_types: list[str] | None = strawberry.field(
        default=None, description="OCPI ConnectorType: one of these."
    )
    min_power_w: int | None = strawberry.field(
        default=None, description="Watts, on that connector."
    )
    current: Current | None = None
    status: list[Status] | None = strawberry.field(
        default=None, description="Published status: one of these."
    )
    operator: str | None = strawberry.field(
        default=None, description="Part of the operator's name, or a party such as IN-TPC or TPC."
    )
    country: str | None = strawberry.field(default=None, description="ISO 3166 alpha-2 or alpha-3.")


@strawberry.input(name="Near", description="A circle on the ground.")
class NearInput:
    lat: float
    lon: float
    radius_m: float = strawberry.field(default=10_000.0, description="At most 100 km.")


@strawberry.input(name="BBox", description="A box in degrees; it may not cross the antimeridian.")
class BBoxInput:
    west: float
    south: float
    east: float
    north: float


def location_query(
    filter: LocationFilter | None = None,
    near: NearInput | None = None,
    bbox: BBoxInput | None = None,
    order_by: Order | None = None,
    first: int | None = None,
    after: str | None = None,
) -> LocationQuery:
    """The question that the arguments make; not yet checked."""
    wanted = filter or LocationFilter()
    return LocationQuery(
        offer=Offer(
            connector_types=tuple(wanted.connector_types or ()),
            min_power_w=wanted.min_power_w,
            current=wanted.current,
            statuses=tuple(wanted.status or ()),
            operator=wanted.operator,
            country=wanted.country,
        ),
        near=Near(Point(near.lon, near.lat), near.radius_m) if near else None,
        bbox=BBox(bbox.west, bbox.south, bbox.east, bbox.north) if bbox else None,
        order=order_by,
        first=LocationQuery().first if first is None else first,
        after=after,
    )
