"""National lists as their publishers write them: France, Germany, the United States."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import xlsxwriter

from nop_ingest.context import Context
from nop_ingest.files.row_book import RowBook
from nop_ingest.formats import catalogue
from nop_ingest.normalise.steps import normalise_location
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    RefusedRow,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "uploads"
DELIVERY_POINTS = (b"50012345678901", b"50099999999999")


def parse(path: Path) -> list[Parsed]:
    file = ReceivedFile(path, path.name)
    return list(catalogue.recognise(file).parse(file))


def locations(items: list[Parsed]) -> list[ParsedLocation]:
    return [item for item in items if isinstance(item, ParsedLocation)]


def without_raw(items: list[Parsed]) -> list[dict[str, object]]:
    written: list[dict[str, object]] = msgspec.json.decode(msgspec.json.encode(items))
    return [{key: value for key, value in item.items() if key != "raw"} for item in written]


def test_a_delivery_point_is_in_nothing_that_leaves_the_parser() -> None:
    path = GOLDEN / "irve_static" / "stations.csv"

    left = msgspec.json.encode(parse(path))

    assert all(number in path.read_bytes() for number in DELIVERY_POINTS)
    assert not any(number in left for number in DELIVERY_POINTS)
    assert b"num_pdl" in left  # as the name of the column, in the advice


def test_a_row_with_a_control_character_costs_its_neighbour_nothing(tmp_path: Path) -> None:
    text = (GOLDEN / "irve_static" / "stations.csv").read_text()
    spoilt = tmp_path / "stations.csv"
    spoilt.write_text(text.replace("FRABCE00011,,150.0", "FRABCE00011,\x02,150.0"))

    items = parse(spoilt)
    station = next(i for i in locations(items) if i.record.id == "FRABCP0001")

    assert [evse.uid for evse in station.record.evses] == ["FRABCE00012"]
    assert station.partial
    assert ("control-character", "id_pdc_local") in {
        (i.rejection.code, i.rejection.path) for i in items if isinstance(i, RefusedRow)
    }


def test_a_station_outside_roaming_needs_the_party_of_the_others(tmp_path: Path) -> None:
    text = (GOLDEN / "irve_static" / "stations.csv").read_text()
    of_two = tmp_path / "stations.csv"
    of_two.write_text(text.replace("FRABCP0005", "FRXYZP0005").replace("FRABCE00051", "FRXYZE1"))

    refused = [i.rejection for i in parse(of_two) if isinstance(i, RefusedRow)]

    assert {r.row_no for r in refused if r.code == "party-missing"} == {5, 6}


def test_the_register_is_read_from_a_workbook_as_from_text(tmp_path: Path) -> None:
    source = GOLDEN / "bnetza" / "register.csv"
    workbook = tmp_path / "register.xlsx"
    with source.open(encoding="utf-8-sig", newline="") as text:
        records = list(csv.reader(text, delimiter=";"))
    with xlsxwriter.Workbook(workbook) as book:
        book.add_worksheet("Hinweise").write_row(0, 0, ["Stand", "September 2026"])
        sheet = book.add_worksheet("4.1 Ladesäulenregister")
        for number, record in enumerate(records):
            sheet.write_row(number, 0, record)

    assert without_raw(parse(workbook)) == without_raw(parse(source))


def test_the_register_in_another_order_gives_the_same_ids(tmp_path: Path) -> None:
    source = GOLDEN / "bnetza_until_2023" / "register.csv"
    header, *rows = source.read_text("cp1252").splitlines()
    turned = tmp_path / "register.csv"
    turned.write_text("\n".join([header, *reversed(rows)]), "cp1252")

    ids = [
        {(i.record.id, evse.uid) for i in locations(parse(path)) for evse in i.record.evses}
        for path in (source, turned)
    ]

    assert ids[0] == ids[1] != set()


def test_a_device_keeps_its_location_from_edition_to_edition() -> None:
    old, new = (
        {item.record.id for item in locations(parse(GOLDEN / name / "register.csv"))}
        for name in ("bnetza_until_2023", "bnetza")
    )

    assert new <= old


def test_a_column_nobody_knows_is_told(tmp_path: Path) -> None:
    head, row, *_ = (GOLDEN / "irve_dynamic" / "events.csv").read_text().splitlines()
    odd = tmp_path / "events.csv"
    odd.write_text(f"{head},couleur\n{row},bleu\n")

    told = [i.notice for i in parse(odd) if isinstance(i, FileNotice)]

    assert [(notice.code, notice.path) for notice in told] == [("column-unknown", "couleur")]


def test_a_remark_on_a_row_s_second_point_stands_in_that_point_s_column() -> None:
    register = GOLDEN / "bnetza_until_2023/register.csv"
    mixed = locations(parse(register))[-1]  # CCS and CEE of 50 kW; Type 2 and CEE of 43 kW
    record, findings = normalise_location(
        mixed.record, Context(country="DE", received_at=datetime.now(UTC))
    )
    told = RowBook(catalogue.find_format("bnetza_until_2023")).add_location(mixed, record, findings)

    assert [(one.code, one.path) for one in told if one.code.startswith("power-")] == [
        ("power-missing", "P1 [kW]"), ("power-missing", "P2 [kW]"),
    ]  # fmt: skip
