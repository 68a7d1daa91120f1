"""Whole objects with the quirks of real feeds, against what they must become."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nop_ingest.ocpi.versions.v2_2_1 import VERSION
from nop_ingest.ocpi.versions.version import Context
from nop_ingest.report import Finding, Rejection

GOLDEN = Path(__file__).parents[2] / "golden" / "ocpi_2_2_1"
INPUTS = sorted(p for p in GOLDEN.glob("*.json") if not p.name.endswith(".expected.json"))
CONTEXT = Context(
    country="IN",
    received_at=datetime(2026, 6, 1, 12, tzinfo=UTC),
    default_country_code="IN",
    default_party_id="TPC",
)


def _shown(found: Finding) -> dict[str, Any]:
    outcome = "rejected" if isinstance(found, Rejection) else str(found.severity)
    return {"outcome": outcome, "code": found.code, "path": found.path, "value": found.value}


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_an_object_becomes_the_expected_record_and_findings(path: Path) -> None:
    read = VERSION.to_tariff if path.name.startswith("tariff") else VERSION.to_location
    record, findings = read(path.read_bytes(), CONTEXT)
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    assert json.loads(msgspec.json.encode(record)) == expected["record"]
    assert [_shown(found) for found in findings] == expected["findings"]


def test_every_finding_says_in_a_sentence_what_to_do() -> None:
    for path in INPUTS:
        read = VERSION.to_tariff if path.name.startswith("tariff") else VERSION.to_location
        for found in read(path.read_bytes(), CONTEXT)[1]:
            assert len(found.message) > 20, found.code
            assert found.code == found.code.lower().replace("_", "-").strip()
