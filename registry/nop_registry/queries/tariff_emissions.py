"""The list of tariffs that OCPI consumers are told, by last_updated as emitted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from nop_registry.consumers import Scope
from nop_registry.database import Connection
from nop_registry.queries.emissions import REAL, Place, Window, place_conditions


class TariffListing(NamedTuple):
    """A tariff on the list."""

    number: int
    listed_at: datetime
    last_updated: datetime
    withdrawn_at: datetime | None
    matching: int | None = None
    """How many match in all, where finding these told it."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.listed_at, self.number)


# 2.1.1 cannot say from when a tariff is valid: it is listed while it is, changed when that began.
_TARIFF_AT = """greatest(coalesce(t.emitted_at, t.last_updated, t.received_at), t.retired_at,
    CASE WHEN %(dated)s AND (t.document->>'start_date_time')::timestamptz <= now()
         THEN (t.document->>'start_date_time')::timestamptz END)"""
_TARIFFS = f"""
FROM tariff t
WHERE (t.retired_at IS NULL OR t.retired_at > now() - %(kept)s)
  AND (%(from)s::timestamptz IS NULL OR {_TARIFF_AT} >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR {_TARIFF_AT} < %(to)s)"""


class TariffChoice(NamedTuple):
    """Which tariffs are listed."""

    scope: Scope
    window: Window
    kept: timedelta
    """How long a withdrawn one is told as ended."""
    dated: bool
    """The beginning of its validity counts as a change."""


def list_tariffs(
    connection: Connection, choice: TariffChoice, *, after: Place | None, offset: int, limit: int
) -> list[TariffListing]:
    """The next `limit` tariffs after a place, or from an offset, oldest first."""
    where, values = _tariff_conditions(choice)
    if after is not None:
        where += " AND (t.first_seen_at, t.id) > (%(after_at)s, %(after_id)s::bigint)"
        values |= {"after_at": after.listed_at, "after_id": after.number}
    rows = connection.execute(
        f"""SELECT t.id, t.first_seen_at, {_TARIFF_AT}, t.retired_at,
                   CASE WHEN %(counted)s THEN count(*) OVER () END {_TARIFFS} {where}
            ORDER BY t.first_seen_at, t.id OFFSET %(offset)s LIMIT %(limit)s""",
        values | {"offset": offset, "limit": limit, "counted": after is None},
    ).fetchall()
    return [TariffListing(*row) for row in rows]


def count_tariffs(connection: Connection, choice: TariffChoice) -> int:
    """How many tariffs match; for once a crawl."""
    where, values = _tariff_conditions(choice)
    row = connection.execute(
        f"SELECT count(*) {_TARIFFS} {where}",
        values,
    ).fetchone()
    return int(row[0]) if row else 0


def _tariff_conditions(choice: TariffChoice) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {
        "kept": choice.kept,
        "dated": choice.dated,
        "from": choice.window.date_from,
        "to": choice.window.date_to,
    }
    if choice.scope.restricts_place:  # the prices of those who have a place there
        where, more = place_conditions(choice.scope, None)
        return (
            f""" AND (t.source_id, t.country_code, t.party_id) IN (
                SELECT e.source_id, e.country_code, e.party_id FROM location_emission e
                WHERE {where})""",  # noqa: S608 - constants
            values | more,
        )
    real = "" if choice.scope.simulated else f" AND t.source_id {REAL}"
    if choice.scope.parties:
        values["parties"] = list(choice.scope.parties)
        return f"{real} AND t.country_code || '-' || t.party_id = ANY(%(parties)s)", values
    return real, values
