"""Connectors and power of everything that is public: dearer to count than what `site` holds."""

from __future__ import annotations

from typing import Any

from nop_registry.database import AsyncConnection, fetch_one


async def get_connector_totals(connection: AsyncConnection) -> dict[str, Any]:
    """`connectors`, and `power_kw`: sum over EVSEs of their strongest connector, unknown = 0."""
    row = await fetch_one(
        connection,
        """SELECT coalesce(sum(e.connectors), 0) AS connectors,
                   coalesce(sum(e.max_power_w), 0)::float8 / 1000 AS power_kw
            FROM (SELECT e.max_power_w,
                         (SELECT count(*) FROM connector c WHERE c.evse_id = e.id) AS connectors
                  FROM site JOIN evse e ON e.location_id = site.location_id
                  JOIN evse_status n ON n.evse_id = e.id
                  WHERE e.retired_at IS NULL AND n.status <> 'REMOVED') e""",
    )
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return row
