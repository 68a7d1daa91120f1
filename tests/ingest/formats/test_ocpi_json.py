"""Real answers of operators, where they are at hand: read whole, in the right version."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from nop_ingest.sandbox import parsed_in_child

FEEDS = Path(__file__).parents[4] / "shared/data/ocpi_feeds"
COUNTS = {
    "ocpi_2_1_1_locations-fastned": ("2.1.1", 106),
    "ocpi_2_2_1_locations-ev24": ("2.2.1", 11),
    "ocpi_2_2_1_locations-greems": ("2.2.1", 80),
    "ocpi_2_2_1_locations-itcharge": ("2.2.1", 1180),
    "ocpi_2_2_locations-chargesini": ("2.2.1", 448),
    "ocpi_2_2_locations-lakd.lt_2025-03-14": ("2.2.1", 1057),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_real_answer_is_read_whole(name: str) -> None:
    path = FEEDS / f"{name}.json.gz"
    if not path.exists():
        pytest.skip("needs ../shared/data/ocpi_feeds, which is not in the project")

    with parsed_in_child(path, path.name) as file:
        items = list(file)

    (told,) = [item.notice for item in items if item.__class__.__name__ == "FileNotice"]
    assert (file.format, told.value) == ("ocpi_json", COUNTS[name][0])
    assert Counter(item.__class__.__name__ for item in items) == {
        "FileNotice": 1, "ParsedLocation": COUNTS[name][1],
    }  # fmt: skip
