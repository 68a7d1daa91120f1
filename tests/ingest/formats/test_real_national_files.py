"""Rows of the real national files, where they are at hand, that were compared by hand."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from nop_ingest.formats import catalogue
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import Parsed, ParsedLocation, ParsedStatus, RefusedRow

DATA = Path(__file__).parents[4] / "shared/data"
IRVE = DATA / "fr/irve_static_2026-04.csv.gz"
SNAPSHOT = DATA / "fr/irve_snapshot_2026-08-12.csv.gz"
REGISTER = DATA / "de/bnetza_2022-01-01.csv.gz"

# Point, station, town, standards and watts of its plugs, latitude, longitude.
POINTS = [
    ("FRTSLE10HNOB", "FRTSLP16281", None, [("IEC_62196_T2_COMBO", 250_000)], 47.245889, 2.06989),
    ("FRIOYE409604", "FRIOYP9587460", "Vidauban", [("IEC_62196_T2_COMBO", 350_000)],
     43.413836, 6.451011),
    ("FRALLEGO9001252", "FRALLPGO900125", None, [("IEC_62196_T2_COMBO", 300_000)],
     48.966258, 1.8641815),
    ("FREBNEBPFZQ3", "FREBNPBPFZQ", "Alby-sur-Chéran", [("IEC_62196_T2", 43_000)], 45.8148, 6.0055),
    ("FR3R3E10001456772", "FR3R3P90345563", None, [("IEC_62196_T2_COMBO", 120_000)],
     45.582607, 4.743365),
    ("FRV75EPX15013", "FRV75PPX1501", "Paris", [("DOMESTIC_E", None), ("IEC_62196_T2", 7_000)],
     48.8326, 2.278885),
    ("FRGSPE10000558761", "FRGSPP89216573", None, [("IEC_62196_T2", 22_080)],
     45.746783, -0.675045),
    ("FRWGOELONGV031", "FRWGOP65QQJHEFH10LXE", "Longvic", [("IEC_62196_T2", 22_000)],
     47.269481153, 5.046852184),
    ("FRATLE103922", "FRATLPFR00349", None, [("IEC_62196_T2_COMBO", 150_000)], 47.28407, 5.99),
    ("FRPD1ELBCTRBEKO120011", "FRPD1PLBCTRB", "Ibos", [("CHADEMO", 50_000)], 43.239351, 0.039767),
]  # fmt: skip
# Row, point, status, when it became so.
STATUSES = [
    (21763, "FRR3ME5288492", "AVAILABLE", "2026-08-12T09:54:33.885000+00:00"),
    (30241, "FRIOYE409951", "OUTOFORDER", "2026-08-11T13:52:12.959000+00:00"),
    (43546, "FRS30E301890281", "CHARGING", "2026-08-12T09:44:36.630402+00:00"),
    (49942, "FRATLE105312", "AVAILABLE", "2026-08-12T00:26:57.173172+00:00"),
    (50546, "FRY03E785510131", "AVAILABLE", "2026-08-12T08:18:41.699430+00:00"),
    (75752, "FRFR1EKTSU2", "OUTOFORDER", "2025-04-01T07:10:53+00:00"),
    (90458, "FRM45ENXDA1", "AVAILABLE", "2026-06-14T05:06:04+00:00"),
    (117495, "FRCG0E000383", "OUTOFORDER", "2026-08-12T06:03:19+00:00"),
    (118228, "FRCG0E001159", "OUTOFORDER", "2026-08-12T09:02:03+00:00"),
    (119778, "FRELCECAVZ", "CHARGING", "2026-08-12T09:38:40+00:00"),
]
# Row, operator, address, town, EVSEs of the row by standards and kilowatts.
DEVICES = [
    (5441, "Allego GmbH", "Merianstraße 5", "Emsbüren",
     [[("IEC_62196_T2_COMBO", 80)], [("IEC_62196_T2_COMBO", 320)]]),
    (7561, "Stadtwerke Goch GmbH", "Graefenthalstraße", "Goch",
     [[("IEC_62196_T2", 22)], [("IEC_62196_T2", 22)]]),
    (9070, "Stadtwerke Menden GmbH", "Obere Promenade 3", "Menden",
     [[("IEC_62196_T2", 22)], [("IEC_62196_T2", 22)]]),
    (9289, "Allego GmbH", "Wandhofener Str. 9", "Hagen",
     [[("IEC_62196_T2_COMBO", 50), ("CHADEMO", 50)], [("IEC_62196_T2", 43)]]),
    (10887, "NEW Niederrhein Energie und Wasser GmbH", "Manderscheider Straße 14",
     "Mönchengladbach", [[("IEC_62196_T2", 22)], [("IEC_62196_T2", 22)]]),
    (12486, "VW Group Charging GmbH", "Industrie Park 1", "Braunschweig",
     [[("IEC_62196_T2", 11)], [("IEC_62196_T2", 11)]]),
    (12637, "VW Group Charging GmbH", "Kauffahrtei", "Chemnitz",
     [[("IEC_62196_T2", 11)], [("IEC_62196_T2", 11)]]),
    (18123, "VOGEL Autohäuser GmbH & Co. KG", "Am Schänzel 6", "Landau",
     [[("IEC_62196_T2", 11)], [("IEC_62196_T2", 11)]]),
    (18938, "EnBW mobility+ AG und Co.KG", "Fettweisstraße 42", "Karlsruhe",
     [[("IEC_62196_T2_COMBO", 300)], [("IEC_62196_T2_COMBO", 300), ("CHADEMO", 300)]]),
    (22615, "Stadtwerke Hechingen", "Zollernstraße 4", "Hechingen", [[("IEC_62196_T2", 22)]]),
]  # fmt: skip


def cut(
    source: Path, into: Path, keep: Callable[[int, list[str]], bool], delimiter: str = ","
) -> list[Parsed]:
    """The file with these rows only, parsed."""
    if not source.exists():
        pytest.skip(f"needs {source.name} in ../shared/data, which is not in the project")
    coding = "cp1252" if delimiter == ";" else "utf-8"

    def lines() -> Iterator[list[str]]:
        with gzip.open(source, "rt", encoding=coding, newline="") as text:
            for number, record in enumerate(csv.reader(text, delimiter=delimiter)):
                if number == 0 or keep(number, record):
                    yield record

    with into.open("w", encoding=coding, newline="") as out:
        csv.writer(out, delimiter=delimiter).writerows(lines())
    file = ReceivedFile(into, into.name)
    return list(catalogue.recognise(file).parse(file))


def test_points_of_the_french_consolidation(tmp_path: Path) -> None:
    stations = {station for _, station, *_ in POINTS}
    items = cut(IRVE, tmp_path / "irve.csv", lambda _, record: record[7] in stations)
    found = {
        evse.uid: (item.record, evse)
        for item in items
        if isinstance(item, ParsedLocation)
        for evse in item.record.evses
    }
    with (tmp_path / "irve.csv").open(encoding="utf-8", newline="") as text:
        secrets = {row["num_pdl"] for row in csv.DictReader(text)} - {""}
    left = msgspec.json.encode(items).decode()

    assert not any(isinstance(item, RefusedRow) for item in items)
    assert len(secrets) > 5
    assert not any(secret in left for secret in secrets)
    for point, station, town, plugs, lat, lon in POINTS:
        record, evse = found[point]
        assert (record.id, record.city, record.lat, record.lon) == (station, town, lat, lon)
        assert [(c.standard, c.max_electric_power_w) for c in evse.connectors] == plugs
        assert evse.evse_id == point


def test_statuses_of_the_french_snapshot(tmp_path: Path) -> None:
    numbers = {row for row, *_ in STATUSES}
    items = cut(SNAPSHOT, tmp_path / "snapshot.csv", lambda number, _: number in numbers)

    found = {
        item.evse_id: (item.status.value, item.changed_at.isoformat() if item.changed_at else None)
        for item in items
        if isinstance(item, ParsedStatus)
    }
    assert found == {point: (status, at) for _, point, status, at in STATUSES}


def test_devices_of_the_german_register(tmp_path: Path) -> None:
    numbers = {row for row, *_ in DEVICES}
    items = cut(REGISTER, tmp_path / "register.csv", lambda number, _: number in numbers, ";")
    records = [item.record for item in items if isinstance(item, ParsedLocation)]

    assert len(records) == len(DEVICES)
    for _, operator, address, town, evses in DEVICES:
        (record,) = [r for r in records if (r.address, r.city) == (address, town)]
        assert record.operator is not None and record.operator.name == operator
        assert [
            [(c.standard, (c.max_electric_power_w or 0) / 1000) for c in evse.connectors]
            for evse in record.evses
        ] == evses
