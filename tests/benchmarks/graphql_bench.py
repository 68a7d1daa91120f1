"""A viewport of 100 locations with EVSEs, connectors and status: five ways to the same JSON.

    python tests/benchmarks/graphql_bench.py DATABASE_URL

Ways: what `/graphql` does, when this process has shown these locations before and when it has not;
one statement by hand; our own schema executed field by field, with its resolvers and DataLoaders on
hand-written SQL; and the usual stack, Strawberry with DataLoaders on an ORM (naive_graphql.py). CPU
time of this process and of PostgreSQL's are counted together.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import naive_graphql
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from nop_graphql.execution import GraphQLRequest, answer, execute_plainly
from nop_graphql.loaders import Context, Shared
from nop_registry.database import AsyncConnection, fetch_all, open_pool
from nop_registry.queries.prepared import KEPT

VIEWPORTS = 12
ROUNDS = 5

QUERY = """query Viewport($box: BBox!) { locations(bbox: $box, first: 100) {
  edges { cursor node {
    id name address city coordinates { lat lon } operator { name } lastUpdated
    availability { available total }
    evses { uid evseId physicalReference maxPowerW status
      statusDetail { lastChanged lastSeen isStale }
      connectors { id standard format powerType maxElectricPowerW } } } }
  pageInfo { hasNextPage endCursor } } }"""

_TIME = "to_json({} AT TIME ZONE 'UTC') #>> '{{}}' || 'Z'"
_CURSOR = "encode(convert_to('i:' || {}, 'UTF8'), 'base64')"
HAND_WRITTEN = f"""
WITH page AS MATERIALIZED (
    SELECT location_id, row_number() OVER (ORDER BY location_id) AS place
    FROM site WHERE geom && ST_Transform(ST_MakeEnvelope(
        %(west)s, %(south)s, %(east)s, %(north)s, 4326), 3857)
    ORDER BY location_id LIMIT 101)
SELECT json_build_object('data', json_build_object('locations', json_build_object(
    'edges', (SELECT json_agg(json_build_object(
        'cursor', {_CURSOR.format("l.id")},
        'node', json_build_object(
            'id', l.id::text, 'name', l.name, 'address', l.address, 'city', l.city,
            'coordinates', json_build_object('lat', l.lat, 'lon', l.lon),
            'operator', CASE WHEN l.operator_name IS NOT NULL
                THEN json_build_object('name', l.operator_name) END,
            'lastUpdated', {_TIME.format("l.last_updated")},
            'availability', (SELECT json_build_object('available', n_available, 'total', n_evse)
                FROM site_now s WHERE s.location_id = l.id),
            'evses', (SELECT coalesce(json_agg(json_build_object(
                'uid', e.uid, 'evseId', e.evse_id, 'physicalReference', e.physical_reference,
                'maxPowerW', e.max_power_w, 'status', n.status,
                'statusDetail', json_build_object(
                    'lastChanged', {_TIME.format("n.changed_at")},
                    'lastSeen', {_TIME.format("n.last_seen_at")}, 'isStale', n.is_stale),
                'connectors', (SELECT coalesce(json_agg(json_build_object('id', c.id,
                        'standard', c.standard, 'format', c.format, 'powerType', c.power_type,
                        'maxElectricPowerW', c.max_electric_power_w) ORDER BY c.position), '[]')
                    FROM connector c WHERE c.evse_id = e.id)) ORDER BY e.position), '[]')
                FROM evse e JOIN evse_status_now n ON n.evse_id = e.id
                WHERE e.location_id = l.id AND e.retired_at IS NULL
                  AND n.last_known_status <> 'REMOVED'))) ORDER BY p.place)
        FROM page p JOIN location l ON l.id = p.location_id WHERE p.place <= 100),
    'pageInfo', (SELECT json_build_object('hasNextPage', count(*) > 100,
        'endCursor', {_CURSOR.format("max(location_id) FILTER (WHERE place <= 100)")}) FROM page)
)))::text"""

_BOXES = """
SELECT ST_XMin(box) AS west, ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north
FROM (SELECT ST_Transform(ST_Expand(ST_SetSRID(ST_Extent(near.geom)::geometry, 3857), 10), 4326)
             AS box
      FROM (SELECT location_id, geom FROM site
            WHERE location_id = ANY(%(ids)s)) centre
      CROSS JOIN LATERAL (SELECT geom FROM site ORDER BY site.geom <-> centre.geom LIMIT 100) near
      GROUP BY centre.location_id) boxes"""

Way = Callable[[dict[str, float]], Awaitable[bytes]]
"""From a box to the JSON of what is in it."""


def run(database_url: str) -> dict[str, Any]:
    """CPU milliseconds of each way (medians over viewports), and the ratios promised."""
    return asyncio.run(_run(database_url))


async def _run(database_url: str) -> dict[str, Any]:
    pool = open_pool(database_url, size=4)
    engine = naive_graphql.make_engine(database_url)
    await pool.open()
    try:
        boxes = await _viewports(pool)
        return await _measure(pool, _ways(pool, engine), boxes)
    finally:
        await engine.dispose()
        await pool.close()


async def _viewports(pool: AsyncConnectionPool[AsyncConnection]) -> list[dict[str, float]]:
    """Boxes around the 100 locations nearest to some of the public ones."""
    async with pool.connection() as connection:
        rows = await fetch_all(connection, "SELECT location_id FROM site ORDER BY location_id")
        ids = random.Random(7).sample([row["location_id"] for row in rows], VIEWPORTS)
        return await fetch_all(connection, _BOXES, {"ids": ids})


def _ways(pool: AsyncConnectionPool[AsyncConnection], engine: AsyncEngine) -> dict[str, Way]:
    sessions = async_sessionmaker(engine)

    async def usual(box: dict[str, float]) -> bytes:
        found = await naive_graphql.SCHEMA.execute(
            QUERY, variable_values={"box": box}, context_value=naive_graphql.Loaders(sessions)
        )
        if found.errors:
            raise found.errors[0]
        return json.dumps({"data": found.data}).encode()

    async def ours(box: dict[str, float]) -> bytes:
        return (await answer(_request(box), Context(pool, "IN", Shared()))).body

    async def first(box: dict[str, float]) -> bytes:
        KEPT.clear()
        return await ours(box)

    async def plain(box: dict[str, float]) -> bytes:
        return (await execute_plainly(_request(box), Context(pool, "IN", Shared()))).body

    async def hand(box: dict[str, float]) -> bytes:
        async with pool.connection() as connection:
            cursor = await connection.execute(HAND_WRITTEN, box, prepare=True)
            row = await cursor.fetchone()
            assert row
            return str(row[0]).encode()

    return {
        "ours": ours,
        "ours_first": first,
        "hand_written_sql": hand,
        "our_resolvers": plain,
        "usual_stack": usual,
    }


async def _measure(
    pool: AsyncConnectionPool[AsyncConnection], ways: dict[str, Way], boxes: list[dict[str, float]]
) -> dict[str, Any]:
    for box in boxes:
        answers = [msgspec.json.decode(await way(box)) for way in ways.values()]
        if any(found != answers[0] for found in answers):
            raise RuntimeError("the ways answer differently")
    for _ in range(8):  # until all connections have their plans
        await asyncio.gather(*(way(boxes[0]) for way in ways.values()))
    backends = await _backends(pool)
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):  # way by way: else each starts with the caches that `plain` has left
        for name, way in ways.items():
            gc.collect()  # nor may it pay for another's garbage
            if name == "ours":
                for box in boxes:
                    await way(box)
            for box in boxes:
                spent[name].append(await _cpu_ms(backends, way, box))
    ms = {name: statistics.median(values) for name, values in spent.items()}
    return {
        **{f"{name}_cpu_ms": round(value, 2) for name, value in ms.items()},
        "usual_stack_over_ours": round(ms["usual_stack"] / ms["ours"], 1),
        "our_resolvers_over_ours": round(ms["our_resolvers"] / ms["ours"], 1),
        "our_resolvers_over_ours_first": round(ms["our_resolvers"] / ms["ours_first"], 1),
        "ours_over_hand_written": round(ms["ours"] / ms["hand_written_sql"], 2),
    }


def _request(box: dict[str, float]) -> GraphQLRequest:
    return GraphQLRequest(QUERY, {"box": box})


async def _cpu_ms(backends: list[int], way: Way, box: dict[str, float]) -> float:
    servers, here = _backend_ns(backends), time.process_time_ns()
    await way(box)
    here = time.process_time_ns() - here  # before the servers' are read, which takes time here
    return (_backend_ns(backends) - servers + here) / 1e6


async def _backends(pool: AsyncConnectionPool[AsyncConnection]) -> list[int]:
    async with pool.connection() as connection:
        rows = await fetch_all(
            connection,
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type IN ('client backend', 'parallel worker')",
        )
    return [row["pid"] for row in rows]


def _backend_ns(pids: list[int]) -> int:
    """CPU time of the server's processes; they must run on this machine."""
    total = 0
    for pid in pids:
        schedstat = Path(f"/proc/{pid}/schedstat")
        if schedstat.exists():
            total += int(schedstat.read_text().split()[0])
    return total


if __name__ == "__main__":
    if len(sys.argv) != 2 or not os.path.isdir("/proc/self"):
        sys.exit(__doc__)
    for key, value in run(sys.argv[1]).items():
        print(f"{key:28} {value}")
