"""Formats in which platforms exchange stations: Open Charge Map, OICP and DATEX II."""

from __future__ import annotations

import json
from pathlib import Path

from nop_ingest.formats import catalogue
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import Parsed, ParsedLocation

GOLDEN = Path(__file__).parents[2] / "golden" / "uploads"


def parse(path: Path) -> list[Parsed]:
    file = ReceivedFile(path, path.name)
    return list(catalogue.recognise(file).parse(file))


def test_what_people_wrote_about_a_point_is_not_kept() -> None:
    said = parse(GOLDEN / "ocm_json/points.json")
    raws = [bytes(item.raw) for item in said if isinstance(item, ParsedLocation)]

    assert raws and not any(b"somebody" in raw for raw in raws)
    assert b"Chandni Chowk Plaza" in raws[0]


def test_what_open_charge_map_says_of_customers_and_prices_is_told(tmp_path: Path) -> None:
    point, *_ = json.loads((GOLDEN / "ocm_json/points.json").read_text())
    path = tmp_path / "points.json"
    path.write_text(
        json.dumps([point | {"UsageTypeID": 6, "UsageCost": "18 INR/kWh, more at night"}])
    )

    (item,) = parse(path)

    assert isinstance(item, ParsedLocation)
    assert {evse.parking_restrictions for evse in item.record.evses} == {("CUSTOMERS",)}
    assert ("price-not-published", "18 INR/kWh, more at night") in {
        (n.code, n.value) for n in item.notices
    }
