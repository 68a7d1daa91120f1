"""The captured feeds of real operators, odd as they are, end in the registry or in the report."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from operator_server import Operator

from nop_ingest.pull import PullReport
from nop_registry.database import Connection

FEEDS = Path(__file__).parents[3] / "shared/data/ocpi_feeds"

pytestmark = pytest.mark.skipif(
    not FEEDS.exists(), reason="the captures of real feeds are not beside the checkout"
)


@pytest.mark.parametrize(
    "feed",
    sorted(FEEDS.glob("*.json.gz")),
    ids=lambda path: path.name.split("-", 1)[1].removesuffix(".json.gz"),
)
def test_every_location_and_evse_is_in_the_registry_or_in_the_report(
    connection: Connection, operator: Operator, pull_now: Callable[..., PullReport], feed: Path
) -> None:
    found = json.loads(gzip.decompress(feed.read_bytes()).decode("utf-8-sig"))
    operator.locations = found["data"] if isinstance(found, dict) else found
    for location in operator.locations:  # OCPI 2.1.1 objects name no party
        location.setdefault("country_code", "NL")
        location.setdefault("party_id", "FAS")
    operator.page_size = 500
    tally = pull_now().modules[1].tally
    rows = connection.execute(
        """SELECT (SELECT count(*) FROM location), (SELECT count(*) FROM evse),
               (SELECT count(DISTINCT object_key) FROM finding
                WHERE outcome = 'rejected' AND length(message) < 20)"""
    ).fetchone()
    assert rows is not None
    locations, evses, mute = rows
    sent = sum(len(location.get("evses") or []) for location in operator.locations)
    assert tally.objects == len(operator.locations)
    assert tally.created == locations
    assert tally.objects == tally.created + tally.changed + tally.repeated + tally.rejected
    assert tally.evses == sent == evses + tally.evses_rejected + tally.evses_repeated
    assert mute == 0  # every rejection is a sentence
    again = pull_now(full=True).modules[1].tally
    assert again.created == again.changed == 0
