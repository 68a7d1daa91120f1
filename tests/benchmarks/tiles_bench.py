"""Tiles of the nation: ours against all points of each tile straight from the table of stations."""

from __future__ import annotations

import asyncio
import gzip
import statistics
import time
from collections.abc import Awaitable, Callable

from nop_registry.database import AsyncConnection
from nop_registry.geo import TileAddress
from nop_registry.queries.tiles import get_tile

ZOOMS = range(4, 17)
TILES_A_ZOOM = 12
ROUNDS = 3

# What pg_tileserv or martin make of a table by default.
PLAIN = """
SELECT ST_AsMVT(f, 'locations', 4096, 'geom', 'id') FROM (
    SELECT location_id AS id, ST_AsMVTGeom(geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) AS geom,
        n_evse, n_available, max_power_w, operator_name
    FROM site WHERE geom && ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) f"""

# Where people look: from the nation down to stations drawn at random, the same number of tiles
# at each zoom.
PICK = """
SELECT DISTINCT cell >> 15 AS col, cell & 32767 AS row
FROM (SELECT cell FROM site ORDER BY md5(location_id::text) LIMIT %(n)s) drawn"""

Tile = Callable[[AsyncConnection, TileAddress], Awaitable[bytes]]


def run(database_url: str) -> dict[str, float]:
    """Mean milliseconds of a tile over a mix of zoom 4 to 16, and the heaviest tile in bytes."""
    return asyncio.run(_measure(database_url))


async def _measure(database_url: str) -> dict[str, float]:
    async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("SET jit = off")
        tiles = await _mix(connection)
        ours, plain, heaviest = [], [], 0
        for _ in range(ROUNDS):  # interleaved: a busy minute slows both alike
            for tile in tiles:
                took, body = await _timed(connection, tile, get_tile)
                ours.append(took)
                heaviest = max(heaviest, len(gzip.compress(body, 6)))
                plain.append((await _timed(connection, tile, _plain))[0])
    return {
        "tiles": len(tiles),
        "ours_ms": round(statistics.mean(ours), 3),
        "plain_points_ms": round(statistics.mean(plain), 3),
        "times_faster": round(sum(plain) / sum(ours), 1),
        "heaviest_gzipped_bytes": heaviest,
    }


async def _mix(connection: AsyncConnection) -> list[TileAddress]:
    rows = await (await connection.execute(PICK, {"n": TILES_A_ZOOM})).fetchall()
    found = []
    for z in ZOOMS:
        for column, row in rows:
            shift = 15 - z
            x, y = (column >> shift, row >> shift) if shift >= 0 else (column * 2, row * 2)
            found.append(TileAddress(z, x, y))
    return found


async def _timed(connection: AsyncConnection, tile: TileAddress, make: Tile) -> tuple[float, bytes]:
    begin = time.perf_counter()
    body = await make(connection, tile)
    return (time.perf_counter() - begin) * 1000, body


async def _plain(connection: AsyncConnection, tile: TileAddress) -> bytes:
    cursor = await connection.execute(PLAIN, tile._asdict(), binary=True)
    row = await cursor.fetchone()
    return bytes(row[0]) if row else b""
