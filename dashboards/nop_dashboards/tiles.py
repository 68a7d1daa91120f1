"""Vector tiles over HTTP: `/tiles/locations/{z}/{x}/{y}.mvt`."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.params import FromPath

from nop_dashboards.answers import ANSWERS
from nop_dashboards.brief_cache import BriefCache
from nop_registry.access import Action
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.geo import TileAddress
from nop_registry.queries.matching import StationFilter
from nop_registry.queries.tiles import get_tile

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
CACHE_CONTROL = "public, max-age=5"

_KEPT_S = 3.0  # the roll-up comes once a second; a tile is at most this much older
_COSTLY_KEPT_S = 10.0  # a filter over a nation is counted from its stations
_COSTLY_ZOOM = 8
_KEPT_TILES = 2000
_ADDRESS = re.compile(r"(0|[1-9][0-9]?)/(0|[1-9][0-9]{0,5})/(0|[1-9][0-9]{0,5})\.mvt")


class Tile(NamedTuple):
    """A tile as it is sent; no bytes: nothing is there."""

    packed: bytes
    etag: str


_tiles: BriefCache[Tile] = BriefCache(_KEPT_S, _KEPT_TILES)
_costly_tiles: BriefCache[Tile] = BriefCache(_COSTLY_KEPT_S, _KEPT_TILES)


def parse_address(text: str) -> TileAddress:
    """Read `z/x/y.mvt`. Raises NotFound for any other spelling and for tiles that are not made."""
    found = _ADDRESS.fullmatch(text)  # ASCII digits without leading zeros: one address a tile
    try:
        if not found:
            raise InvalidInput("not an address")
        return TileAddress(*(int(part) for part in found.groups())).checked()
    except InvalidInput:
        raise NotFound("There is no such tile.") from None


@get(
    "/tiles/locations/{z:str}/{x:str}/{name:str}",
    exception_handlers=ANSWERS,
    action=Action.READ_PUBLIC,
)
async def serve_tile(
    request: Request[Any, Any, Any], z: FromPath[str], x: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """One tile. Filters as on the map page; other words after `?` are ignored.

    204 when empty, 304 when the reader already has it, 404 for what is no tile.
    """
    address = parse_address(f"{z}/{x}/{name}")
    wanted = StationFilter.parse(request.query_params)
    pool = request.app.state.pool

    async def make() -> Tile:
        async with pool.connection() as connection:
            return pack(await get_tile(connection, address, wanted))

    # The pool belongs to the key: two applications in one process do not share their tiles.
    is_costly = wanted != StationFilter() and address.z <= _COSTLY_ZOOM
    tile = await (_costly_tiles if is_costly else _tiles).get((pool, address, wanted), make)
    return answer(tile, request.headers)


def pack(body: bytes) -> Tile:
    """Compress once for all readers."""
    if not body:
        return Tile(b"", "")
    digest = blake2b(body, digest_size=8).hexdigest()
    return Tile(gzip.compress(body, 6, mtime=0), f'W/"{digest}"')


def answer(tile: Tile, headers: Mapping[str, str]) -> Response[bytes]:
    """The tile, or only its validators when the reader has it."""
    sent = {"Cache-Control": CACHE_CONTROL, "Vary": "Accept-Encoding"}
    if not tile.packed:
        return Response(b"", status_code=204, headers=sent)
    sent["ETag"] = tile.etag
    if headers.get("if-none-match") == tile.etag:
        return Response(b"", status_code=304, headers=sent)
    if "gzip" in headers.get("accept-encoding", ""):
        sent["Content-Encoding"] = "gzip"
        return Response(tile.packed, media_type=MEDIA_TYPE, headers=sent)
    return Response(gzip.decompress(tile.packed), media_type=MEDIA_TYPE, headers=sent)


ROUTES = [serve_tile]
