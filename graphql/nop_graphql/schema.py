"""The public schema. Beside this file is its committed text (`nop sdl --write`)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from nop_graphql.described import described
from nop_graphql.enums import Order
from nop_graphql.filters import BBoxInput, LocationFilter, NearInput, location_query
from nop_graphql.loaders import Context
from nop_graphql.objects.coverage import AreaCoverage, AreaLevel, list_areas
from nop_graphql.objects.evse import Evse
from nop_graphql.objects.location import Location, LocationConnection
from nop_graphql.objects.source import Source
from nop_graphql.objects.stats import Stats, get_stats
from nop_graphql.scalars import SCALARS
from nop_registry.errors import NopError
from nop_registry.queries.location_documents import location_number
from nop_registry.queries.location_rows import find_evse, list_public_sources
from nop_registry.queries.location_search import LocationQuery, list_location_page

SDL_PATH = Path(__file__).parent / "schema.graphql"
_log = logging.getLogger(__name__)
_Info = strawberry.Info[Context, None]


@strawberry.type
class Query:
    @described("One location, or null.")
    async def location(self, info: _Info, id: strawberry.ID) -> Location | None:
        number = location_number(id)
        row = None if number is None else await info.context.location.load(number)
        return Location.of(row) if row else None

    @described(
        "One EVSE by its public id in any spelling (`IN*TPC*E12`, `intpce12`), or null. When "
        "several sources publish the id: the one heard of last; `sameId` counts them."
    )
    async def evse(self, info: _Info, evse_id: str) -> Evse | None:
        async with info.context.pool.connection() as connection:
            row = await find_evse(connection, evse_id)
        return Evse.of(row) if row else None

    @described(
        "Locations page by page: in a box, near a point, or all. Cursors stay valid "
        "while data changes."
    )
    async def locations(
        self,
        info: _Info,
        filter: LocationFilter | None = None,
        near: NearInput | None = None,
        bbox: BBoxInput | None = None,
        order_by: Annotated[
            Order | None, strawberry.argument(description="Default: DISTANCE with near, else ID.")
        ] = None,
        first: Annotated[int | None, strawberry.argument(description="0 to 100.")] = (
            LocationQuery().first
        ),
        after: Annotated[str | None, strawberry.argument(description="A cursor.")] = None,
    ) -> LocationConnection:
        query = location_query(filter, near, bbox, order_by, first, after)
        async with info.context.pool.connection() as connection:
            page = await list_location_page(connection, query)
        rows = await info.context.location.load_many([hit.location_id for hit in page.hits])
        return LocationConnection.of(query, page, rows)

    @described("The registry in figures.")
    async def stats(self, info: _Info) -> Stats:
        return await get_stats(info.context)

    @described("The feeds that fill the registry.")
    async def sources(self, info: _Info) -> list[Source]:
        async with info.context.pool.connection() as connection:
            return [Source.of(row) for row in await list_public_sources(connection)]

    @described("Figures by state or district.")
    async def coverage(
        self,
        info: _Info,
        level: AreaLevel = AreaLevel.STATE,
        country: Annotated[
            str | None,
            strawberry.argument(description="ISO 3166 alpha-2. Default: the country served."),
        ] = None,
        parent: Annotated[
            str | None, strawberry.argument(description="Code of a state: its districts only.")
        ] = None,
    ) -> list[AreaCoverage]:
        return await list_areas(info.context, level, country, parent)


class PublicSchema(strawberry.Schema):
    """Strawberry's schema; what went wrong inside is logged once, short, and never answered."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        for error in errors:
            cause = error.original_error
            if cause is not None and not isinstance(cause, (GraphQLError, NopError)):
                _log.error("GraphQL resolver failed: %.500r", cause, exc_info=cause)


SCHEMA = PublicSchema(
    query=Query,
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=False),
)
