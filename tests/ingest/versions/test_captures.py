"""Real feeds, where they are at hand: they are not part of the project."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nop_ingest.ocpi.versions.v2_2_1 import VERSION
from nop_ingest.ocpi.versions.version import Context
from nop_ingest.report import Rejection

FEEDS = Path(__file__).parents[4] / "shared" / "data" / "ocpi_feeds"
pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason="real captures are not at hand")


@pytest.mark.parametrize(
    ("name", "country", "objects", "rejections"),
    [
        ("ocpi_2_1_1_locations-fastned", "NL", 106, {}),
        ("ocpi_2_2_1_locations-ev24", "PL", 11, {}),
        ("ocpi_2_2_1_locations-greems", "IL", 80, {}),
        (
            "ocpi_2_2_1_locations-itcharge", "RU", 1149,
            {"coordinates-zero": 31, "connector-no-standard": 11},
        ),
        ("ocpi_2_2_locations-chargesini", "MY", 448, {}),
        ("ocpi_2_2_locations-lakd.lt_2025-03-14", "LT", 1057, {"evse-uid-duplicate": 356}),
    ],
)  # fmt: skip
def test_a_real_feed_is_taken_but_for_what_cannot_be(
    name: str, country: str, objects: int, rejections: dict[str, int]
) -> None:
    context = Context(
        country=country,
        received_at=datetime(2026, 6, 2, tzinfo=UTC),
        default_country_code=country,
        default_party_id="ABC",
    )
    taken, refused = 0, Counter[str]()
    for item in json.loads(gzip.decompress((FEEDS / f"{name}.json.gz").read_bytes()))["data"]:
        record, findings = VERSION.to_location(json.dumps(item).encode(), context)
        taken += record is not None
        refused.update(found.code for found in findings if isinstance(found, Rejection))
    assert taken == objects
    assert refused == rejections
