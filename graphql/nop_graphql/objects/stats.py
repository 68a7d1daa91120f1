"""The registry in figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from nop_graphql.described import described
from nop_graphql.loaders import Context, RowDict
from nop_graphql.objects.location import Availability
from nop_registry.queries.location_rows import list_public_sources
from nop_registry.queries.public_totals import get_connector_totals
from nop_registry.queries.status import get_totals


@strawberry.type(description="Sources by health.")
class SourceStats:
    total: int
    stale: int = strawberry.field(description="Their statuses are published as UNKNOWN.")
    simulated: int
    newest_seen_at: datetime | None
    oldest_seen_at: datetime | None

    @classmethod
    def of(cls, rows: list[RowDict]) -> SourceStats:
        seen = [row["seen_at"] for row in rows if row["seen_at"]]
        return cls(
            total=len(rows),
            stale=sum(row["is_stale"] for row in rows),
            simulated=sum(row["simulated"] for row in rows),
            newest_seen_at=max(seen, default=None),
            oldest_seen_at=min(seen, default=None),
        )


@strawberry.type(description="What is public now. Figures are kept for some seconds.")
class Stats:
    as_of: datetime
    locations: int
    evses: int
    by_status: Availability

    @described("Of EVSEs in service; planned ones do not count.")
    async def connectors(self, info: strawberry.Info[Context, None]) -> int:
        return int((await _connector_totals(info.context))["connectors"])

    @described(
        "Sum over EVSEs in service of their strongest connector, without those of unknown power; "
        "null where none is known."
    )
    async def power_kw(self, info: strawberry.Info[Context, None]) -> float | None:
        known = (await _connector_totals(info.context))["power_kw"]
        return None if known is None else float(known)

    @described("EVSEs in service whose power nobody has said: `powerKw` leaves them out.")
    async def evses_of_unknown_power(self, info: strawberry.Info[Context, None]) -> int:
        return int((await _connector_totals(info.context))["evses_of_unknown_power"])

    @strawberry.field
    async def sources(self, info: strawberry.Info[Context, None]) -> SourceStats:
        async with info.context.pool.connection() as connection:
            return SourceStats.of(await list_public_sources(connection))


async def get_stats(context: Context) -> Stats:
    """The figures of everything public."""
    row = await context.recently("totals", get_totals)
    names = ("available", "busy", "out", "unknown", "planned")
    return Stats(
        as_of=row["as_of"],
        locations=row["locations"],
        evses=int(row["evses"]),
        by_status=Availability(**{name: int(row[name]) for name in names}, total=int(row["evses"])),
    )


async def _connector_totals(context: Context) -> dict[str, Any]:
    totals: dict[str, Any] = await context.recently("connectors", get_connector_totals)
    return totals
