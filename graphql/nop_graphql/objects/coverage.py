"""Coverage of a country by states or districts, metric by metric."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

import strawberry

from nop_graphql.loaders import Context, RowDict
from nop_graphql.objects.location import Availability
from nop_registry.coverage.metric import Metric
from nop_registry.queries.coverage import METRICS, list_coverage


@strawberry.enum(description="Areas of a country.")
class AreaLevel(IntEnum):
    STATE = 1
    DISTRICT = 2


@strawberry.type(description="A figure with what it means.")
class MetricValue:
    code: str = strawberry.field(description="Permanent name of the metric.")
    title: str
    unit: str
    definition: str
    citation: str
    value: float | None = strawberry.field(description="null: cannot be computed, which is not 0.")
    numerator: float | None = strawberry.field(description="Of a share.")
    denominator: float | None = strawberry.field(description="Of a share.")
    left_out: int | None = strawberry.field(description="EVSEs that the value does not cover.")

    @classmethod
    def of(cls, metric: Metric, row: RowDict) -> MetricValue:
        def number(name: str) -> float | None:
            found = row.get(name)
            return None if found is None else float(found)

        left_out = row.get(f"{metric.code}_left_out")
        return cls(
            code=metric.code,
            title=metric.title,
            unit=metric.unit,
            definition=metric.definition,
            citation=metric.citation,
            value=number(metric.code),
            numerator=number(f"{metric.code}_numerator"),
            denominator=number(f"{metric.code}_denominator"),
            left_out=None if left_out is None else int(left_out),
        )


@strawberry.type(description="The figures of one area. Areas without a location are listed with 0.")
class AreaCoverage:
    code: str | None = strawberry.field(description="null: locations of which no area is known.")
    name: str | None
    parent_code: str | None
    parent_name: str | None
    official: bool | None = strawberry.field(
        description="Whether the outline is an official one; null: no outline is loaded."
    )
    sources: int
    as_declared: int = strawberry.field(
        description="Locations placed by the publisher's words instead of an outline."
    )
    by_status: Availability
    metrics: list[MetricValue]
    as_of: datetime

    @classmethod
    def of(cls, row: RowDict) -> AreaCoverage:
        states = {
            name: int(row[name]) for name in ("available", "busy", "out", "unknown", "planned")
        }
        return cls(
            code=row["code"],
            name=row["name"],
            parent_code=row["parent_code"],
            parent_name=row["parent_name"],
            official=row["official"],
            sources=row["sources"],
            as_declared=row["as_declared"],
            by_status=Availability(**states, total=sum(states.values())),
            metrics=[MetricValue.of(metric, row) for metric in METRICS],
            as_of=row["as_of"],
        )


async def list_areas(
    context: Context, level: AreaLevel, country: str | None, parent: str | None
) -> list[AreaCoverage]:
    """Coverage of the country (alpha-2; None: the one served), in a parent area if given."""
    asked = (country or context.country).upper()
    rows = await context.recently(
        ("coverage", asked, level, parent),
        lambda connection: list_coverage(connection, asked, level.value, parent),
    )
    return [AreaCoverage.of(row) for row in rows]
