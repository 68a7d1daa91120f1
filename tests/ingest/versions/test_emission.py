"""What every version gives out: valid objects, the same again after reading them, no falsehood."""

from __future__ import annotations

import copy
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ocpi_schema import problems

from nop_ingest.ocpi.versions import VERSIONS, find_version
from nop_ingest.ocpi.versions.version import Context, OcpiVersion

GOLDEN = Path(__file__).parents[2] / "golden"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTEXT = Context(country="IN", received_at=NOON, default_country_code="IN", default_party_id="TPC")
LOCATIONS = {
    v.number: json.loads(
        (GOLDEN / f"ocpi_{v.number.replace('.', '_')}" / "location_usual.json").read_text()
    )
    for v in VERSIONS
}
TARIFFS = {
    v.number: json.loads(
        (GOLDEN / f"ocpi_{v.number.replace('.', '_')}" / "tariff_usual.json").read_text()
    )
    for v in VERSIONS
}

WORDS = [
    "", " ", "#NA", "x" * 40, "long words " * 60, "Straße\n9 ", "PED_TERMINAL", "WIFI", "EV_ONLY",
    "AC_2_PHASE", "AC_2_PHASE_SPLIT", "GBT_DC", "SAE_J3400", "IEC_62196_T2", "BLOCKED", "jpg", "en",
    "ENG", "23:59", "24:00", "00:00", "06:00", "2026-05-04T01:02:03.987654Z", "1999-01-01", "NLD",
    "REGULAR", "PROFILE_GREEN", "SUBSCRIPTION", "YES", "NO", "N/A", "0.00004", "12,5", "UNKNOWN",
    "https://a.example/" + "p" * 300, "https://a.example/a.webp", "Asia/Tokyo", "RESERVATION",
    "OTHER", "ON_DRIVEWAY",
]  # fmt: skip
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**6),
    st.floats(-200, 200, allow_nan=False),
    st.sampled_from(WORDS),
    st.builds(list),
    st.builds(dict),
)


def _paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [path] if path else []
    for key, item in inner:
        found += _paths(item, (*path, key))
    return found


def damaged(documents: dict[str, Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """A document of some version with a few fields changed; and that version's number."""

    @st.composite
    def build(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
        number = draw(st.sampled_from(sorted(documents)))
        document = copy.deepcopy(documents[number])
        paths = _paths(document)
        for path in draw(st.lists(st.sampled_from(paths), max_size=4)):
            place: Any = document
            try:
                for step in path[:-1]:
                    place = place[step]
                place[path[-1]] = draw(VALUES)
            except (KeyError, IndexError, TypeError):
                continue
        return number, document

    return build()


def version(number: str) -> OcpiVersion:
    found = find_version(number)
    assert found is not None
    return found


def parents_are_no_older(document: dict[str, Any]) -> bool:
    stamps = [document["last_updated"]]
    for evse in document.get("evses", ()):
        stamps.append(evse["last_updated"])
        newest = max(c["last_updated"].removesuffix("Z") for c in evse["connectors"])
        if newest > evse["last_updated"].removesuffix("Z"):
            return False
    return max(s.removesuffix("Z") for s in stamps) == stamps[0].removesuffix("Z")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(LOCATIONS), st.sampled_from(VERSIONS))
def test_whatever_came_in_only_valid_and_stable_locations_go_out(
    sent: tuple[str, dict[str, Any]], target: OcpiVersion
) -> None:
    """SE-12, TR-19, TR-30, TR-31, DM-3, DM-12: lengths, enums, dates, places, parents no older."""
    number, document = sent
    record, _ = version(number).to_location(json.dumps(document).encode(), CONTEXT)
    if record is None:
        return
    said = target.from_location(record, lambda _: True)
    if said.document is None:
        assert said.dropped
        return
    assert list(problems(target.number, "Location", said.document)) == []
    assert parents_are_no_older(said.document)
    again, _ = target.to_location(msgspec.json.encode(said.document), CONTEXT)
    assert again is not None
    expected = said.document
    if expected.get("type") == "OTHER":  # 2.1.1: says as little as UNKNOWN (ocpi.md §10)
        expected = expected | {"type": "UNKNOWN"}
    if "time_zone" not in expected:  # optional in 2.1.1, and derived when read
        expected = expected | {"time_zone": again.time_zone}
    assert target.from_location(again, lambda _: True).document == expected


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(TARIFFS), st.sampled_from(VERSIONS))
def test_whatever_came_in_only_valid_and_stable_tariffs_go_out(
    sent: tuple[str, dict[str, Any]], target: OcpiVersion
) -> None:
    """SE-12, TR-33: four decimals, closed enums; read back, the tariff says the same."""
    number, document = sent
    record, _ = version(number).to_tariff(json.dumps(document).encode(), CONTEXT)
    if record is None:
        return
    said = target.from_tariff(record, NOON)
    if said.document is None:
        assert said.dropped
        return
    assert list(problems(target.number, "Tariff", said.document)) == []
    again, _ = target.to_tariff(msgspec.json.encode(said.document), CONTEXT)
    assert again is not None
    assert target.from_tariff(again, NOON).document == said.document


def test_a_well_formed_object_comes_out_as_it_went_in() -> None:
    """DM-6, DM-8, DM-9: every field of 2.3.0."""
    target = version("2.3.0")
    for read, said, sent in (
        (target.to_location, lambda r: target.from_location(r, lambda _: True), LOCATIONS["2.3.0"]),
        (target.to_tariff, target.from_tariff, TARIFFS["2.3.0"]),
    ):
        record, _ = read(json.dumps(sent).encode(), CONTEXT)
        emitted = said(record)
        assert emitted.document == sent
        assert emitted.dropped == ()


def test_numbers_of_versions_are_found_by_name_and_alias() -> None:
    """VE-3: compared exactly, the newest first."""
    assert [v.number for v in VERSIONS] == ["2.3.0", "2.2.1", "2.1.1"]
    assert find_version("2.2") is find_version("2.2.1")
    assert find_version("2.0") is None and find_version("2.2.1 ") is None


@pytest.mark.parametrize(
    ("source", "target"), list(itertools.product(VERSIONS, VERSIONS)), ids=lambda v: v.number
)
def test_a_usual_location_survives_every_pair_of_versions(
    source: OcpiVersion, target: OcpiVersion
) -> None:
    record, _ = source.to_location(json.dumps(LOCATIONS[source.number]).encode(), CONTEXT)
    assert record is not None
    document = target.from_location(record, lambda _: True).document
    assert document is not None
    back, _ = target.to_location(msgspec.json.encode(document), CONTEXT)
    assert back is not None
    assert (back.id, back.lat, back.lon, len(back.evses)) == (
        record.id, record.lat, record.lon, len(record.evses),
    )  # fmt: skip
    assert back.evses[0].status is record.evses[0].status
