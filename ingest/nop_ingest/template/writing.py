"""Records written as our own formats, so that what is read back is equal.

Tables hold what has a column; JSON holds everything. What the platform computed is left out: it
would come back as an operator's claim.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from nop_ingest.formats.nop.cell_words import cell_of
from nop_ingest.formats.nop.connector_rows import PRICE, columns
from nop_ingest.formats.nop.nop_json import MARK
from nop_ingest.formats.nop.whole_locations import without_ours
from nop_ingest.reading.simple_price import values_of
from nop_registry.records import LocationRecord, Record, TariffRecord

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def rows_of(
    locations: Iterable[LocationRecord], tariffs: Iterable[TariffRecord] = ()
) -> Iterator[dict[str, Any]]:
    """One row per connector: the values by column name, without those that are None.

    A connector's tariff is in its price columns when it is the only one and they can say it.
    """
    known = {(t.country_code, t.party_id, t.id.casefold()): values_of(t) for t in tariffs}
    for location in map(without_ours, locations):
        for evse in location.evses:
            for connector in evse.connectors:
                levels = {"location": location, "evse": evse, "connector": connector}
                row = {
                    column.name: value
                    for column in columns()
                    if column.level != PRICE
                    and (value := _value(levels[column.level], column.field)) not in (None, ())
                }
                if len(connector.tariff_ids) == 1:
                    name = connector.tariff_ids[0].casefold()
                    row |= known.get((location.country_code, location.party_id, name)) or {}
                yield row


def write_csv(locations: Iterable[LocationRecord], tariffs: Iterable[TariffRecord] = ()) -> bytes:
    """The CSV template filled in: UTF-8 with BOM, so that spreadsheets see it."""
    out = io.StringIO()
    names = [column.name for column in columns()]
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows_of(locations, tariffs):
        writer.writerow([cell_of(row.get(name)) for name in names])
    return out.getvalue().encode("utf-8-sig")


def write_geojson(
    locations: Iterable[LocationRecord], tariffs: Iterable[TariffRecord] = ()
) -> bytes:
    """A FeatureCollection: one Feature per connector, its columns as properties."""
    features = []
    for row in rows_of(locations, tariffs):
        lat, lon = row.pop("lat"), row.pop("lon")
        geometry = {"type": "Point", "coordinates": [lon, lat]}
        properties = {name: _property(value) for name, value in row.items()}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return _pretty({"type": "FeatureCollection", "features": features})


def write_json(
    locations: Iterable[LocationRecord] = (), tariffs: Iterable[TariffRecord] = ()
) -> bytes:
    """Our own JSON: every field of every record. An empty list of a kind is left out."""
    document: dict[str, Any] = {"format": MARK}
    if told := list(map(without_ours, locations)):
        document["locations"] = told
    if prices := list(tariffs):
        document["tariffs"] = prices
    return _pretty(document)


def _value(record: Record, field: str) -> Any:
    value: Any = record
    for name in field.split("."):
        value = getattr(value, name, None)
    return value


def _property(value: Any) -> Any:
    """Numbers, flags and lists of words stay what they are; the rest is text as in a cell."""
    if isinstance(value, tuple) and all(isinstance(part, str) for part in value):
        return value
    return value if isinstance(value, bool | int | float | Decimal) else cell_of(value)


def _pretty(document: dict[str, Any]) -> bytes:
    return msgspec.json.format(_encode.encode(document), indent=2) + b"\n"
