"""The operator that is shown of a location: one rule for every door (ocpi.md RT-7, DM-5).

Its name as published; else the name that its party gives itself in its credentials; else the party
that all its EVSE-IDs begin with, by that party's own name if it is known; else the party's id.
What was published stays as it is in `location`; what is shown stands in `site.operator_name`.
"""

from __future__ import annotations

from collections.abc import Sequence

from nop_registry.database import Connection
from nop_registry.store.staging import number_array


def _name_of(country: str, party: str) -> str:
    """SQL: what a party says it is called, its own connection first. Only agreed parties count."""
    return f"""(SELECT named.name FROM peer_party named JOIN peer ON peer.id = named.peer_id
        WHERE named.state = 'agreed' AND named.name IS NOT NULL
          AND named.country_code = {country} AND named.party_id = {party}
        ORDER BY peer.source_id IS NOT DISTINCT FROM l.source_id DESC,
                 named.role IS NOT DISTINCT FROM 'CPO' DESC, named.peer_id LIMIT 1)"""  # noqa: S608 - our own column names


# The first five characters of a canonical EVSE-ID are country and party.
OPERATOR_SHOWN = f"""coalesce(l.operator_name, {_name_of("l.country_code", "l.party_id")},
    (SELECT coalesce({_name_of("left(prefix, 2)", "right(prefix, 3)")},
                     left(prefix, 2) || '-' || right(prefix, 3))
     FROM (SELECT min(left(e.evse_id_canonical, 5)) AS prefix FROM evse e
           WHERE e.location_id = l.id AND e.retired_at IS NULL
           HAVING min(left(e.evse_id_canonical, 5)) = max(left(e.evse_id_canonical, 5))) ids),
    l.country_code || '-' || l.party_id)"""  # noqa: S608 - constants
"""SQL: the name shown of `location l`, never NULL."""


def write_operators(connection: Connection, locations: Sequence[int]) -> list[int]:
    """Write the operator shown of these public locations anew; returns those where it changed."""
    rows = connection.execute(
        f"""UPDATE site t SET operator_name = fresh.name
            FROM (SELECT held.location_id, {OPERATOR_SHOWN} AS name
                  FROM (SELECT location_id FROM site WHERE location_id = ANY(%s::bigint[])
                        ORDER BY location_id FOR NO KEY UPDATE) held
                  JOIN location l ON l.id = held.location_id) fresh
            WHERE t.location_id = fresh.location_id
              AND t.operator_name IS DISTINCT FROM fresh.name
            RETURNING t.location_id""",  # noqa: S608 - constants
        (number_array(locations),),
    )
    return sorted(number for (number,) in rows)
