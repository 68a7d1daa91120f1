"""The public map: a page with the list of the view, complete without JavaScript."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.response import Redirect
from psycopg_pool import AsyncConnectionPool

from nop_dashboards import words
from nop_dashboards.answers import ANSWERS
from nop_dashboards.brief_cache import BriefCache
from nop_dashboards.templating import page
from nop_registry.access import Action
from nop_registry.errors import InvalidInput
from nop_registry.geo import BBox
from nop_registry.queries.gazetteer import Place, find_places, get_nation_bbox
from nop_registry.queries.matching import POWER_STEPS_W, StationFilter
from nop_registry.queries.stations import (
    count_stations,
    get_overview,
    list_operators,
    list_stations,
)

_ROWS = 25
_WIDE_SQUARE_DEGREES = 4.0
_counts: BriefCache[dict[str, int]] = BriefCache(1.5, 500)
# Counting a nation takes tenths of a second: one answer serves all its readers for a while.
_wide_counts: BriefCache[dict[str, int]] = BriefCache(10, 500)
_overviews: BriefCache[dict[str, Any]] = BriefCache(3, 10)
_operators: BriefCache[list[dict[str, Any]]] = BriefCache(60, 10)
_nations: BriefCache[BBox] = BriefCache(60, 10)


@get("/", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def show_map(request: Request[Any, Any, Any]) -> Response[Any]:
    """The map page for `bbox` (the nation without it), filters, and `q`, a name to look for."""
    pool: AsyncConnectionPool = request.app.state.pool
    settings = request.app.state.settings
    question = request.query_params.get("q", "").strip()
    places = await _find(request, question) if question else []
    if len(places) == 1:
        return Redirect(_address(places[0], StationFilter.parse(request.query_params)))
    nation = await _nations.get(pool, lambda: _read_nation(pool, settings.country))
    view = await _view(request, nation)
    return page(
        request,
        "map.html",
        **view,
        nation_bbox=nation,
        question=question,
        places=[(place, _address(place, view["wanted"])) for place in places],
        operators=await _operators.get(pool, lambda: _read_operators(pool)),
        groups=words.CONNECTOR_GROUPS,
        steps=POWER_STEPS_W,
        style_url=settings.map_style_url,
        country=settings.country,
    )


@get("/stations", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def show_list(request: Request[Any, Any, Any]) -> Response[str]:
    """Only the list of a view, as the map page fetches it when the map moves."""
    return page(request, "list.html", **await _view(request, None))


@get("/places", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def show_places(request: Request[Any, Any, Any]) -> Response[str]:
    """Only the places that answer to `q`."""
    question = request.query_params.get("q", "").strip()
    wanted = StationFilter.parse(request.query_params)
    places = [(place, _address(place, wanted)) for place in await _find(request, question)]
    return page(request, "places.html", question=question, places=places)


async def _view(request: Request[Any, Any, Any], default: BBox | None) -> dict[str, Any]:
    """What the list shows: the stations of the box that match, how many, and how fresh."""
    query = request.query_params
    wanted = StationFilter.parse(query)
    text = query.get("bbox")
    bbox = BBox.parse(text) if text else default
    if bbox is None:
        raise InvalidInput("bbox must be given: west,south,east,north in degrees")
    pool: AsyncConnectionPool = request.app.state.pool
    after = query.get("after") or None
    async with pool.connection() as connection:
        stations = await list_stations(connection, bbox, wanted, limit=_ROWS, after=after)

    async def count() -> dict[str, int]:
        async with pool.connection() as connection:
            return await count_stations(connection, bbox, wanted)

    async def overview() -> dict[str, Any]:
        async with pool.connection() as connection:
            return await get_overview(connection)

    is_wide = (bbox.east - bbox.west) * (bbox.north - bbox.south) > _WIDE_SQUARE_DEGREES
    counts = _wide_counts if is_wide else _counts
    facts = await _overviews.get(pool, overview)
    here = {"bbox": text} if text else {}
    return {
        "wanted": wanted,
        "bbox": bbox,
        "has_bbox": bool(text),
        "rows": stations.rows,
        "counts": await counts.get((pool, bbox, wanted), count),
        "overview": facts,
        "as_of": facts["seen_at"] and words.clock(facts["seen_at"], None, facts["as_of"]),
        "age": facts["seen_at"] and words.age(facts["as_of"] - facts["seen_at"]),
        "next_query": stations.after
        and _join(urlencode({**here, "after": stations.after}), wanted.query),
        "first_query": _join(urlencode(here), wanted.query) if after else None,
    }


async def _find(request: Request[Any, Any, Any], question: str) -> list[Place]:
    async with request.app.state.pool.connection() as connection:
        return await find_places(connection, question, request.app.state.settings.country)


async def _read_nation(pool: AsyncConnectionPool, country: str) -> BBox:
    async with pool.connection() as connection:
        return await get_nation_bbox(connection, country)


async def _read_operators(pool: AsyncConnectionPool) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        return await list_operators(connection)


def _address(place: Place, wanted: StationFilter) -> str:
    if place.location_id is not None:
        return f"/station/{place.location_id}"
    box = ",".join(f"{degrees:.4f}" for degrees in place.bbox)
    return "/?" + _join(urlencode({"bbox": box}), wanted.query)


def _join(*queries: str) -> str:
    return "&".join(query for query in queries if query)


ROUTES = [show_map, show_list, show_places]
