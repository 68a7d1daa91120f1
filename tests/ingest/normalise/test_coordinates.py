from __future__ import annotations

from datetime import UTC, datetime
from math import nan

import pytest

from nop_ingest.context import Context
from nop_ingest.normalise.coordinates import country_boxes, settle_evse, settle_location
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.records import EvseRecord, LocationRecord

CONTEXT = Context(country="IN", received_at=datetime(2026, 6, 1, tzinfo=UTC))


def settle(
    lat: float, lon: float, country: str | None = "IND"
) -> tuple[LocationRecord | None, list[Finding]]:
    findings: list[Finding] = []
    record = LocationRecord(
        country_code="IN", party_id="TPC", id="1", lat=lat, lon=lon, country=country
    )
    return settle_location(record, CONTEXT, "", findings), findings


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [
        (nan, 77.2, "coordinates-missing"),
        (0.0, 0.0, "coordinates-zero"),
        (0.0001, -0.0001, "coordinates-zero"),
        (142.5, 2.1, "coordinates-out-of-range"),
        (28.6, 277.2, "coordinates-out-of-range"),
        (float("inf"), 77.2, "coordinates-out-of-range"),
        (86.0, 77.2, "coordinates-out-of-range"),
    ],
)
def test_a_location_without_a_place_is_refused(lat: float, lon: float, code: str) -> None:
    record, findings = settle(lat, lon)
    assert record is None
    assert [(type(f), f.code) for f in findings] == [(Rejection, code)]


@pytest.mark.parametrize(
    ("lat", "lon", "country"),
    [
        (77.20902, 28.61394, "IND"),  # Delhi: 77° N 28° E lies by Svalbard
        (70.78501, 22.30391, "IND"),  # Rajkot: 70° N 22° E lies in Norway
        (93.93684, 24.81701, "IND"),  # Imphal: no such latitude
        (4.89522, 52.37021, "NLD"),
        (2.35222, 48.85661, "FRA"),
        (28.61394 + 50, 21.14581, None),  # no country given: the nation served counts
    ],
)
def test_swapped_coordinates_are_put_right(lat: float, lon: float, country: str | None) -> None:
    record, findings = settle(lat, lon, country)
    assert record is not None
    assert (record.lat, record.lon) == (lon, lat)
    assert [f.code for f in findings] == ["coordinates-swapped"]


def test_a_site_just_abroad_is_not_swapped_into_the_country() -> None:
    # Dushanbe in a Russian operator's feed: swapped, it would lie in the White Sea.
    record, findings = settle(38.595586, 68.760611, "RUS")
    assert record is not None and (record.lat, record.lon) == (38.595586, 68.760611)
    assert [f.code for f in findings] == ["coordinates-outside-country"]


@pytest.mark.parametrize(
    ("lat", "lon", "country"),
    [
        (34.16421, 77.58481, "IND"),  # Leh
        (36.21231, 75.94121, "IND"),  # as far north as India's outline reaches
        (13.08271, 80.27071, "IND"),
        (-21.11511, 55.53641, "FRA"),  # La Réunion
        (12.15011, -68.26671, "NLD"),  # Bonaire
        (21.30691, -157.85831, "USA"),
        (64.17531, -51.73881, "GRL"),
        (59.93431, 30.33511, "XKX"),  # far from Kosovo: reported, kept
    ],
)
def test_distant_parts_belong_to_their_country(lat: float, lon: float, country: str) -> None:
    record, findings = settle(lat, lon, country)
    assert record is not None
    expected = ["coordinates-outside-country"] if country == "XKX" else []
    assert [f.code for f in findings] == expected


def test_few_decimals_are_reported() -> None:
    record, findings = settle(28.61, 77.209)
    assert record is not None
    assert [f.code for f in findings] == ["coordinates-coarse"]


@pytest.mark.parametrize(("lat", "lon"), [(0.0, 0.0), (None, 77.2), (nan, 77.2), (99.0, 77.2)])
def test_an_evses_own_bad_coordinates_are_left_out(lat: float | None, lon: float) -> None:
    findings: list[Finding] = []
    evse = settle_evse(EvseRecord(uid="A", lat=lat, lon=lon), CONTEXT, "evses[0]", findings)
    assert (evse.lat, evse.lon) == (None, None)
    assert [(type(f), f.path) for f in findings] == [(Notice, "evses[0].coordinates")]


def test_every_box_is_one_on_the_map() -> None:
    boxes = [box.checked() for parts in country_boxes().values() for box in parts]
    assert len(boxes) > 250
