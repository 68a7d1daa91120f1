"""What monitoring asks: is the database there and current, and how is the data doing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nop_registry.database import AsyncConnection, fetch_all, fetch_one

_VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"


def newest_revision() -> str:
    """The schema's revision that this code was written for (its newest migration)."""
    return max(path.name.split("_")[0] for path in _VERSIONS.glob("[0-9]*_*.py"))


async def find_revision(connection: AsyncConnection) -> str | None:
    """The schema's revision in the database; None when it was never migrated."""
    row = await fetch_one(
        connection, "SELECT to_regclass('alembic_version') IS NOT NULL AS is_there"
    )
    if not row or not row["is_there"]:
        return None
    row = await fetch_one(connection, "SELECT version_num FROM alembic_version")
    return row["version_num"] if row else None


async def list_deliveries_by_state(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Deliveries kept, by source, module, mode and state."""
    return await fetch_all(
        connection,
        """SELECT s.name AS source, d.module, d.mode, d.state, count(*) AS n
           FROM delivery d JOIN source s ON s.id = d.source_id
           GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
    )


async def list_findings_by_code(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Findings that stand now, by outcome, severity and code."""
    return await fetch_all(
        connection,
        """SELECT outcome, severity, code, count(*) AS n FROM finding
           GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    )


async def list_freshness(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Per source: seconds since its newest complete pull (None: never), and whether it is stale."""
    return await fetch_all(
        connection,
        """SELECT name AS source, extract(epoch FROM now() - seen_at)::float8 AS age_s, is_stale,
               failures, state FROM source_now ORDER BY name""",
    )


async def count_evses_by_state(connection: AsyncConnection) -> dict[str, int]:
    """Public EVSEs by what a driver sees. From the one map cell level that holds everything."""
    row = await fetch_one(
        connection,
        """SELECT coalesce(sum(n_available), 0)::bigint AS available,
               coalesce(sum(n_busy), 0)::bigint AS busy, coalesce(sum(n_out), 0)::bigint AS out,
               coalesce(sum(n_unknown), 0)::bigint AS unknown,
               coalesce(sum(n_planned), 0)::bigint AS planned FROM tile_cell WHERE z = 0""",
    )
    return row or {}


async def get_change_lag(connection: AsyncConnection) -> dict[str, float]:
    """Seconds since the oldest change that is not yet visible to followers, and per follower."""
    row = await fetch_one(
        connection,
        """SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8 AS age_s FROM change
           WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())""",
    )
    followers = await fetch_all(
        connection,
        """SELECT f.name, coalesce((SELECT extract(epoch FROM now() - c.at) FROM change c
                WHERE (c.xid, c.seq) > (f.xid, f.seq) ORDER BY c.xid, c.seq LIMIT 1), 0)::float8
                AS age_s
           FROM follower f ORDER BY f.name""",
    )
    return {"horizon": row["age_s"] if row else 0.0} | {f["name"]: f["age_s"] for f in followers}
