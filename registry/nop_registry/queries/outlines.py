"""Outlines of areas as SVG paths, for a map that needs no script."""

from __future__ import annotations

from typing import Any

from nop_registry.database import AsyncConnection, fetch_all


async def list_outlines(
    connection: AsyncConnection, country: str, parent: str | None = None
) -> list[dict[str, Any]]:
    """Outlines of the states of a country (alpha-2), or of the districts of the state `parent`.

    Columns: code, name, official, origin, on_map, path, width, height. The path is SVG path data,
    Web Mercator, y down, in a frame (width, height) whose longer side is 1000 units. Far islands
    do not shrink a nation's map: its frame is the largest land mass and what is near it; areas
    outside have on_map false.
    """
    return await fetch_all(
        connection,
        _OUTLINES,
        {"country": country, "level": 1 if parent is None else 2, "parent": parent},
    )


_OUTLINES = """
WITH picked AS (
    SELECT a.code, a.name, a.official, a.origin, ST_Transform(a.geom, 3857) AS geom
    FROM area a LEFT JOIN area s ON s.id = a.parent_id
    WHERE a.country_code = %(country)s AND a.level = %(level)s
      AND (%(parent)s::text IS NULL OR s.code = %(parent)s)),
mainland AS (
    SELECT ST_Expand(part.geom, 0.25 * greatest(ST_XMax(part.geom) - ST_XMin(part.geom),
                                                ST_YMax(part.geom) - ST_YMin(part.geom))) AS box
    FROM area n, ST_Dump(ST_Transform(n.geom, 3857)) part
    WHERE n.country_code = %(country)s AND n.level = 0 AND %(level)s = 1
    ORDER BY ST_Area(part.geom) DESC LIMIT 1),
extent AS (
    SELECT ST_Extent(part.geom) AS box
    FROM picked, ST_Dump(picked.geom) part
    WHERE NOT EXISTS (SELECT FROM mainland) OR part.geom && (SELECT box FROM mainland)),
frame AS (
    SELECT box, 1000 / greatest(ST_XMax(box) - ST_XMin(box), ST_YMax(box) - ST_YMin(box)) AS scale
    FROM extent WHERE box IS NOT NULL)
SELECT p.code, p.name, p.official, p.origin, p.geom && f.box::geometry AS on_map,
    ST_AsSVG(ST_Affine(ST_SimplifyPreserveTopology(p.geom, 0.6 / f.scale), f.scale, 0, 0, f.scale,
        -ST_XMin(f.box) * f.scale, -ST_YMax(f.box) * f.scale), 1, 1) AS path,
    ((ST_XMax(f.box) - ST_XMin(f.box)) * f.scale)::int AS width,
    ((ST_YMax(f.box) - ST_YMin(f.box)) * f.scale)::int AS height
FROM picked p, frame f ORDER BY p.name"""
