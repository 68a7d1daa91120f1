"""Connectors and power of everything that is public: dearer to count than what `site` holds."""

from __future__ import annotations

from typing import Any

from nop_registry.database import AsyncConnection, fetch_one


async def get_connector_totals(connection: AsyncConnection) -> dict[str, Any]:
    """`connectors`, `power_kw` and `evses_of_unknown_power` of the EVSEs that are in service.

    The power is the sum over EVSEs of their strongest connector, as on the coverage page; None
    where no EVSE says any. Planned and removed EVSEs do not count.
    """
    row = await fetch_one(
        connection,
        """SELECT coalesce(sum(e.connectors), 0) AS connectors,
                   sum(e.max_power_w)::float8 / 1000 AS power_kw,
                   count(*) FILTER (WHERE e.max_power_w IS NULL) AS evses_of_unknown_power
            FROM (SELECT e.max_power_w,
                         (SELECT count(*) FROM connector c WHERE c.evse_id = e.id) AS connectors
                  FROM site JOIN evse e ON e.location_id = site.location_id
                  JOIN evse_status n ON n.evse_id = e.id
                  WHERE e.retired_at IS NULL AND n.status NOT IN ('PLANNED', 'REMOVED')) e""",
    )
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return row
