"""Our own formats and OCPI JSON, through the whole path of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from same_stations import as_geojson, as_ocpi, stations

from nop_ingest.files.errand import Errand
from nop_ingest.formats.nop.example_rows import LOCATIONS, TARIFFS
from nop_ingest.template.files import TEMPLATES
from nop_ingest.template.writing import write_csv, write_json
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import upload_file
from nop_registry.database import Connection
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import sources
from nop_registry.store.sources import Source

_LINES = "ocpi.ndjson"
JSON_FILES: dict[str, Callable[[], bytes]] = {
    "geo.geojson": lambda: as_geojson(stations(4)),
    "ocpi.json": lambda: as_ocpi(stations(4)),
    _LINES: lambda: b"\n".join(
        map(msgspec.json.encode, msgspec.json.decode(as_ocpi(stations(4)))["data"])
    ),
    "own.json": lambda: write_json([_moved(n) for n in range(4)]),
}
GOLDEN = Path(__file__).parents[1] / "golden" / "uploads"


@pytest.fixture
def source(connection: Connection) -> Source:
    with connection.transaction():
        return sources.add_source(connection, name="files", kind="upload", country_code="IN")


def upload(connection: Connection, source: Source, path: Path, **more: Any) -> UploadReport:
    errand = Errand(country="IN", commit=True, **more)
    return upload_file(connection, source, path, path.name, errand)


def tell(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    with connection.transaction():
        return connection.execute(query).fetchall()


def test_the_same_template_in_four_formats_ends_in_the_same_registry(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    for kind, template in TEMPLATES.items():
        path = tmp_path / f"stations.{kind}"
        path.write_bytes(template.build())
        report = upload(connection, source, path)

        assert (report.state, report.rejected) == ("committed", 0)
        assert report.locations.missing == report.tariffs.missing == 0
        if kind != "csv":
            assert report.evses.new == report.evses.changed == report.evses.missing == 0
    assert tell(connection, "SELECT count(*), max(version) FROM location") == [(2, 1)]


def test_prices_in_a_table_leave_the_tariffs_that_were_made_by_hand(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    by_hand, table = tmp_path / "tariffs.json", tmp_path / "stations.csv"
    named = [TARIFFS[0], *(_renamed(name) for name in ("NIGHT", "DAY", "YEAR"))]
    by_hand.write_bytes(write_json(tariffs=named))
    table.write_bytes(write_csv(LOCATIONS, TARIFFS))

    upload(connection, source, by_hand)
    report = upload(connection, source, table)

    assert (report.state, report.tariffs.missing) == ("committed", 0)
    live = tell(connection, "SELECT ocpi_id FROM tariff WHERE retired_at IS NULL ORDER BY 1")
    assert [name for (name,) in live] == ["DAY", "DC-FAST", "NIGHT", "YEAR"]


def test_a_table_filled_in_well_has_no_remark_on_any_row(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    """That nobody wrote down when each row changed is told once, and is no flaw of a row."""
    table = tmp_path / "stations.csv"
    station = msgspec.structs.replace(LOCATIONS[0], id="MARKET")
    table.write_bytes(write_csv([station], TARIFFS))

    report = upload(connection, source, table)

    assert (report.accepted, report.flagged, report.rejected) == (2, 0, 0), report.findings
    (told,) = report.findings
    assert (told.code, told.row) == ("last-updated-missing", None)


def _renamed(name: str) -> TariffRecord:
    return msgspec.structs.replace(TARIFFS[0], id=name)


def _moved(n: int) -> LocationRecord:
    return msgspec.structs.replace(LOCATIONS[0], id=f"L{n}", lat=LOCATIONS[0].lat + n / 100)


@pytest.mark.parametrize("name", JSON_FILES)
def test_one_object_that_is_no_json_is_one_refused_row(
    name: str, connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / name
    good = JSON_FILES[name]()
    path.write_bytes(good)
    before = upload(connection, source, path)
    damaged = good.replace(b'"city"', b'city"', 2).replace(b'city"', b'"city"', 1)  # of the second
    assert damaged != good
    path.write_bytes(damaged)

    report = upload(connection, source, path)

    assert (before.state, before.rejected, report.state) == ("committed", 0, "committed")
    assert report.rows == before.rows and report.rejected_by_code == {"json-unreadable": 1}
    (found,) = [f for f in report.findings if f.code == "json-unreadable"]
    assert found.row == 2 and "at line" in found.message and "quotation mark" in found.message
    held = tell(connection, "SELECT count(*) FROM evse WHERE retired_at IS NULL")
    assert held == [(before.evses.new,)] and report.evses.missing <= 2
    assert tell(connection, "SELECT count(*) FROM location WHERE retired_at IS NOT NULL") == [(0,)]
    path.write_bytes(good)
    again = upload(connection, source, path)
    assert (again.state, again.rejected, again.locations.missing) == ("committed", 0, 0)


def test_objects_that_name_no_party_are_those_of_the_one_who_sends_them(
    connection: Connection, source: Source
) -> None:
    path = GOLDEN / "ocpi_json" / "list_2_1_1.json"

    report = upload(connection, source, path, parties=frozenset({"IN*ABC"}))

    assert report.rejected == 0, report.findings
    assert tell(connection, "SELECT country_code, party_id FROM location") == [("IN", "ABC")]
    assert tell(connection, "SELECT country_code, party_id FROM tariff") == [("IN", "ABC")]
