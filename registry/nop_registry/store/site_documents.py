"""The prepared document of each public location, derived from location, evse and connector."""

from __future__ import annotations

from collections.abc import Sequence

from nop_registry.database import Connection
from nop_registry.shapes.document import DOCUMENT_SQL, LAYOUT
from nop_registry.store.operators import write_operators

BATCH = 5000


def refresh_documents(connection: Connection, locations: Sequence[int]) -> None:
    """Write the documents of those that have a search row; drop those of the others.

    For whoever wrote these locations, in the same transaction.
    """
    values = {"locations": locations, "layout": LAYOUT}
    connection.execute(_WRITE, values)
    connection.execute(_NAME_VERSION, values)
    connection.execute(_DROP, values)


def list_outdated(connection: Connection) -> list[int]:
    """Public locations whose document is missing or of an older layout, in the order of the disk:
    so a nation is rebuilt without reading each page many times."""
    rows = connection.execute(f"{_OUTDATED} ORDER BY l.ctid", {"layout": LAYOUT}).fetchall()
    return [number for (number,) in rows]


def rebuild_outdated(connection: Connection, locations: Sequence[int]) -> int:
    """Write the documents of those of these that are still outdated; how many.

    So too the operators shown in them: an older program had another rule. Those whose location is
    being written now are left to their writer.
    """
    values = {"layout": LAYOUT, "locations": locations}
    rows = connection.execute(_LOCK_OUTDATED, values).fetchall()
    numbers = [number for (number,) in rows]
    write_operators(connection, numbers)
    refresh_documents(connection, numbers)
    return len(rows)


_TEXTS = ("place", "place_rest", "evses", "evses_rest")
# OFFSET 0: each text is made once, not again for the digest.
_WRITE = f"""
INSERT INTO site_document AS d (location_id, layout, version, {", ".join(_TEXTS)})
SELECT id, %(layout)s, hashtextextended({" || ".join(_TEXTS)}, %(layout)s), {", ".join(_TEXTS)}
FROM ({DOCUMENT_SQL}
WHERE l.id = ANY(%(locations)s)
  AND EXISTS (SELECT FROM site WHERE site.location_id = l.id) OFFSET 0) fresh
ON CONFLICT (location_id) DO UPDATE
SET layout = excluded.layout, version = excluded.version,
    {", ".join(f"{text} = excluded.{text}" for text in _TEXTS)}
WHERE (d.layout, d.version) IS DISTINCT FROM (excluded.layout, excluded.version)"""  # noqa: S608 - constants

_NAME_VERSION = """
UPDATE site SET document_version = d.version FROM site_document d
WHERE site.location_id = ANY(%(locations)s) AND d.location_id = site.location_id
  AND site.document_version IS DISTINCT FROM d.version"""

_DROP = """
DELETE FROM site_document d WHERE d.location_id = ANY(%(locations)s)
  AND NOT EXISTS (SELECT FROM site WHERE site.location_id = d.location_id)"""

_OUTDATED = """
SELECT l.id FROM site JOIN location l ON l.id = site.location_id
LEFT JOIN site_document d
    ON d.location_id = l.id AND d.layout = %(layout)s AND d.version = site.document_version
WHERE d.location_id IS NULL"""

# Locked first and read by the next statement: what is written then is the newest version.
_LOCK_OUTDATED = f"{_OUTDATED} AND l.id = ANY(%(locations)s) FOR SHARE OF l SKIP LOCKED"
