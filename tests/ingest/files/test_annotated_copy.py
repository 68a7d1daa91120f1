"""Upload → bad rows → annotated copy → mended → all in."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import python_calamine

from nop_ingest.files.annotated_copy import Kind, annotated_copy
from nop_ingest.files.errand import Errand
from nop_ingest.reading.annotation_columns import ANNOTATION_COLUMNS
from nop_ingest.upload_report import RowFinding, UploadReport
from nop_ingest.uploads import upload_file
from nop_registry.database import Connection
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput
from nop_registry.store import sources
from nop_registry.store.sources import Source

HEADER = "country_code;party_id;location_id;lat;lon;evse_uid;connector_id;standard;address\n"
ROWS = (
    "IN;ABC;L1;28.611;77.211;E1;1;CHADEMO;=1+1 Road\n"
    "\n"
    "IN;ABC;L2;north;77.212;E2;1;CHADEMO;-33.86\n"
    "IN;ABC;L3;28.613;-77,213;E3;1;CHADEMO;'s-Hertogenbosch\n"
)


@pytest.fixture
def source(connection: Connection) -> Source:
    with connection.transaction():
        return sources.add_source(connection, name="files", kind="upload", country_code="IN")


def take(
    connection: Connection, source: Source, path: Path, commit: bool = True
) -> tuple[UploadReport, list[RowFinding]]:
    kept: list[RowFinding] = []
    errand = Errand(country="IN", commit=commit)
    report = upload_file(connection, source, path, path.name, errand, keep_findings=kept.extend)
    return report, kept


def copy(path: Path, findings: list[RowFinding], kind: Kind | None = None) -> bytes:
    file, _ = annotated_copy(path, path.name, findings, kind)
    with file:
        return file.read()


def addresses(connection: Connection) -> dict[str, Any]:
    with connection.transaction():
        return dict(connection.execute("SELECT ocpi_id, address FROM location").fetchall())


def test_a_mended_copy_is_taken_as_if_it_were_the_file_itself(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    first, findings = take(connection, source, path)
    copied = copy(path, findings).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(copied, newline=""), delimiter=";"))
    mended = tmp_path / "a (checked).csv"
    mended.write_text(copied.replace("north", "28.612"), encoding="utf-8-sig")
    second, _ = take(connection, source, mended)

    assert (first.rows, first.rejected) == (3, 1)
    assert rows[0][-3:] == list(ANNOTATION_COLUMNS)
    assert [r[2] for r in rows[1:]] == ["L1", "L2", "L3"]
    assert rows[1][8] == "'=1+1 Road" and rows[2][8] == "-33.86" and rows[3][4] == "-77,213"
    assert "lat" in rows[2][-2] and rows[2][-3] == "look at this" and rows[2][-1]
    assert (second.rows, second.rejected, second.locations.new) == (3, 0, 1)
    assert not [f for f in second.findings if "nop:" in f.column or f.code.startswith("column")]
    assert second.locations.unchanged == 2  # the mark before a formula was taken back
    assert addresses(connection) == {
        "L1": "=1+1 Road", "L2": "-33.86", "L3": "'s-Hertogenbosch",
    }  # fmt: skip


def test_a_workbook_is_copied_as_a_workbook_and_mended_in_it(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    text, book = tmp_path / "a.csv", tmp_path / "a.xlsx"
    text.write_text(HEADER + ROWS, encoding="utf-8")
    _, findings = take(connection, source, text, commit=False)
    book.write_bytes(copy(text, findings, "xlsx"))
    report, found = take(connection, source, book, commit=False)
    again = copy(book, found)
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(again)).get_sheet_by_index(0)
    header, *rows = sheet.to_python()

    assert (report.format, report.rows, report.rejected) == ("nop_xlsx", 3, 1)
    assert header[-3:] == list(ANNOTATION_COLUMNS)
    assert [r[8] for r in rows] == ["=1+1 Road", -33.86, "'s-Hertogenbosch"]  # no formulas
    assert rows[1][-3] == "look at this"


def test_what_is_no_table_cannot_be_copied_and_says_what_there_is_instead(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    finding = RowFinding(1, "lat", "x", "code", Severity.ERROR, "wrong: mend it")

    with pytest.raises(InvalidInput):
        copy(path, [finding])
