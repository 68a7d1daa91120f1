"""Parties that a peer delivers though nobody agreed on them: kept in mind for a person (PU-11)."""

from __future__ import annotations

from collections.abc import Mapping

from nop_registry.database import Connection
from nop_registry.store.peers import Peer


def note_quarantined(connection: Connection, peer: Peer, objects: Mapping[str, int]) -> None:
    """Put parties in quarantine, or count on. `objects`: how many were refused by party, `IN*ABC`.

    A party that a person has agreed on meanwhile stays agreed on.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO peer_party AS p
                   (peer_id, country_code, party_id, state, seen_objects)
               VALUES (%s, %s, %s, 'quarantined', %s)
               ON CONFLICT (peer_id, country_code, party_id)
               DO UPDATE SET seen_objects = p.seen_objects + excluded.seen_objects""",
            [(peer.id, *party.split("*"), count) for party, count in sorted(objects.items())],
        )


def count_quarantined(
    connection: Connection, peer: Peer, objects: Mapping[str, int], *, whole: bool
) -> None:
    """The same after a pull, which lists the same objects each time: they are not added up.

    `whole`: it listed everything, so that its numbers are the truth; else the larger ones stand.
    """
    with connection.cursor() as cursor:
        if whole:
            cursor.execute(
                """UPDATE peer_party SET seen_objects = 0
                   WHERE peer_id = %s AND seen_objects > 0
                     AND country_code || '*' || party_id <> ALL(%s)""",
                (peer.id, list(objects)),
            )
        cursor.executemany(
            """INSERT INTO peer_party AS p
                   (peer_id, country_code, party_id, state, seen_objects)
               VALUES (%s, %s, %s, 'quarantined', %s)
               ON CONFLICT (peer_id, country_code, party_id)
               DO UPDATE SET seen_objects = excluded.seen_objects
               WHERE p.seen_objects < excluded.seen_objects
                  OR (%s AND p.seen_objects > excluded.seen_objects)""",
            [(peer.id, *party.split("*"), n, whole) for party, n in sorted(objects.items())],
        )
