"""An operator's stations and tariffs as it has them, published or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.geo import BBox
from nop_registry.records import TariffRecord

_read_tariff = msgspec.json.Decoder(TariffRecord).decode


class OwnStation(msgspec.Struct, frozen=True):
    """A line of the list."""

    id: int
    source: str
    kind: str
    """Of the source: what came by OCPI is changed at its own server."""
    name: str | None
    address: str | None
    city: str | None
    ocpi_id: str
    party: str
    publish: bool
    is_public: bool
    evses: int
    priced: int
    max_power_w: int | None
    errors: int
    warnings: int
    received_at: datetime


_LIST = """
SELECT l.id, s.name AS source, s.kind, l.name, l.address, l.city, l.ocpi_id,
    l.country_code || '*' || l.party_id AS party, l.publish,
    EXISTS (SELECT FROM site t WHERE t.location_id = l.id) AS is_public,
    e.evses, e.priced, e.max_power_w, f.errors, f.warnings, l.received_at
FROM location l JOIN source s ON s.id = l.source_id
CROSS JOIN LATERAL (SELECT count(*) AS evses, max(max_power_w) AS max_power_w,
        count(*) FILTER (WHERE EXISTS (SELECT FROM connector c JOIN tariff t
            ON t.id = ANY(c.tariff_numbers) AND t.retired_at IS NULL
            WHERE c.evse_id = e.id)) AS priced
    FROM evse e WHERE e.location_id = l.id AND e.retired_at IS NULL) e
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE severity = 'ERROR') AS errors,
        count(*) FILTER (WHERE severity = 'WARNING') AS warnings
    FROM finding f WHERE f.object_id = l.id) f
WHERE l.id IN (
    SELECT l.id FROM location l
    WHERE l.source_id = ANY(%(sources)s) AND l.retired_at IS NULL AND l.id > %(after)s
      AND (%(text)s = '' OR l.name ILIKE %(like)s OR l.address ILIKE %(like)s
           OR l.city ILIKE %(like)s OR l.ocpi_id ILIKE %(like)s
           OR EXISTS (SELECT FROM evse e WHERE e.location_id = l.id
                      AND (e.evse_id ILIKE %(like)s OR e.uid ILIKE %(like)s)))
    ORDER BY l.id LIMIT %(limit)s)
ORDER BY l.id"""


def list_stations(
    connection: Connection,
    source_ids: Sequence[int],
    *,
    text: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[OwnStation]:
    """Stations of these sources in the order of their numbers; `text`: a part of name, address,
    town or an id."""
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    with connection.cursor(row_factory=class_row(OwnStation)) as cursor:
        return cursor.execute(
            _LIST,
            {"sources": list(source_ids), "after": after, "text": text, "like": f"%{escaped}%",
             "limit": limit},
        ).fetchall()  # fmt: skip


class Place(NamedTuple):
    """To whom an object belongs."""

    source_id: int
    source: str
    kind: str


def find_place(connection: Connection, table: str, number: int) -> Place | None:
    """The source of a location or tariff that is not retired."""
    row = connection.execute(_PLACE[table], (number,)).fetchone()
    return Place(*row) if row else None


_PLACE = {
    table: f"""SELECT s.id, s.name, s.kind FROM {table} o JOIN source s ON s.id = o.source_id
    WHERE o.id = %s AND o.retired_at IS NULL"""  # noqa: S608 - our own names
    for table in ("location", "tariff")
}


class OwnTariff(NamedTuple):
    """A tariff with what it is used by."""

    id: int
    source: str
    kind: str
    record: TariffRecord
    connectors: int
    received_at: datetime


def list_tariffs(
    connection: Connection, source_ids: Sequence[int], *, number: int | None = None
) -> list[OwnTariff]:
    """Tariffs of these sources by party and id, at most 500; `number`: only that one."""
    rows = connection.execute(
        """WITH used AS (
               SELECT n, count(*) AS connectors FROM location l
               JOIN evse e ON e.location_id = l.id AND e.retired_at IS NULL
               JOIN connector c ON c.evse_id = e.id, unnest(c.tariff_numbers) n
               WHERE l.source_id = ANY(%(sources)s) AND l.retired_at IS NULL
                 AND (%(number)s::bigint IS NULL OR n = %(number)s)
               GROUP BY n
           )
           SELECT t.id, s.name, s.kind, t.document::text, coalesce(u.connectors, 0), t.received_at
           FROM tariff t JOIN source s ON s.id = t.source_id LEFT JOIN used u ON u.n = t.id
           WHERE t.source_id = ANY(%(sources)s) AND t.retired_at IS NULL
             AND (%(number)s::bigint IS NULL OR t.id = %(number)s)
           ORDER BY s.name, t.country_code, t.party_id, t.ocpi_id LIMIT 500""",
        {"sources": list(source_ids), "number": number},
    )
    return [OwnTariff(row[0], row[1], row[2], _read_tariff(row[3]), row[4], row[5]) for row in rows]


def published_extent(connection: Connection, source_id: int) -> BBox | None:
    """Where this source's stations are on the map, with a kilometre around; None: nowhere."""
    row = connection.execute(
        """WITH box AS (
               SELECT ST_Transform(ST_Expand(ST_SetSRID(ST_Extent(geom)::geometry, 3857), 1000),
                   4326) AS geom
               FROM site WHERE source_id = %s
           )
           SELECT ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom) FROM box
           WHERE geom IS NOT NULL""",
        (source_id,),
    ).fetchone()
    return BBox(*(round(degrees, 4) for degrees in row)) if row else None


def usual_time_zone(connection: Connection, source_ids: Sequence[int]) -> str | None:
    """The time zone that most stations of these sources say."""
    row = connection.execute(
        """SELECT mode() WITHIN GROUP (ORDER BY time_zone) FROM location
           WHERE source_id = ANY(%s) AND retired_at IS NULL""",
        (list(source_ids),),
    ).fetchone()
    return row[0] if row else None
