"""Map cells with counts for the low zooms, kept by following the change log.

A cell is numbered column * 32768 + row in the grid of its zoom; the leaf cells are those of zoom
11, and each level halves the numbers. Every level is counted from the one below it, so a change
costs eleven small statements whatever the size of the nation.
"""

from __future__ import annotations

from collections.abc import Iterable

from nop_registry.changes import BATCH, NEXT_CHANGES, NOW, Cursor, conflate
from nop_registry.database import Connection

FOLLOWER = "tiles"
LEAF_ZOOM = 11


def roll_up(connection: Connection) -> int:
    """Recount the cells that changes have touched since the last call; returns how many leaf cells.

    Only one caller works at a time; others return 0 at once. The first call builds all cells.
    """
    with connection.transaction():
        if not _is_mine(connection):
            return 0
        cursor = _find_cursor(connection)
        if cursor is None:
            return _rebuild(connection)
        connection.execute(_ANNOUNCE_FLIPPED_SOURCES)
        rows = connection.execute(
            NEXT_CHANGES, {"xid": str(cursor.xid), "seq": cursor.seq, "limit": BATCH}
        ).fetchall()
        changes = conflate(cursor, rows)
        if changes.cursor == cursor:
            return 0
        touched = connection.execute(
            "SELECT DISTINCT cell FROM site WHERE location_id = ANY(%s::bigint[])",
            (list(changes.location_ids),),
        ).fetchall()
        cells = changes.cells.union(row[0] for row in touched)
        _recount(connection, cells)
        _save_cursor(connection, changes.cursor)
        return len(cells)


def rebuild(connection: Connection) -> int:
    """Count every cell anew; returns how many leaf cells. Waits for a running `roll_up`."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('nop tiles'))")
        return _rebuild(connection)


def _is_mine(connection: Connection) -> bool:
    row = connection.execute("SELECT pg_try_advisory_xact_lock(hashtext('nop tiles'))").fetchone()
    return bool(row and row[0])


def _find_cursor(connection: Connection) -> Cursor | None:
    row = connection.execute(
        "SELECT xid::text::bigint, seq FROM follower WHERE name = %s", (FOLLOWER,)
    ).fetchone()
    return Cursor(*row) if row else None


def _save_cursor(connection: Connection, cursor: Cursor) -> None:
    connection.execute(
        """INSERT INTO follower (name, xid, seq) VALUES (%s, %s::text::xid8, %s)
           ON CONFLICT (name) DO UPDATE SET xid = excluded.xid, seq = excluded.seq""",
        (FOLLOWER, str(cursor.xid), cursor.seq),
    )


def _rebuild(connection: Connection) -> int:
    # The cursor is taken before the sites are read: what changes between counts twice.
    row = connection.execute(NOW).fetchone()
    connection.execute(
        """UPDATE source s SET shown_stale = n.is_stale FROM source_now n
           WHERE n.id = s.id AND s.shown_stale <> n.is_stale"""
    )
    cells = connection.execute(
        """SELECT cell FROM site UNION
           SELECT (x * 16 + (i & 15)) * 32768 + y * 16 + (i >> 4) FROM tile_cell WHERE z = %s""",
        (LEAF_ZOOM,),
    ).fetchall()
    _recount(connection, [cell for (cell,) in cells])
    _save_cursor(connection, Cursor(row[0] if row else 0, 0))
    return len(cells)


def _recount(connection: Connection, cells: Iterable[int]) -> None:
    touched = sorted(set(cells))
    if not touched:
        return
    connection.execute(_COUNT_LEAVES, {"cells": touched, "z": LEAF_ZOOM})
    for z in range(LEAF_ZOOM - 1, -1, -1):
        touched = sorted({cell >> 16 << 15 | (cell & 32767) >> 1 for cell in touched})
        connection.execute(_COUNT_PARENTS, {"cells": touched, "z": z})


# A source that fell silent, or speaks again, changes what is shown of all its locations.
_ANNOUNCE_FLIPPED_SOURCES = """
WITH flipped AS (
    UPDATE source SET shown_stale = due.is_stale
    FROM (SELECT s.id, n.is_stale FROM source s JOIN source_now n ON n.id = s.id
          WHERE s.shown_stale <> n.is_stale FOR UPDATE OF s SKIP LOCKED) due
    WHERE source.id = due.id RETURNING source.id)
INSERT INTO change (location_ids)
SELECT array_agg(t.location_id) FROM site t JOIN flipped ON flipped.id = t.source_id
HAVING count(*) > 0"""

_COUNTED = ("n_location", "n_evse", "n_available", "n_busy", "n_out", "n_unknown", "n_planned")
_SUMMED = (*_COUNTED, "sum_x", "sum_y")
_COLUMNS = (*_SUMMED, "location_id")


def _count(parts: str) -> str:
    """The statement that recounts the given cells from their parts, and drops empty ones."""
    return f"""
WITH touched AS (
    SELECT cell, cell >> 15 AS col, cell & 32767 AS row FROM unnest(%(cells)s::int[]) AS cell),
part AS ({parts}),
fresh AS (
    SELECT t.cell, t.col >> 4 AS x, t.row >> 4 AS y, ((t.row & 15) << 4) | (t.col & 15) AS i,
        {", ".join(f"sum(p.{name}) AS {name}" for name in _SUMMED)},
        min(p.location_id) AS location_id
    FROM touched t JOIN part p ON p.cell = t.cell GROUP BY t.cell, t.col, t.row),
gone AS (
    DELETE FROM tile_cell c USING touched t
    WHERE c.z = %(z)s AND c.x = t.col >> 4 AND c.y = t.row >> 4
      AND c.i = ((t.row & 15) << 4) | (t.col & 15)
      AND t.cell NOT IN (SELECT cell FROM fresh))
INSERT INTO tile_cell AS c (z, x, y, i, {", ".join(_COLUMNS)})
SELECT %(z)s, x, y, i, {", ".join(_COLUMNS)} FROM fresh
ON CONFLICT (z, x, y, i) DO UPDATE SET {", ".join(f"{n} = excluded.{n}" for n in _COLUMNS)}
WHERE ({", ".join(f"c.{n}" for n in _COLUMNS)})
   IS DISTINCT FROM ({", ".join(f"excluded.{n}" for n in _COLUMNS)})"""  # noqa: S608 - constants


# Whole metres: their sums are exact in any order, so an unchanged cell is not written again.
_COUNT_LEAVES = _count("""
    SELECT t.cell, 1 AS n_location, s.n_evse, s.n_available, s.n_busy, s.n_out, s.n_unknown,
        s.n_planned, round(ST_X(s.geom)) AS sum_x, round(ST_Y(s.geom)) AS sum_y, s.location_id
    FROM touched t JOIN site_now s ON s.cell = t.cell""")

_COUNT_PARENTS = _count(f"""
    SELECT t.cell, {", ".join(f"c.{name}" for name in _COLUMNS)}
    FROM touched t
    CROSS JOIN (VALUES (0, 0), (0, 1), (1, 0), (1, 1)) AS child (right_, down)
    CROSS JOIN LATERAL (SELECT 2 * t.col + right_ AS col, 2 * t.row + down AS row) k
    JOIN tile_cell c ON c.z = %(z)s + 1 AND c.x = k.col >> 4 AND c.y = k.row >> 4
        AND c.i = ((k.row & 15) << 4) | (k.col & 15)""")  # noqa: S608 - constants
