"""Names that parties give themselves: learnt late, they reach the stations stored before (DM-5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.store.emissions import emit_anew
from nop_registry.store.jobs import defer_job
from nop_registry.store.operators import write_operators
from nop_registry.store.peers import Peer
from nop_registry.store.site_documents import refresh_documents

TASK = "party_name"
_BATCH = 1000


@contextmanager
def renaming(
    connection: Connection, peer: Peer, parties: Collection[tuple[str, str]]
) -> Iterator[None]:
    """Around what may change these parties' names or standing: the worker then shows the new ones.

    A job in this transaction, not the work itself: a party may have very many stations.
    """
    before = _names(connection, peer, parties)
    yield
    for country_code, party_id, _ in sorted(before ^ _names(connection, peer, parties)):
        defer_job(
            connection, TASK, lock=f"{TASK}:{country_code}{party_id}",
            country_code=country_code, party_id=party_id,
        )  # fmt: skip


def show_name(connection: Connection, country_code: str, party_id: str) -> int:
    """Write anew the operator shown of the stations that may bear this party's name; how many.

    Commits by itself, batch by batch.
    """
    _let_writers_end(connection)
    with connection.transaction():
        rows = connection.execute(
            _MAY_BEAR_IT, {"country": country_code, "party": party_id}
        ).fetchall()
    count = 0
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        with connection.transaction():
            for source_id in sorted({source_id for _, source_id in batch}):
                # As store_statuses: pulls and pushes of this source write before this or after.
                connection.execute("SELECT pg_advisory_xact_lock(7306, %s)", (source_id,))
            renamed = write_operators(connection, [number for number, _ in batch])
            refresh_documents(connection, renamed)
            emit_anew(connection, renamed)
            announce(connection, renamed)
        count += len(renamed)
    return count


def _let_writers_end(connection: Connection) -> None:
    """Stations that are being stored now, as what was known before, are seen by what follows."""
    with connection.transaction():
        sources = connection.execute("SELECT id FROM source ORDER BY id").fetchall()
    for (source_id,) in sources:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(7306, %s)", (source_id,))


def _names(
    connection: Connection, peer: Peer, parties: Collection[tuple[str, str]]
) -> set[tuple[str, str, str]]:
    rows = connection.execute(
        """SELECT country_code, party_id, name FROM peer_party
           WHERE peer_id = %s AND state = 'agreed' AND name IS NOT NULL
             AND country_code || party_id = ANY(%s)""",
        (peer.id, sorted({country + party for country, party in parties})),
    )
    return set(rows.fetchall())


_MAY_BEAR_IT = """
SELECT t.location_id, t.source_id FROM site t JOIN location l ON l.id = t.location_id
WHERE l.operator_name IS NULL AND ((l.country_code, l.party_id) = (%(country)s, %(party)s)
   OR EXISTS (SELECT FROM evse e WHERE e.location_id = l.id
              AND left(e.evse_id_canonical, 5) = %(country)s || %(party)s))
ORDER BY t.source_id, t.location_id"""
