"""Objects of parties that nobody agreed on: counted and reported, not stored (PU-11, CR-13)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nop_ingest.received import Received
from nop_ingest.tally import Tally

_OWNER = re.compile(r"([A-Z]{2})\*([A-Z0-9]{3})\*")


def set_aside(
    received: Iterable[Received], agreed: frozenset[tuple[str, str]], tally: Tally
) -> list[Received]:
    """Without the objects of parties that were not agreed on, which are counted (PU-11).

    What was taken before and is still the same stays; what names no party is refused elsewhere.
    """
    kept = []
    for item in received:
        owner = _OWNER.match(item.key)
        if owner is None or (owner[1], owner[2]) in agreed:
            kept.append(item)
        else:
            tally.add_quarantined(f"{owner[1]}*{owner[2]}")
    return kept
