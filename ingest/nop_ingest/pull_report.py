"""What a pull brought, for a data officer."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import msgspec

from nop_ingest.ocpi.quirks import Deviation
from nop_ingest.tally import Tally


class ModuleReport(msgspec.Struct):
    """What one module's delivery brought."""

    module: str
    mode: str
    state: str
    delivery_id: int
    pages: int
    bytes: int
    total: int | None
    seconds: float
    tally: Tally
    error: str | None = None
    notes: list[str] = []
    """What a person should know though nothing failed."""


class PullReport(msgspec.Struct):
    """What a pull brought."""

    source: str
    version: str
    started_at: datetime
    modules: list[ModuleReport]
    held: str | None = None
    """Why nothing was retired and a person must look."""
    quirks: list[Deviation] = []
    """How this peer deviates, as far as it is known."""

    @property
    def failed(self) -> bool:
        """True when a module did not arrive whole."""
        return any(m.state == "failed" for m in self.modules)

    @property
    def quarantined(self) -> dict[str, int]:
        """Objects that were not taken, by party: nobody agreed on these parties yet."""
        counts: Counter[str] = Counter()
        for module in self.modules:
            counts.update(module.tally.quarantine)
        return dict(sorted(counts.items()))
