"""Hostile files end as a refusal that a person understands, in a child that takes no more."""

from __future__ import annotations

import resource
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from nop_ingest import sandbox
from nop_ingest.reading.upload_format import ParsedLocation
from nop_ingest.sandbox import Limits, parsed_in_child
from nop_registry.errors import InvalidInput

GOLDEN = Path(__file__).parents[1] / "golden"
LIST = GOLDEN / "bee_xlsx" / "list.xlsx"
SHEET = "xl/worksheets/sheet1.xml"
_SHEET_XML = (
    '<?xml version="1.0" encoding="UTF-8"?>{}<worksheet '
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData>'
    "</worksheet>"
)


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def workbook(path: Path, sheet: str, doctype: str = "", **entries: bytes) -> Path:
    """The golden workbook with another sheet, and further entries."""
    with zipfile.ZipFile(LIST) as golden, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name in golden.namelist():
            if name != SHEET:
                book.writestr(name, golden.read(name))
        book.writestr(SHEET, _SHEET_XML.format(doctype, sheet))
        for name, content in entries.items():
            book.writestr(name, content)
    return path


def refusal(path: Path, filename: str = "file.xlsx", limits: Limits | None = None) -> str:
    with pytest.raises(InvalidInput) as caught, parsed_in_child(path, filename, limits):
        pass
    return str(caught.value)


def test_a_parsed_file_can_be_read_twice() -> None:
    with parsed_in_child(LIST, "list.xlsx") as parsed:
        first, second = list(parsed), list(parsed)
        assert parsed.items == len(first)

    assert parsed.format == "bee_xlsx"
    assert first == second
    assert any(isinstance(item, ParsedLocation) for item in first)


def test_two_cells_far_apart_are_refused_and_kill_nobody(tmp_path: Path) -> None:
    cells = f'<row r="1">{text_cell("A1", "a")}</row>'
    cells += f'<row r="1048576">{text_cell("XFD1048576", "b")}</row>'
    bomb = workbook(tmp_path / "bomb.xlsx", cells)

    assert bomb.stat().st_size < 3000
    assert "MiB of memory" in refusal(bomb)


def test_a_sheet_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 300_001))

    assert "300000 rows by 1 columns" in refusal(workbook(tmp_path / "long.xlsx", rows))


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    cells = f'<row r="1">{text_cell("A1", "&amp;a;")}{text_cell("B1", "&f;")}</row>'

    assert "root:" not in refusal(workbook(tmp_path / "xxe.xlsx", cells, doctype))


def test_an_archive_that_unpacks_too_far_is_refused(tmp_path: Path) -> None:
    bomb = workbook(tmp_path / "bomb.xlsx", "", **{"xl/media/zeros": bytes(40 << 20)})

    assert "100 times its size" in refusal(bomb)


@pytest.mark.parametrize(
    "name", ["../../etc/cron", "/etc/passwd", "xl\\..\\..\\x", "xl/\x07", "C:x"]
)
def test_an_archive_with_evil_names_is_refused(name: str, tmp_path: Path) -> None:
    assert "forbidden name" in refusal(workbook(tmp_path / "x.xlsx", "", **{name: b"x"}))


def test_an_archive_of_too_many_entries_is_refused(tmp_path: Path) -> None:
    many = {f"xl/{n}": b"" for n in range(1001)}

    assert "more than 1000 entries" in refusal(workbook(tmp_path / "x.xlsx", "", **many))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04" + b"x" * 200, "damaged"),
        (LIST.read_bytes()[:-400], "damaged"),
        (b"PK\x05\x06" + bytes(18), "archive is empty"),
    ],
)
def test_a_broken_archive_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)

    assert reason in refusal(path)


def test_a_header_without_rows_is_refused_whatever_was_remarked_on_it(tmp_path: Path) -> None:
    path = tmp_path / "stations.csv"
    path.write_text("id_station_itinerance,id_pdc_itinerance,coordonneesXY,puissance_nominale,x\n")

    assert "no rows below its header" in refusal(path, "stations.csv")


def test_a_file_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    assert "more than 60 s" in refusal(LIST, limits=Limits(wall_s=0))


def test_the_limits_bind_the_child_alone(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with parsed_in_child(LIST, "list.xlsx"):
        pass

    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_the_name_that_the_sender_gives_is_never_a_path(tmp_path: Path) -> None:
    with parsed_in_child(LIST, "../../../etc/passwd\n; rm -rf /.xlsx") as parsed:
        assert parsed.format == "bee_xlsx"


def test_a_large_file_may_take_longer_and_more_disk_and_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Limits] = []
    real = sandbox._run

    def run(path: Path, filename: str, limits: Limits, folder: str, lines: IO[bytes]) -> int | None:
        given.append(limits)
        return real(path, filename, limits, folder, lines)

    monkeypatch.setattr(sandbox, "_run", run)
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(1 << 30)  # a hole, which no disk holds
    for path in (LIST, large):
        with suppress(InvalidInput), parsed_in_child(path, path.name):
            pass
    small, great = given

    assert small == Limits()
    assert (great.cpu_s, great.wall_s, great.output_bytes >> 30) == (600, 1200, 4)
    assert great.memory_bytes == small.memory_bytes
