"""The real list, where it is at hand: totals, and rows that were checked by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from nop_ingest.formats import catalogue
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import ParsedLocation, RefusedRow
from nop_ingest.sandbox import parsed_in_child

LIST = Path(__file__).parents[4] / "shared/data/in/EV_PCS_Data_29277.xlsx"


@pytest.fixture(scope="module")
def parsed() -> tuple[list[ParsedLocation], list[RefusedRow]]:
    if not LIST.exists():
        pytest.skip("needs ../shared/data/in/EV_PCS_Data_29277.xlsx, which is not in the project")
    with parsed_in_child(LIST, LIST.name) as file:
        items = list(file)
    locations = [i for i in items if isinstance(i, ParsedLocation)]
    return locations, [i for i in items if isinstance(i, RefusedRow)]


def test_each_of_the_rows_is_taken_or_refused_once(
    parsed: tuple[list[ParsedLocation], list[RefusedRow]],
) -> None:
    locations, refused = parsed
    rows = [row for location in locations for row in location.rows]
    rows += [row.rejection.row_no or 0 for row in refused]

    assert sorted(rows) == list(range(1, 39_641))
    assert Counter(row.rejection.code for row in refused) == {
        "longitude-equals-latitude": 104,
        "coordinates-outside-country": 12,
        "coordinate-unreadable": 1,
    }


def test_stations_and_evses_of_the_list(
    parsed: tuple[list[ParsedLocation], list[RefusedRow]],
) -> None:
    locations, _ = parsed
    uids = [evse.uid for location in locations for evse in location.record.evses]

    assert len(locations) == len({location.record.id for location in locations}) == 29_069
    assert len(uids) == len(set(uids)) == 40_139
    assert len({location.record.state for location in locations}) == 36


# Row, operator, end of the address, state, EVSEs of the row, standard and watts of a connector.
CHECKED_BY_HAND = [
    (1200, "BPCL", "PO.HAIBARGAON", "Assam", 1, "IEC_62196_T2", 7_000),
    (7430, "BHEL", "Karnal, Haryana", "Haryana", 1, "IEC_60309_2_single_16", 3_300),
    (13956, "Reliance BP", "Rajajinagar", "Karnataka", 1, "IEC_62196_T2_COMBO", 60_000),
    (16275, "UJOY", "1St R Block", "Karnataka", 1, "IEC_60309_2_single_16", 3_300),
    (34059, "BPCL", "THIRUVERUMBUR", "Tamil Nadu", 1, "IEC_62196_T2_COMBO", 30_000),
    (38539, "UPPCL", "(Dscl)", "Uttarakhand", 1, "IEC_62196_T2_COMBO", 50_000),
]


@pytest.mark.parametrize("row", CHECKED_BY_HAND, ids=lambda row: str(row[0]))
def test_rows_checked_by_hand(
    row: tuple[int, str, str, str, int, str, int],
    parsed: tuple[list[ParsedLocation], list[RefusedRow]],
) -> None:
    number, operator, address, state, count, standard, watts = row
    location = next(item for item in parsed[0] if number in item.rows)
    record = location.record
    pairs = zip(record.evses, location.evse_rows, strict=True)
    connectors = [evse.connectors for evse, rows in pairs if number in rows]

    assert record.operator is not None and record.operator.name == operator
    assert record.address is not None and record.address.endswith(address)
    assert record.state == state
    assert len(connectors) == count
    assert [(c[0].standard, c[0].max_electric_power_w) for c in connectors] == [(standard, watts)]


def test_a_sign_for_nothing_is_no_town(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "golden/bee_xlsx/list.csv").read_text()
    odd = tmp_path / "list.csv"
    odd.write_text(text.replace(",Deltadun,", ",NA,"))
    file = ReceivedFile(odd, odd.name)

    found = [i for i in catalogue.recognise(file).parse(file) if isinstance(i, ParsedLocation)]
    station = next(i for i in found if i.record.state == "Uttarakhand")

    assert station.record.city is None
    assert [notice.code for notice in station.notices] == ["state-normalised", "city-not-a-name"]
