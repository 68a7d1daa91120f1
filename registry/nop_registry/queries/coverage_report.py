"""Everything a regulator's page shows, as of one instant."""

from __future__ import annotations

from typing import Any, NamedTuple

from nop_registry.database import AsyncConnection
from nop_registry.queries import coverage
from nop_registry.queries.outlines import list_outlines


class CoverageReport(NamedTuple):
    """Rows as `queries.coverage` and `queries.outlines` describe them; all sums agree."""

    state_name: str | None
    """None for the country, and for a code that is no state and under which no location is."""
    totals: dict[str, Any]
    areas: coverage.Rows
    operators: coverage.Rows
    power_classes: coverage.Rows
    statuses: coverage.Rows
    sources: coverage.Rows
    outlines: list[dict[str, Any]]
    undrawn: list[str]


async def read_report(
    connection: AsyncConnection, country: str, parent: str | None, include_simulated: bool
) -> CoverageReport:
    """The report of a country (alpha-2) or of its state `parent`, from one snapshot."""
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        overview = await coverage.get_overview(connection, country, parent, include_simulated)
        state_name = overview.totals["parent_name"]
        if parent and state_name is None:
            state_name = await coverage.find_state_name(connection, country, parent)
        return CoverageReport(
            state_name,
            overview.totals,
            overview.areas,
            overview.operators,
            await coverage.list_by_power_class(connection, country, parent, include_simulated),
            coverage.statuses_of(overview.totals),
            [] if parent else await coverage.list_source_freshness(connection, include_simulated),
            await list_outlines(connection, country, parent),
            [] if parent else await coverage.list_undrawn(connection, country),
        )
