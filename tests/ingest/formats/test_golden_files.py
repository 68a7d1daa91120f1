"""Golden files: what each format makes of a small file with the quirks of real ones."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from nop_ingest.formats import catalogue
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    ParsedStatus,
    ParsedTariff,
    RefusedRow,
)

GOLDEN = Path(__file__).parents[2] / "golden"
UPLOADS = [
    path for path in sorted(GOLDEN.glob("uploads/*/*")) if not path.name.endswith(".expected.json")
]
OWN = ("nop_", "ocpi_")


def parse(path: Path) -> list[Parsed]:
    file = ReceivedFile(path, path.name)
    return list(catalogue.recognise(file).parse(file))


@pytest.mark.parametrize(
    ("folder", "filename"),
    [("bee_xlsx", "list.xlsx"), ("bee_xlsx", "list.csv"), ("nop_csv", "stations.csv")],
)
def test_a_golden_file_is_parsed_as_written_down(folder: str, filename: str) -> None:
    expected = msgspec.json.decode((GOLDEN / folder / "parsed.json").read_bytes())

    parsed = msgspec.json.decode(msgspec.json.encode(parse(GOLDEN / folder / filename)))

    assert parsed == expected


@pytest.mark.parametrize("path", UPLOADS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_golden_upload_is_recognised_and_parsed_as_written_down(path: Path) -> None:
    expected = msgspec.json.decode(path.with_suffix(".expected.json").read_bytes())
    found = catalogue.recognise(ReceivedFile(path, path.name))

    parsed = msgspec.json.decode(msgspec.json.encode(parse(path)))

    assert found.name == path.parent.name
    if not found.name.startswith(OWN):
        parsed = [{key: said for key, said in item.items() if key != "raw"} for item in parsed]
    assert parsed == expected


@pytest.mark.parametrize(
    "path",
    [*sorted(GOLDEN.glob("*_*/*.[cx][sl][vs]*")), *UPLOADS],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_every_row_is_in_one_item(path: Path) -> None:
    rows: list[int] = []
    for item in parse(path):
        if isinstance(item, ParsedLocation):
            rows += item.rows
            assert {row for evse in item.evse_rows for row in evse} <= set(item.rows)
            assert len(item.evse_rows) == len(item.record.evses)
        elif isinstance(item, ParsedTariff):
            rows += item.rows
        elif isinstance(item, ParsedStatus):
            rows.append(item.row)
        elif isinstance(item, RefusedRow):
            rows.append(item.rejection.row_no or 0)
        else:
            assert isinstance(item, FileNotice)

    assert len(rows) == len(set(rows)) > 0 and min(rows) > 0


def test_the_same_list_with_its_rows_elsewhere_gives_the_same_ids(tmp_path: Path) -> None:
    header, *rows = (GOLDEN / "bee_xlsx" / "list.csv").read_text().replace(",\n", ",").split("\n")
    turned = tmp_path / "list.csv"
    plain = [row for row in rows if row.count('"') in (0, 2) and row]
    turned.write_text("\n".join([header, *reversed(plain)]))
    straight = tmp_path / "straight.csv"
    straight.write_text("\n".join([header, *plain]))

    ids = [
        {
            (i.record.id, e.uid)
            for i in parse(p)
            if isinstance(i, ParsedLocation)
            for e in i.record.evses
        }
        for p in (turned, straight)
    ]

    assert ids[0] == ids[1] != set()
