"""Locations and pages of them."""

from __future__ import annotations

from datetime import UTC, datetime

import strawberry

from nop_graphql.described import described
from nop_graphql.loaders import Context, RowDict
from nop_graphql.objects.evse import Evse
from nop_graphql.objects.place import (
    Business,
    Coordinates,
    DisplayText,
    Hours,
    Image,
    OpeningNow,
    Party,
)
from nop_graphql.objects.source import Source
from nop_registry.opening import opening_at, read_hours
from nop_registry.queries.location_search import LocationPage, LocationQuery, count_locations


@strawberry.type(description="EVSEs of a location by what a driver finds.")
class Availability:
    available: int
    busy: int = strawberry.field(description="CHARGING, RESERVED or BLOCKED.")
    out: int = strawberry.field(description="INOPERATIVE or OUTOFORDER.")
    unknown: int
    planned: int
    total: int


@strawberry.type(description="A group of EVSEs at one place (AFIR: recharging pool).")
class Location:
    row: strawberry.Private[RowDict]
    id: strawberry.ID = strawberry.field(description="The registry's permanent number.")
    ocpi_id: str = strawberry.field(description="The publisher's own id.")
    party: Party
    name: str | None
    address: str | None
    city: str | None
    postal_code: str | None
    district: str | None
    state: str | None
    country: str | None = strawberry.field(description="ISO 3166 alpha-3.")
    coordinates: Coordinates
    operator: Business | None = strawberry.field(
        description="As named by its publisher; else its party's name by its credentials, else the "
        "party that its EVSE-IDs name, else its party."
    )
    suboperator: Business | None
    owner: Business | None
    time_zone: str | None = strawberry.field(description="IANA name.")
    parking_type: str | None
    opening_times: Hours | None
    charging_when_closed: bool | None
    facilities: list[str]
    directions: list[DisplayText]
    images: list[Image]
    help_phone: str | None
    last_updated: datetime | None = strawberry.field(description="The publisher's claim.")
    received_at: datetime = strawberry.field(description="When this version came.")
    is_simulated: bool = strawberry.field(description="Not real: made for demonstration.")
    max_power_w: int | None = strawberry.field(description="Of its strongest connector.")
    distance_m: int | None = strawberry.field(description="Metres from `near`; else null.")

    @classmethod
    def of(cls, row: RowDict, distance_m: float | None = None) -> Location:
        details = row["details"]
        operator = details.get("operator", {}) | {"name": row["operator_shown"]}
        return cls(
            row=row,
            id=strawberry.ID(str(row["id"])),
            ocpi_id=row["ocpi_id"],
            party=Party(country_code=row["country_code"], party_id=row["party_id"]),
            name=row["name"],
            address=row["address"],
            city=row["city"],
            postal_code=row["postal_code"],
            district=row["district"],
            state=row["state"],
            country=row["country"],
            coordinates=Coordinates(lat=row["lat"], lon=row["lon"]),
            operator=Business.of(operator),
            suboperator=Business.of(details.get("suboperator")),
            owner=Business.of(details.get("owner")),
            time_zone=row["time_zone"],
            parking_type=row["parking_type"],
            opening_times=Hours.of(details.get("opening_times")),
            charging_when_closed=details.get("charging_when_closed"),
            facilities=details.get("facilities", []),
            directions=DisplayText.list_of(details.get("directions")),
            images=Image.list_of(details.get("images")),
            help_phone=details.get("help_phone"),
            last_updated=row["last_updated"],
            received_at=row["received_at"],
            is_simulated=row["simulated"],
            max_power_w=row["max_power_w"],
            distance_m=None if distance_m is None else round(distance_m),
        )

    @described("Whether it is open now.")
    def opening(self) -> OpeningNow:
        hours = read_hours(self.row["details"].get("opening_times"))
        now = opening_at(hours, self.row["time_zone"], datetime.now(UTC))
        return OpeningNow(is_open=now.is_open, opens_at=now.opens_at, closes_at=now.closes_at)

    @described("The feed it came by.")
    async def source(self, info: strawberry.Info[Context, None]) -> Source | None:
        row = await info.context.source.load(self.row["source_id"])
        return Source.of(row) if row else None

    @described("How many EVSEs are in which state now.")
    async def availability(self, info: strawberry.Info[Context, None]) -> Availability | None:
        row = await info.context.availability.load(self.row["id"])
        if row is None:
            return None
        names = ("available", "busy", "out", "unknown", "planned")
        return Availability(**{name: row[f"n_{name}"] for name in names}, total=row["n_evse"])

    @described("Its EVSEs, in the publisher's order.")
    async def evses(self, info: strawberry.Info[Context, None]) -> list[Evse]:
        return [Evse.of(row) for row in await info.context.evses.load(self.row["id"])]


@strawberry.type(description="A location in a list.")
class LocationEdge:
    cursor: str
    node: Location


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="A page of locations (Relay connection).")
class LocationConnection:
    query: strawberry.Private[LocationQuery]
    edges: list[LocationEdge]
    page_info: PageInfo

    @classmethod
    def of(
        cls, query: LocationQuery, page: LocationPage, rows: list[RowDict | None]
    ) -> LocationConnection:
        found = [(hit, row) for hit, row in zip(page.hits, rows, strict=True) if row is not None]
        return cls(
            query=query,
            edges=[
                LocationEdge(cursor=page.cursor(hit), node=Location.of(row, hit.distance_m))
                for hit, row in found
            ],
            page_info=PageInfo(
                has_next_page=page.has_next,
                has_previous_page=page.has_previous,
                start_cursor=page.cursor(page.hits[0]) if page.hits else None,
                end_cursor=page.cursor(page.hits[-1]) if page.hits else None,
            ),
        )

    @described("All that match, on all pages. Counted only when asked for.")
    async def total_count(self, info: strawberry.Info[Context, None]) -> int:
        async with info.context.pool.connection() as connection:
            return await count_locations(connection, self.query)
