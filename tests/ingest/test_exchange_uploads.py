"""Tables and status publications of other platforms, through the upload door."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from nop_ingest.files import statuses as statuses_of_files
from nop_ingest.files.errand import Errand
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import upload_file
from nop_registry.database import Connection
from nop_registry.store import sources
from nop_registry.store.sources import Source

GOLDEN = Path(__file__).parents[1] / "golden" / "uploads"


@pytest.fixture
def source(connection: Connection) -> Source:
    with connection.transaction():
        return sources.add_source(connection, name="hub", kind="upload", country_code="IN")


def upload(connection: Connection, source: Source, path: Path) -> UploadReport:
    errand = Errand(country="IN", commit=True)
    return upload_file(connection, source, path, path.name, errand)


def statuses(connection: Connection) -> dict[str, str]:
    with connection.transaction():
        return dict(
            connection.execute(
                "SELECT e.uid, s.status::text FROM evse e JOIN evse_status s ON s.evse_id = e.id"
            ).fetchall()
        )


def test_statuses_find_the_points_of_the_table_and_outlast_the_next_one(
    connection: Connection, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DATEX II numbers some points within their station, and a table claims no status."""
    monkeypatch.setattr(statuses_of_files, "OLD", timedelta.max)
    table = GOLDEN / "datex2" / "table.xml"
    upload(connection, source, table)
    report = upload(connection, source, GOLDEN / "datex2" / "statuses.xml")
    expected = {
        "IN*ABC*E11": "CHARGING", "SITE-1-B*0": "OUTOFORDER", "SITE-1-B*1": "UNKNOWN",
    }  # fmt: skip
    assert (report.rows, report.rejected) == (5, 3) and statuses(connection) == expected

    later = tmp_path / "table.xml"
    later.write_text(table.read_text().replace("ABC Charging", "ABC Power"))
    assert upload(connection, source, later).locations.changed == 1
    assert statuses(connection) == expected


@pytest.mark.parametrize(
    ("name", "rows", "rejected", "locations", "evses"),
    [
        ("ocm_json/points.json", 7, 4, 3, 7),
        ("oicp_json/push.json", 5, 1, 2, 4),
        ("oicp_json/open_data.json", 5, 3, 1, 2),
        ("datex2/table.xml", 5, 2, 1, 3),
        ("datex2/prices.xml", 10, 0, 1, 10),
    ],
)
def test_a_file_of_another_platform_comes_in(
    name: str, rows: int, rejected: int, locations: int, evses: int,
    connection: Connection, source: Source,
) -> None:  # fmt: skip
    report = upload(connection, source, GOLDEN / name)

    assert (report.state, report.rows, report.rejected) == ("committed", rows, rejected)
    assert (report.locations.new, report.evses.new) == (locations, evses)
    assert report.accepted + report.flagged + report.rejected == report.rows


def test_prices_of_datex_ii_are_published_where_they_are_plain_and_no_other_is_free(
    connection: Connection, source: Source
) -> None:
    report = upload(connection, source, GOLDEN / "datex2" / "prices.xml")
    assert (report.tariffs.new, report.findings_by_code["prices-not-read"]) == (4, 4)
    with connection.transaction():
        prices = connection.execute(
            """SELECT e.uid, t.document->'elements'->0->'price_components'->0->>'price'
               FROM evse e JOIN connector c ON c.evse_id = e.id
               LEFT JOIN tariff t ON t.id = ANY(c.tariff_numbers) ORDER BY 1"""
        ).fetchall()
    assert [price for _, price in prices] == [
        "0.59", "0.59", "3.00", "0", None, None, None, None, None, "5.00",
    ]  # fmt: skip
