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
