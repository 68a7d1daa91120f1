"""What a complete full pull no longer lists: missing after one, retired after two, held if many.

`architecture.md` §4.5, PU-4: vanished ≠ REMOVED ≠ feed broken.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.store.deliveries import Delivery

MAX_SHARE = 0.20  # of a source's objects …
MAX_COUNT = 10  # … and more than this many: a person must look


class Absence(NamedTuple):
    """The outcome of comparing a complete full pull with what is held."""

    known: int
    missing: int
    """Not listed this time."""
    retired: list[int]
    """Numbers retired now: absent twice in a row, or in a removal that a person has approved."""
    held: bool
    """Too many are missing: nothing was retired, a person must look."""
    unsure: bool
    """Nothing was retired, since what came without an id may be what is missing."""
    turned: list[int]
    """Locations that went missing now or came back: their search rows follow."""


def needs_a_person(known: int, missing: int) -> bool:
    """Whether so much is missing that somebody must look before it is retired."""
    return (missing > MAX_COUNT and missing > MAX_SHARE * known) or missing == known > 0


def settle_absences(
    connection: Connection,
    delivery: Delivery,
    kind: ObjectKind,
    *,
    approved: bool,
    at: datetime,
    nameless: int = 0,
) -> Absence:
    """Compare with the delivery's pages; mark the missing, retire those absent twice.

    `approved`: a person has accepted a mass removal of this source; one is then retired at once,
    since the approval holds for one delivery and the absence was seen before it was given.
    An object that was listed but refused counts as listed. `nameless`: how many came of which
    nobody can say which ones they are; with any, absences are no proof, so the statuses of what is
    missing are unknown, but nothing is counted against it. Only for pulls that provably arrived
    whole.
    """
    parameters = {
        "delivery": delivery.id,
        "source": delivery.source_id,
        "kind": kind.value,
        "at": at,
    }
    connection.execute("DROP TABLE IF EXISTS pg_temp.absent")  # of another kind, before
    connection.execute(_ABSENT, parameters)
    known, missing = connection.execute(
        """SELECT count(*), (SELECT count(*) FROM absent) FROM source_object
           WHERE source_id = %(source)s AND kind = %(kind)s""",
        parameters,
    ).fetchone() or (0, 0)
    too_many = needs_a_person(known, missing)
    turned: list[int] = []
    if kind is ObjectKind.LOCATION:
        # Even if held: nobody has confirmed the status of what is not listed.
        for statement in (_LISTED_AGAIN, _NOT_LISTED):
            turned += [number for (number,) in connection.execute(statement, parameters)]
    unsure = nameless > 0 and missing > 0
    if too_many and (unsure or not approved):  # an approval waits for a delivery that is sure
        return Absence(known, missing, [], held=True, unsure=unsure, turned=turned)
    connection.execute(_RETURNED, parameters)
    if unsure:
        return Absence(known, missing, [], held=False, unsure=True, turned=turned)
    connection.execute(_MARK, parameters)
    parameters["times"] = 1 if too_many else 2
    retired = [n for (n,) in connection.execute(_RETIRE[kind], parameters)]
    # Forgotten as "sent": should it come back, it is taken anew and revived with its history.
    connection.execute("DELETE FROM source_object WHERE id = ANY(%s)", (retired,))
    return Absence(known, missing, retired, held=False, unsure=False, turned=turned)


def retire_objects(
    connection: Connection, delivery: Delivery, kind: ObjectKind, numbers: list[int], at: datetime
) -> list[int]:
    """Retire these objects; returns those that were live. They are forgotten as "sent".

    Search rows follow (store.sites), and for tariffs what consumers are told (store.emissions).
    """
    parameters = {"delivery": delivery.id, "at": at, "numbers": numbers}
    retired = [n for (n,) in connection.execute(_RETIRE_THESE[kind], parameters)]
    connection.execute("DELETE FROM source_object WHERE id = ANY(%s)", (numbers,))
    return retired


# NOT IN is hashed even where a table is too new for statistics; an anti-join was a nested loop.
_ABSENT = """
CREATE TEMP TABLE absent ON COMMIT DROP AS
SELECT o.id FROM source_object o
WHERE o.source_id = %(source)s AND o.kind = %(kind)s AND o.id NOT IN (
    SELECT unnest(seen) FROM delivery_page WHERE delivery_id = %(delivery)s)"""

_RETURNED = """
UPDATE source_object o SET missing_pulls = 0
WHERE o.source_id = %(source)s AND o.kind = %(kind)s AND o.missing_pulls > 0
  AND o.id NOT IN (SELECT id FROM absent)"""

_MARK = """
UPDATE source_object o SET missing_pulls = missing_pulls + 1 FROM absent a WHERE o.id = a.id"""

_LISTED_AGAIN = """
UPDATE location l SET missing_since = NULL
WHERE l.source_id = %(source)s AND l.missing_since IS NOT NULL AND l.retired_at IS NULL
  AND l.id NOT IN (SELECT id FROM absent)
  AND NOT EXISTS (SELECT FROM peer JOIN peer_party p ON p.peer_id = peer.id
      WHERE peer.source_id = l.source_id AND p.connection IN ('OFFLINE', 'SUSPENDED')
        AND (p.country_code, p.party_id) = (l.country_code, l.party_id))
RETURNING l.id"""

_NOT_LISTED = """
UPDATE location l SET missing_since = %(at)s FROM absent a
WHERE l.id = a.id AND l.missing_since IS NULL AND l.retired_at IS NULL
RETURNING l.id"""

_TWICE_ABSENT = """
SELECT o.id FROM source_object o JOIN absent a USING (id) WHERE o.missing_pulls >= %(times)s"""
_RETIRE_GONE = {
    ObjectKind.LOCATION: """
retired AS (
    UPDATE location l SET retired_at = %(at)s, version = version + 1 FROM gone
    WHERE l.id = gone.id AND l.retired_at IS NULL RETURNING l.id, l.version
), silenced AS (
    DELETE FROM evse_status s USING retired r WHERE s.location_id = r.id RETURNING s.evse_id
), events AS (
    INSERT INTO status_event (evse_id, status, changed_at, received_at)
    SELECT evse_id, 'REMOVED', %(at)s, %(at)s FROM silenced
), history AS (
    INSERT INTO object_version (object_id, version, kind, delivery_id, valid_from, event)
    SELECT id, version, 'location', %(delivery)s, %(at)s, 'retired' FROM retired
)""",
    ObjectKind.TARIFF: """
retired AS (
    UPDATE tariff t SET retired_at = %(at)s, version = version + 1 FROM gone
    WHERE t.id = gone.id AND t.retired_at IS NULL RETURNING t.id, t.version
), history AS (
    INSERT INTO object_version (object_id, version, kind, delivery_id, valid_from, event)
    SELECT id, version, 'tariff', %(delivery)s, %(at)s, 'retired' FROM retired
)""",
}
_RETIRE = {
    kind: f"WITH gone AS ({_TWICE_ABSENT}), {act} SELECT id FROM gone"  # noqa: S608 - constants
    for kind, act in _RETIRE_GONE.items()
}
_RETIRE_THESE = {
    kind: f"WITH gone AS (SELECT unnest(%(numbers)s::bigint[]) AS id), {act} SELECT id FROM retired"  # noqa: S608 - our own statements
    for kind, act in _RETIRE_GONE.items()
}


def restore_missing(
    connection: Connection, source_id: int, missing: list[int], at: datetime
) -> list[int]:
    """Of this source these Locations are missing and no others; returns those that turned."""
    values = {"source": source_id, "missing": missing, "at": at}
    connection.execute(_MISSING_PULLS, values)
    return [number for (number,) in connection.execute(_MISSING_SINCE, values)]


_MISSING_PULLS = """
UPDATE source_object SET missing_pulls = (id = ANY(%(missing)s))::int
WHERE source_id = %(source)s AND missing_pulls <> (id = ANY(%(missing)s))::int"""

_MISSING_SINCE = """
UPDATE location SET missing_since = CASE WHEN id = ANY(%(missing)s) THEN %(at)s END
WHERE source_id = %(source)s AND retired_at IS NULL
  AND (missing_since IS NOT NULL) <> (id = ANY(%(missing)s))
RETURNING id"""
