"""EVSEs and their status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from nop_graphql.described import described
from nop_graphql.enums import Status
from nop_graphql.loaders import Context, RowDict
from nop_graphql.objects.connector import Connector
from nop_graphql.objects.place import Coordinates, DisplayText, Image

if TYPE_CHECKING:
    from nop_graphql.objects.location import Location


@strawberry.type(description="A status with its age.")
class StatusDetail:
    status: Status = strawberry.field(
        description="As published: UNKNOWN when too old to be believed."
    )
    last_known_status: Status = strawberry.field(description="As last heard, however long ago.")
    last_changed: datetime = strawberry.field(description="Since when the last known status holds.")
    last_seen: datetime = strawberry.field(description="When it was last confirmed.")
    age_seconds: int = strawberry.field(description="Seconds since lastSeen.")
    is_stale: bool

    @classmethod
    def of(cls, row: RowDict) -> StatusDetail:
        age = datetime.now(UTC) - row["last_seen_at"]
        return cls(
            status=Status(row["status"]),
            last_known_status=Status(row["last_known_status"]),
            last_changed=row["changed_at"],
            last_seen=row["last_seen_at"],
            age_seconds=max(0, int(age.total_seconds())),
            is_stale=row["is_stale"],
        )


@strawberry.type(description="What one car can use at once (AFIR: recharging point).")
class Evse:
    row: strawberry.Private[RowDict]
    id: strawberry.ID
    uid: str = strawberry.field(description="The publisher's technical id.")
    evse_id: str | None = strawberry.field(description="Public eMI3 id, as published.")
    physical_reference: str | None
    floor_level: str | None
    capabilities: list[str]
    parking_restrictions: list[str]
    max_power_w: int | None = strawberry.field(description="Of its strongest connector.")
    coordinates: Coordinates | None = strawberry.field(
        description="Only where they differ from the location's."
    )
    directions: list[DisplayText]
    images: list[Image]
    status: Status = strawberry.field(
        description="As published: UNKNOWN when too old to be believed."
    )

    @classmethod
    def of(cls, row: RowDict) -> Evse:
        details = row["details"]
        has_place = "lat" in details and "lon" in details
        return cls(
            row=row,
            id=strawberry.ID(str(row["id"])),
            uid=row["uid"],
            evse_id=row["evse_id"],
            physical_reference=row["physical_reference"],
            floor_level=row["floor_level"],
            capabilities=row["capabilities"],
            parking_restrictions=row["parking_restrictions"],
            max_power_w=row["max_power_w"],
            coordinates=Coordinates(lat=details["lat"], lon=details["lon"]) if has_place else None,
            directions=DisplayText.list_of(details.get("directions")),
            images=Image.list_of(details.get("images")),
            status=Status(row["status"]),
        )

    @described("The status and how old it is.")
    def status_detail(self) -> StatusDetail:
        return StatusDetail.of(self.row)

    @described("Public EVSEs with this EVSE-ID, this one included.")
    async def same_id(self, info: strawberry.Info[Context, None]) -> int:
        canonical = self.row["evse_id_canonical"]
        found = await info.context.same_id.load(canonical) if canonical else None
        return found["n"] if found else 1

    @described("Its connectors; one is used at a time.")
    async def connectors(self, info: strawberry.Info[Context, None]) -> list[Connector]:
        rows = await info.context.connectors.load(self.row["id"])
        location_id = self.row["location_id"]
        return [Connector.of({**row, "location_id": location_id}) for row in rows]

    @described("Where it stands.")
    async def location(
        self, info: strawberry.Info[Context, None]
    ) -> Annotated[Location, strawberry.lazy("nop_graphql.objects.location")]:
        from nop_graphql.objects.location import Location

        row = await info.context.location.load(self.row["location_id"])
        assert row is not None, "an EVSE is public only with its location"  # noqa: S101 - our own invariant
        return Location.of(row)
