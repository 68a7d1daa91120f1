"""Whole objects with the quirks of real feeds, against what they must become."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nop_ingest.ocpi.versions import VERSIONS
from nop_ingest.ocpi.versions.version import Context, OcpiVersion
from nop_ingest.report import Finding, Rejection

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = [
    pytest.param(version, path, id=f"{version.number}-{path.stem}")
    for version in VERSIONS
    for path in sorted((GOLDEN / f"ocpi_{version.number.replace('.', '_')}").glob("*.json"))
    if not path.name.endswith(".expected.json")
]
CONTEXT = Context(
    country="IN",
    received_at=datetime(2026, 6, 1, 12, tzinfo=UTC),
    default_country_code="IN",
    default_party_id="TPC",
)


def read(version: OcpiVersion, path: Path) -> tuple[Any, list[Finding]]:
    reader = version.to_tariff if path.name.startswith("tariff") else version.to_location
    return reader(path.read_bytes(), CONTEXT)


def _shown(found: Finding) -> dict[str, Any]:
    outcome = "rejected" if isinstance(found, Rejection) else str(found.severity)
    return {"outcome": outcome, "code": found.code, "path": found.path, "value": found.value}


@pytest.mark.parametrize(("version", "path"), CASES)
def test_an_object_becomes_the_expected_record_and_findings(
    version: OcpiVersion, path: Path
) -> None:
    """DM-4, DM-6, DM-8, DM-9, P25, TR-20, TR-30 to TR-33, TR-35: read as real feeds write them."""
    record, findings = read(version, path)
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    assert json.loads(msgspec.json.encode(record)) == expected["record"]
    assert [_shown(found) for found in findings] == expected["findings"]


@pytest.mark.parametrize(("version", "path"), CASES)
def test_every_finding_says_in_a_sentence_what_to_do(version: OcpiVersion, path: Path) -> None:
    for found in read(version, path)[1]:
        assert len(found.message) > 20, found.code
        assert found.code == found.code.lower().replace("_", "-").strip()
