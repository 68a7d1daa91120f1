from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from nop_ingest.formats import catalogue
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import FileNotice, ParsedLocation, RefusedRow
from nop_ingest.template.files import find_template
from nop_registry.errors import InvalidInput

HEADER = "country_code,party_id,location_id,lat,lon,evse_uid,connector_id,standard,address"
ROW = "IN,ABC,L1,28.61,77.21,E1,1,IEC_62196_T2,Road"


def parse(content: bytes, tmp_path: Path) -> list[object]:
    path = tmp_path / "upload"
    path.write_bytes(content)
    file = ReceivedFile(path, "stations.csv")
    return list(catalogue.recognise(file).parse(file))


def test_the_template_has_a_column_for_each_plain_field_of_the_records() -> None:
    text = find_template("csv").build().decode("utf-8-sig")
    header = next(csv.reader(io.StringIO(text)))

    assert {"location_name", "evse_id", "status", "max_electric_power_w", "operator_name"} < set(
        header
    )
    assert {"opening_hours", "price_per_kwh", "price_includes_tax"} < set(header)
    assert "power_derived" not in header
    assert len(header) == len(set(header))


@pytest.mark.parametrize(
    ("encoding", "bom"), [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16", b"")]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheet_dialects_read_alike(
    encoding: str, bom: bytes, delimiter: str, tmp_path: Path
) -> None:
    text = f"{HEADER}\r\n{ROW}é\r\n".replace(",", delimiter)
    (location,) = parse(bom + text.encode(encoding), tmp_path)

    assert isinstance(location, ParsedLocation)
    assert location.record.address == "Roadé"


def test_a_windows_1252_file_is_read_with_a_remark(tmp_path: Path) -> None:
    notice, location = parse(f"{HEADER}\n{ROW}é\n".encode("cp1252"), tmp_path)

    assert isinstance(notice, FileNotice) and notice.notice.code == "file-not-utf8"
    assert isinstance(location, ParsedLocation) and location.record.address == "Roadé"


def test_decimal_commas_are_read(tmp_path: Path) -> None:
    (location,) = parse(f"{HEADER}\n{ROW}".replace(",", ";").replace(".", ",").encode(), tmp_path)

    assert isinstance(location, ParsedLocation)
    assert (location.record.lat, location.record.lon) == (28.61, 77.21)


@pytest.mark.parametrize("lat", ["nan", "1e2", "2_8.6", "२८.६", "28.6N", "inf", "--2"])
def test_what_only_looks_like_a_number_is_refused_with_its_row(lat: str, tmp_path: Path) -> None:
    good, bad = ROW, ROW.replace("28.61", lat).replace("L1", "L2")
    location, refused = parse(f"{HEADER}\n{good}\n{bad}\n".encode(), tmp_path)

    assert isinstance(refused, RefusedRow) and isinstance(location, ParsedLocation)
    assert (refused.rejection.row_no, refused.rejection.path) == (2, "lat")
    assert refused.rejection.value == lat


def test_a_control_character_costs_its_row_only(tmp_path: Path) -> None:
    bad = ROW.replace("L1", "L2").replace("Road", "Ro\x00ad")
    location, refused = parse(f"{HEADER}\n{ROW}\n{bad}\n".encode(), tmp_path)

    assert isinstance(refused, RefusedRow) and refused.rejection.code == "control-character"
    assert isinstance(location, ParsedLocation) and location.record.id == "L1"


def test_a_row_with_a_comma_too_many_is_refused_not_read_shifted(tmp_path: Path) -> None:
    bad = ROW.replace("L1", "L2").replace("Road", "12, Road")
    blank = ROW.replace("L1", "L3") + ", ,"
    first, refused, last = parse(f"{HEADER}\n{ROW}\n{bad}\n{blank}\n".encode(), tmp_path)

    assert isinstance(refused, RefusedRow)
    assert (refused.rejection.code, refused.rejection.row_no) == ("row-too-long", 2)
    assert refused.rejection.value == " Road" and refused.location == ("IN", "ABC", "L2")
    assert [i.record.id for i in (first, last) if isinstance(i, ParsedLocation)] == ["L1", "L3"]


@pytest.mark.parametrize("mark", ["", "sep=,\n"])
def test_a_quotation_mark_left_open_swallows_no_rows_in_silence(mark: str, tmp_path: Path) -> None:
    rows = [ROW.replace("L1", f"L{n}").replace("Road", '"Road"') for n in range(1, 5)]
    rows[1] = rows[1].removesuffix('"')
    line = 3 + mark.count("\n")
    with pytest.raises(InvalidInput, match=f"quotation mark in line {line} is not closed"):
        parse("\n".join([mark + HEADER, *rows]).encode(), tmp_path)


def test_a_text_of_two_lines_in_quotation_marks_is_one_cell(tmp_path: Path) -> None:
    row = ROW.replace("Road", '"Road\nSide ""A"""')
    (location,) = parse(f"{HEADER}\n{row}\n".encode(), tmp_path)

    assert isinstance(location, ParsedLocation)
    assert location.record.address == 'Road\nSide "A"'


def test_a_refused_row_marks_its_location_as_partial(tmp_path: Path) -> None:
    bad = ROW.replace("E1,1", "E2,")
    refused, location = parse(f"{HEADER}\n{ROW}\n{bad}\n".encode(), tmp_path)

    assert isinstance(refused, RefusedRow) and refused.location == ("IN", "ABC", "L1")
    assert isinstance(location, ParsedLocation) and location.partial


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (f"{HEADER.replace('lat,', '')}\n{ROW}".encode(), "columns are missing: lat"),
        (f"{HEADER.replace('lat', 'latitude')}\n{ROW}".encode(), "not known are: 'latitude'"),
        (f"{HEADER},lat\n{ROW},1".encode(), "stand there twice: lat"),
        (b"some,other\n1,2\n", "none of the known formats"),
        (b"%PDF-1.7 \xff\xfe\x00", "a PDF: send the table"),
        (f"{HEADER}\n{ROW}{'x' * 40_000}".encode(), "field larger than field limit"),
        (("x," * 500 + "\n").encode(), "500|501"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=reason):
        parse(content, tmp_path)


def test_files_joined_by_hand_have_a_second_bom_and_a_second_header(tmp_path: Path) -> None:
    other = ROW.replace("E1,1", "E1,2")
    part = f"\ufeff{HEADER}\n{ROW}\n"
    refused, location = parse(f"{part}\ufeff{HEADER}\n\ufeff{other}\n".encode(), tmp_path)

    assert isinstance(refused, RefusedRow) and refused.rejection.code == "header-repeated"
    assert isinstance(location, ParsedLocation)
    assert location.record.country_code == "IN" and len(location.record.evses[0].connectors) == 2


@pytest.mark.parametrize(
    ("cell", "weekdays"),
    [
        ("24/7", [1, 2, 3, 4, 5, 6, 7]),
        ('"Mo-Tu 09:00-12:00,14:00-18:00"', [1, 1, 2, 2]),
        ('"Mo,,Fr 08:00-20:00"', None),
        ("-Fr 08:00-20:00", None),
        ("Mo-Fr 8-20", None),
    ],
)
def test_opening_hours_in_a_cell_are_understood_whole_or_not_at_all(
    cell: str, weekdays: list[int] | None, tmp_path: Path
) -> None:
    (location,) = parse(f"{HEADER},opening_hours\n{ROW},{cell}\n".encode(), tmp_path)

    assert isinstance(location, ParsedLocation)
    hours = location.record.opening_times
    assert (hours and [period.weekday for period in hours.regular_hours]) == weekdays
    assert [n.code for n in location.notices] == ([] if weekdays else ["cell-unusable"])


def test_two_hundred_thousand_rows_are_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nop_ingest.reading.tables.MAX_ROWS", 3)

    with pytest.raises(InvalidInput, match="more than 3 rows"):
        parse(f"{HEADER}\n{ROW}\n{ROW}\n{ROW}\n{ROW}".encode(), tmp_path)
