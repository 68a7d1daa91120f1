"""How the platform is doing: sources, their last contact, and what is in the registry."""

from __future__ import annotations

from typing import Any

from nop_registry.database import AsyncConnection, fetch_all, fetch_one


async def list_sources(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Every source with its health and its newest delivery of locations."""
    return await fetch_all(
        connection,
        """SELECT s.name, s.kind, s.country_code, s.simulated, s.state, s.state_reason,
               s.versions_url, s.seen_at, s.is_stale, s.last_success_at, s.last_full_at,
               s.last_error_at, s.last_error, s.failures, d.mode AS last_mode,
               d.state AS last_delivery_state, d.finished_at AS last_delivery_at,
               (SELECT count(*) FROM location l
                 WHERE l.source_id = s.id AND l.retired_at IS NULL) AS locations
           FROM source_now s
           LEFT JOIN LATERAL (SELECT mode, state, finished_at FROM delivery
               WHERE source_id = s.id AND module <> 'tariffs'
               ORDER BY started_at DESC LIMIT 1) d ON true
           ORDER BY s.name""",
    )


async def get_totals(connection: AsyncConnection) -> dict[str, Any]:
    """Counts of what is public now, as of the database's clock."""
    row = await fetch_one(
        connection,
        """SELECT now() AS as_of, count(*) AS locations, coalesce(sum(n_evse), 0) AS evses,
               coalesce(sum(n_available), 0) AS available, coalesce(sum(n_busy), 0) AS busy,
               coalesce(sum(n_out), 0) AS out, coalesce(sum(n_unknown), 0) AS unknown,
               coalesce(sum(n_planned), 0) AS planned,
               (SELECT count(*) FROM tariff WHERE retired_at IS NULL) AS tariffs
           FROM site_now""",
    )
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return row
