"""Rows of locations and what belongs to them, many at a time, for callers that build objects.

Only public rows: locations with a search row, EVSEs that live.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nop_registry.database import AsyncConnection, fetch_all, fetch_one
from nop_registry.identifiers import canonical_evse_id
from nop_registry.queries.location_documents import BEST_EVSE, ONE_LOCATION
from nop_registry.shapes.public import LIVE_EVSE

Rows = list[dict[str, Any]]

_EVSE_COLUMNS = "e.*, n.last_known_status, n.changed_at, n.last_seen_at, n.is_stale, n.status"


async def list_locations(connection: AsyncConnection, ids: Sequence[int]) -> Rows:
    """Columns of `location`, with the source's `simulated`, the strongest connector's power and the
    `operator_shown`."""
    return await fetch_all(
        connection,
        f"""SELECT l.*, site.max_power_w, site.operator_name AS operator_shown, src.simulated
            {ONE_LOCATION}
            JOIN source src ON src.id = l.source_id WHERE l.id = ANY(%(ids)s)""",
        {"ids": list(ids)},
    )


async def list_availability(connection: AsyncConnection, ids: Sequence[int]) -> Rows:
    """Counters of site_now by location."""
    return await fetch_all(
        connection,
        """SELECT location_id, n_evse, n_available, n_busy, n_out, n_unknown, n_planned
           FROM site_now WHERE location_id = ANY(%(ids)s)""",
        {"ids": list(ids)},
    )


async def list_public_sources(
    connection: AsyncConnection, ids: Sequence[int] | None = None
) -> Rows:
    """Sources (all, or these) with what the public may know of their health, by name."""
    return await fetch_all(
        connection,
        """SELECT id, name, state, simulated, is_stale, last_success_at, seen_at FROM source_now
           WHERE %(ids)s::int[] IS NULL OR id = ANY(%(ids)s) ORDER BY name""",
        {"ids": None if ids is None else list(ids)},
    )


async def list_evses(connection: AsyncConnection, location_ids: Sequence[int]) -> Rows:
    """EVSEs of these locations with their status, in the publisher's order."""
    return await fetch_all(
        connection,
        f"""SELECT {_EVSE_COLUMNS} FROM evse e JOIN evse_status_now n ON n.evse_id = e.id
            WHERE e.location_id = ANY(%(ids)s) AND {LIVE_EVSE}
            ORDER BY e.location_id, e.position""",  # noqa: S608 - constants
        {"ids": list(location_ids)},
    )


async def find_evse(connection: AsyncConnection, evse_id: str) -> dict[str, Any] | None:
    """The EVSE of this public id in any spelling; of several the one heard of last."""
    canonical = canonical_evse_id(evse_id)
    if canonical is None:
        return None
    return await fetch_one(
        connection,
        f"SELECT {_EVSE_COLUMNS} {BEST_EVSE}",
        {"canonical": canonical},
    )


async def count_same_ids(connection: AsyncConnection, canonical_ids: Sequence[str]) -> Rows:
    """How many public EVSEs carry each of these ids."""
    return await fetch_all(
        connection,
        f"""SELECT e.evse_id_canonical, count(*) AS n FROM evse e
            JOIN evse_status_now n ON n.evse_id = e.id
            JOIN site ON site.location_id = e.location_id
            WHERE e.evse_id_canonical = ANY(%(ids)s) AND {LIVE_EVSE} GROUP BY 1""",  # noqa: S608 - constants
        {"ids": list(canonical_ids)},
    )


async def list_connectors(connection: AsyncConnection, evse_ids: Sequence[int]) -> Rows:
    """Connectors of these EVSEs, in the publisher's order."""
    return await fetch_all(
        connection,
        """SELECT * FROM connector WHERE evse_id = ANY(%(ids)s) ORDER BY evse_id, position""",
        {"ids": list(evse_ids)},
    )


async def list_tariffs(connection: AsyncConnection, ids: Sequence[int]) -> Rows:
    """Tariffs that are not withdrawn."""
    return await fetch_all(
        connection,
        "SELECT * FROM tariff WHERE id = ANY(%(ids)s) AND retired_at IS NULL",
        {"ids": list(ids)},
    )
