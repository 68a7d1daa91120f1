"""Which statuses a word of their source carries, and which lapse.

A complete pull confirms all that it did not change. Any other word is about some EVSEs, and of the
others it tells only that their source lives:

- a push carries them as long as the source has not been silent for its time-to-live: OCPI pushes
  changes, so an unbroken contact without one means "as before". After a silence nobody knows what
  was lost in it;
- so does a file, but only those that were confirmed less than a time-to-live before it: a file
  lists what it knows, so what files keep leaving out is known to nobody.

What is not carried lapses (`evse_status.lapsed_at`): it is UNKNOWN, whatever is heard of its
source, until it is heard of itself or a complete pull lists it. It is written with the word that
passes it by, so the counters of the map need no clock of their own below the source's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.store.sites import recount_sites


def note_push(connection: Connection, source_id: int) -> None:
    """An operator speaks by itself; call it before what it says is stored.

    Of a source that is pulled it is the pulls that confirm: a push counts only where they fell
    silent. The caller is the one who writes statuses of this source (lock_statuses).
    """
    row = connection.execute(_NOTE_PUSH, (source_id,)).fetchone()
    if row and row[0]:
        _lapse(connection, _OF_SOURCE, source=source_id, before=row[1])


def note_statuses_of_file(connection: Connection, source_id: int, as_of: datetime) -> None:
    """A file is about to tell of EVSEs of this source what was true `as_of`.

    If the source was silent, only what is said holds. The first statuses of a source of files are
    no fresher for its having been in contact before, with files without statuses.
    """
    lock_statuses(connection, source_id)
    values = {"source": source_id, "as_of": as_of}
    connection.execute(_DATE_FIRST_WORD, values)
    row = connection.execute(
        f"SELECT {_BEFORE} FROM source WHERE id = %(source)s AND seen_at < {_BEFORE}",  # noqa: S608 - constants
        values,
    ).fetchone()
    if row:
        _lapse(connection, _OF_SOURCE, source=source_id, before=row[0])


def note_end_of_file(connection: Connection, sources: Sequence[int], as_of: datetime) -> None:
    """A file has told of EVSEs of these sources what was true `as_of`: it carries others, or not.

    Where a source is pulled the pulls confirm, unless they fell silent.
    """
    for source_id in sorted(sources):
        lock_statuses(connection, source_id)
        row = connection.execute(_NOTE_FILE, {"source": source_id, "as_of": as_of}).fetchone()
        if row:
            _lapse(connection, _OF_SOURCE, source=source_id, before=row[0])


def note_pull(connection: Connection, source_id: int) -> None:
    """A complete pull: what had lapsed holds again, unless the pull changed it."""
    lock_statuses(connection, source_id)
    _recount(connection, connection.execute(_REVIVE_ALL, (source_id,)).fetchall())


def revive(connection: Connection, claims: dict[str, Any]) -> None:
    """These claims are about to be applied: what had lapsed of them is heard of again.

    `claims`: evses, at, received, fresh and source as in store.statuses.
    """
    if connection.execute(_ANY_LAPSED, claims).fetchone() is not None:
        _recount(connection, connection.execute(_REVIVE, claims).fetchall())


def renew(connection: Connection, claims: dict[str, Any]) -> None:
    """A file says again what is held of these: it is as fresh as the file.

    Not written each time, but before it would lapse.
    """
    connection.execute(_RENEW, claims)


def lapse_old(connection: Connection, claims: dict[str, Any]) -> None:
    """These claims of a file are applied; where they are old and their source lives, they lapse.

    Nobody has confirmed them since, though others of the source are.
    """
    row = connection.execute(
        """SELECT now() - status_ttl_s * interval '1 second' FROM source
           WHERE id = %(source)s AND seen_at >= now() - status_ttl_s * interval '1 second'
             AND %(as_of)s < now() - status_ttl_s * interval '1 second'""",
        claims,
    ).fetchone()
    if row:
        _lapse(connection, _OF_THESE, **claims, before=row[0])


def find_outdated(
    connection: Connection, source_ids: Collection[int], as_of: datetime
) -> dict[int, timedelta]:
    """Those of the sources whose statuses `as_of` are too old to be live; how long each is believed
    for."""
    rows = connection.execute(
        """SELECT id, status_ttl_s * interval '1 second' FROM source
           WHERE id = ANY(%s) AND %s < now() - status_ttl_s * interval '1 second'""",
        (list(source_ids), as_of),
    )
    return dict(rows.fetchall())


def lock_statuses(connection: Connection, source_id: int) -> None:
    """Be the one who writes statuses of this source until the transaction ends; waits for it."""
    connection.execute("SELECT pg_advisory_xact_lock(7306, %s)", (source_id,))


def _lapse(connection: Connection, which: str, **values: Any) -> None:
    # Seconds for hundreds of thousands, once a silence: cut off, it would only be begun anew.
    connection.execute("SET LOCAL statement_timeout = 0")
    rows = connection.execute(_LAPSE.format(which=which), values).fetchall()
    _recount(connection, rows)


def _recount(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """What is shown of these EVSEs, as (evse, location), has changed."""
    if rows:
        locations = sorted({location for _, location in rows})
        recount_sites(connection, locations)
        announce(connection, locations, [evse for evse, _ in rows])


# Seconds, not each push: the source's row would be written as often as all its EVSEs together.
_NOTE_PUSH = """
UPDATE source s SET seen_at = now(),
    recovered_at = CASE WHEN known.silent AND s.seen_at IS NOT NULL THEN now()
                        ELSE s.recovered_at END
FROM (SELECT id, now() - ttl AS before, coalesce(seen_at < now() - ttl, true) AS silent,
             versions_url IS NULL AND module_urls = '{}' AS only_pushes
      FROM source, LATERAL (SELECT status_ttl_s * interval '1 second' AS ttl) t
      WHERE id = %s) known
WHERE s.id = known.id
  AND (known.silent OR known.only_pushes AND s.seen_at < now() - interval '5 seconds')
RETURNING known.silent, known.before"""

_BEFORE = "%(as_of)s - status_ttl_s * interval '1 second'"
_NOTE_FILE = f"""
UPDATE source SET seen_at = greatest(seen_at, %(as_of)s),
    recovered_at = CASE WHEN seen_at < now() - status_ttl_s * interval '1 second'
                         AND %(as_of)s >= now() - status_ttl_s * interval '1 second'
                        THEN now() ELSE recovered_at END
WHERE id = %(source)s AND (kind = 'upload' OR coalesce(seen_at < {_BEFORE}, true))
RETURNING {_BEFORE}"""  # noqa: S608 - constants

_DATE_FIRST_WORD = """
UPDATE source s SET seen_at = %(as_of)s
WHERE id = %(source)s AND kind = 'upload' AND seen_at > %(as_of)s AND NOT EXISTS (
    SELECT FROM evse_status e JOIN location l ON l.id = e.location_id
    WHERE l.source_id = s.id AND e.status <> 'UNKNOWN')"""

_OWN_WORD = "coalesce(s.fresh_at, s.received_at)"
_OF_SOURCE = "s.location_id IN (SELECT id FROM location WHERE source_id = %(source)s)"
_OF_THESE = "s.evse_id = ANY(%(evses)s::bigint[]) AND s.fresh_at = %(as_of)s"
# What is UNKNOWN has nothing to lose; what is planned or removed does not age.
_LAPSE = f"""
UPDATE evse_status s SET lapsed_at = now()
WHERE {{which}} AND s.lapsed_at IS NULL AND {_OWN_WORD} < %(before)s
  AND s.status NOT IN ('UNKNOWN', 'PLANNED', 'REMOVED')
RETURNING s.evse_id, s.location_id"""  # noqa: S608 - constants

# `received_at`: consumers were told UNKNOWN since, and discard what is older (queries.emissions).
_REVIVE_ALL = """
UPDATE evse_status s SET lapsed_at = NULL, received_at = now(), fresh_at = NULL
WHERE s.source_id = %s AND s.lapsed_at IS NOT NULL RETURNING s.evse_id, s.location_id"""

# Each EVSE looked up by its number: a source may have lapsed whole since the last statistics.
_ANY_LAPSED = """
SELECT FROM evse_status WHERE source_id = %(source)s AND lapsed_at IS NOT NULL LIMIT 1"""
_REVIVE = """
UPDATE evse_status s SET lapsed_at = NULL, received_at = %(received)s, fresh_at = %(fresh)s
FROM unnest(%(evses)s::bigint[], %(at)s::timestamptz[]) AS i (evse_id, at),
LATERAL (SELECT lapsed_at, claimed_at FROM evse_status WHERE evse_id = i.evse_id OFFSET 0) held
WHERE s.evse_id = i.evse_id AND held.lapsed_at IS NOT NULL AND i.at >= held.claimed_at
RETURNING s.evse_id, s.location_id"""

_RENEW = f"""
UPDATE evse_status s SET fresh_at = %(as_of)s
FROM unnest(%(evses)s::bigint[], %(statuses)s::ocpi_status[], %(at)s::timestamptz[])
         AS i (evse_id, status, at), source
WHERE s.evse_id = i.evse_id AND s.status = i.status AND s.claimed_at = i.at
  AND s.status NOT IN ('UNKNOWN', 'PLANNED', 'REMOVED') AND source.id = %(source)s
  AND {_OWN_WORD} < %(as_of)s - status_ttl_s * interval '0.5 seconds'
  AND %(as_of)s >= now() - status_ttl_s * interval '1 second'"""  # noqa: S608 - constants
