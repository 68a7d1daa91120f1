"""EVSEs by what their publishers call them, for files that say only that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.identifiers import canonical_evse_id
from nop_registry.store.staging import number_array, text_array


class NamedEvse(NamedTuple):
    """A live EVSE."""

    number: int
    location_number: int
    source_id: int


class HeldStatus(NamedTuple):
    """The newest status heard of an EVSE."""

    status: Status
    claimed_at: datetime
    is_claimed: bool
    """False: nobody said so; it is only that no status has come."""


class EvseNames:
    """Finds EVSEs of a source by public id or uid; if it has none, those of the parties given."""

    def __init__(
        self, connection: Connection, source_id: int, parties: Collection[str] | None
    ) -> None:
        """`parties`: texts such as `IN*ABC` or `FR*`; None: everybody's."""
        self._connection = connection
        self._parties = parties
        self._own = self._read(_OF_SOURCE, {"source": source_id})
        self._others: dict[str, list[NamedEvse]] = {}

    def find(self, names: Iterable[tuple[str, str | None]]) -> list[list[NamedEvse]]:
        """The EVSEs of each public id and uid. One id may be several EVSEs'."""
        asked = [
            [key for key in (canonical_evse_id(evse_id), evse_id.casefold(), uid) if key]
            for evse_id, uid in names
        ]
        known = self._own
        if not known:
            ids = {keys[0] for keys in asked if keys and keys[0] not in self._others}
            whose = None if self._parties is None else text_array(tuple(sorted(self._parties)))
            found = self._read(_OF_PARTIES, {"ids": text_array(tuple(ids)), "parties": whose})
            known = self._others = found
        return [next((known[key] for key in keys if key in known), []) for keys in asked]

    def _read(self, query: str, values: dict[str, object]) -> dict[str, list[NamedEvse]]:
        found: dict[str, list[NamedEvse]] = defaultdict(list)
        for number, location, source, canonical, evse_id, uid in self._connection.execute(
            query, values
        ):
            evse = NamedEvse(number, location, source)
            for key in {canonical, evse_id and evse_id.casefold(), uid} - {None, ""}:
                found[key].append(evse)
        return dict(found)


_NAMED = """
SELECT e.id, e.location_id, l.source_id, e.evse_id_canonical, e.evse_id, e.uid
FROM evse e JOIN location l ON l.id = e.location_id
WHERE e.retired_at IS NULL AND l.retired_at IS NULL"""
_OF_SOURCE = _NAMED + " AND l.source_id = %(source)s"
_OF_PARTIES = (
    _NAMED
    + """
  AND e.evse_id_canonical = ANY(%(ids)s::text[])
  AND (%(parties)s::text[] IS NULL OR l.country_code || '*' || l.party_id = ANY(%(parties)s)
       OR l.country_code || '*' = ANY(%(parties)s))"""
)


def held_statuses(connection: Connection, numbers: Iterable[int]) -> dict[int, HeldStatus]:
    """What was heard last of these EVSEs; those without a status are missing."""
    rows = connection.execute(
        """SELECT evse_id, status::text, claimed_at,
               status <> 'UNKNOWN' OR claimed_at <> received_at
           FROM evse_status WHERE evse_id = ANY(%s::bigint[])""",
        (number_array(numbers),),
    )
    return {row[0]: HeldStatus(Status(row[1]), row[2], row[3]) for row in rows}
