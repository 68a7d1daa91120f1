"""The same 500 stations through five formats end in the same registry, field by field.

tests/same_stations.py tells which fields some format cannot hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from same_stations import (
    Fields,
    as_csv,
    as_datex2,
    as_geojson,
    as_ocpi,
    as_xlsx,
    stations,
)

from nop_ingest.files.errand import Errand
from nop_ingest.uploads import upload_file
from nop_registry.database import Connection
from nop_registry.store import sources

COUNT = 500
FORMATS: dict[str, tuple[str, Callable[[list[Fields]], bytes]]] = {
    "nop_csv": ("stations.csv", as_csv),
    "nop_xlsx": ("stations.xlsx", as_xlsx),
    "nop_geojson": ("stations.geojson", as_geojson),
    "ocpi_json": ("locations.json", as_ocpi),
    "datex2": ("table.xml", as_datex2),
}
# Every column but the registry's own numbers, hashes of them, and clocks: each source has its own.
REGISTRY = """
SELECT l.party_id || ' ' || l.ocpi_id,
       to_jsonb(l) - '{id,source_id,content_hash,first_seen_at,received_at}'::text[],
       (SELECT jsonb_agg((to_jsonb(e) - '{id,location_id,content_hash}'::text[])
                   || jsonb_build_object('status', s.status, 'connectors', (
                       SELECT jsonb_agg(to_jsonb(c) - 'evse_id' ORDER BY c.position)
                       FROM connector c WHERE c.evse_id = e.id))
               ORDER BY e.position)
        FROM evse e LEFT JOIN evse_status s ON s.evse_id = e.id WHERE e.location_id = l.id)
FROM location l WHERE l.source_id = %s ORDER BY 1
"""
"""Name, Location, its EVSEs with their connectors."""


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Every field in which two values differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from differences(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}[{place}]")
    elif one != other:
        yield f"{path}: {one!r} is {other!r}"


@pytest.fixture(scope="module")
def same() -> list[Fields]:
    return stations(COUNT)


def test_the_same_stations_end_in_the_same_registry_whatever_the_format(
    connection: Connection, same: list[Fields], tmp_path: Path
) -> None:
    held: dict[str, list[tuple[Any, ...]]] = {}
    for name, (filename, write) in FORMATS.items():
        path = tmp_path / filename
        path.write_bytes(write(same))
        with connection.transaction():
            source = sources.add_source(connection, name=name, kind="upload", country_code="IN")
        errand = Errand(country="IN", commit=True)
        report = upload_file(connection, source, path, filename, errand)
        assert (report.format, report.state, report.rejected) == (name, "committed", 0)
        assert report.locations.new == COUNT
        with connection.transaction():
            held[name] = connection.execute(REGISTRY, (source.id,)).fetchall()

    first, *others = FORMATS
    assert len(held[first]) == COUNT
    _, location, evses = held[first][3]
    assert location["name"] == "Station 6 & Sons" and location["city"] == "Kochi, Fort"
    assert [e["uid"] for e in evses] == ["LOC-0006-0", "LOC-0006-1", "LOC-0006-2"]
    for other in others:
        told = [
            f"{other}: {expected[0]}{difference}"
            for expected, found in zip(held[first], held[other], strict=True)
            for difference in differences(list(expected), list(found))
        ]
        assert told == []
