"""Our own template as GeoJSON (RFC 7946): points with the columns of our table as properties.

One Feature is one connector, as one row of the table is: that is what a GIS exports. A Feature
whose properties have a list `evses` is a whole Location, with the fields of our JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from nop_ingest.formats.nop.connector_rows import NAMING, UNSAID_BY_HAND, column_of_path
from nop_ingest.formats.nop.record_reader import Unusable, read_value
from nop_ingest.formats.nop.row_reader import CellRow, cell_row, check_columns, fold, parse_rows
from nop_ingest.formats.nop.whole_locations import parse_location
from nop_ingest.reading.json_items import JsonItem
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.tables import BadCell
from nop_ingest.reading.upload_format import Parsed, UploadFormat
from nop_registry.errors import InvalidInput

_LOOKED_AT = 20
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


def sniff(file: ReceivedFile) -> bool:
    """By the properties of its first Feature."""
    for item in islice(file.json_items() if file.is_json else (), _LOOKED_AT):
        if item.listed and item.list_name in ("", "features"):
            properties = _properties(_feature(item))
            return set(map(fold, properties)) >= NAMING or _is_location(properties)
    return False


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """Raises InvalidInput for other coordinates than WGS 84."""
    names: dict[str, None] = {}
    wholes = False
    for item in _items(file):
        feature = _feature(item)
        if _is_location(_properties(feature)):
            wholes = True
        else:
            names |= dict.fromkeys(map(fold, _properties(feature)))
    if names:
        yield from check_columns(list(names | dict.fromkeys(("lat", "lon"))))
        yield from parse_rows(lambda: _rows(file))
    told: set[str] = set()
    if wholes:
        for item in _items(file):
            feature = _feature(item)
            if _is_location(_properties(feature)):
                value = (_point(feature) or {}) | _properties(feature)
                yield from parse_location(item.number, item.raw(), value, told)


def _items(file: ReceivedFile) -> Iterator[JsonItem]:
    for item in file.json_items():
        if item.listed and item.list_name in ("", "features"):
            yield item
        elif item.list_name == "crs" and not any(name in item.text for name in _WGS84):
            raise InvalidInput(
                "the coordinates are not WGS 84: export again with EPSG:4326 (GeoJSON has no other)"
            )


def _rows(file: ReceivedFile) -> Iterator[CellRow]:
    for item in _items(file):
        feature = _feature(item)
        if not _is_location(_properties(feature)):
            yield _row(item.number, feature)


def _feature(item: JsonItem) -> Any:
    try:
        return read_value(item.text)
    except Unusable:
        return None


def _properties(feature: Any) -> dict[str, Any]:
    found = feature.get("properties") if isinstance(feature, dict) else None
    return found if isinstance(found, dict) else {}


def _is_location(properties: dict[str, Any]) -> bool:
    return isinstance(properties.get("evses"), list)


def _point(feature: Any) -> dict[str, object] | None:
    """`lat` and `lon` of a Point; None when it is another shape or none."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    match geometry.get("coordinates"):
        case [lon, lat, *_]:
            return {"lat": lat, "lon": lon}
    return None


def _row(number: int, feature: Any) -> CellRow:
    properties, point = _properties(feature), _point(feature)
    if not properties:
        bad = BadCell("row-unreadable", "", str(feature)[:200], "A Feature without properties.")
        return CellRow(number, {}, bad)
    row = cell_row(number, properties, point)
    if point is None and not (row.cells.get("lat") and row.cells.get("lon")):
        message = "Each Feature needs a Point; other shapes are not read."
        return row._replace(bad=BadCell("geometry-unusable", "geometry", "", message))
    return row


FORMAT = UploadFormat(
    name="nop_geojson",
    title="the platform's own GeoJSON template, one Feature per connector",
    sniff=sniff,
    parse=parse,
    in_parts=True,
    columns=column_of_path(),
    lacks=UNSAID_BY_HAND,
)
