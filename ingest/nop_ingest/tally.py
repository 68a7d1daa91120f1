"""What became of a delivery, in numbers that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from nop_ingest.ocpi.versions.version import Raw
from nop_ingest.received import Decoded, evse_count
from nop_ingest.report import Finding, Rejection
from nop_registry.records import LocationRecord
from nop_registry.store.locations import Written


class Tally(msgspec.Struct):
    """What became of a delivery. `objects` is the sum of the seven outcomes below it."""

    objects: int = 0
    created: int = 0
    changed: int = 0
    """A new version was written."""
    unchanged: int = 0
    """Nothing static changed (a status may have)."""
    stale: int = 0
    """Older than what is held: not applied."""
    repeated: int = 0
    """Came twice in one pull with the same content (pages that overlap, objects that move)."""
    rejected: int = 0
    """Not taken; `rejections` says why."""
    nameless: int = 0
    """Of the rejected: those without a usable id; which objects they are cannot be said."""
    quarantined: int = 0
    """Not taken: of parties that were not agreed on; `quarantine` says which."""
    evses: int = 0
    """EVSEs in these objects, but those of unchanged ones, which are not read."""
    evses_rejected: int = 0
    """Of these: refused by themselves or with their location."""
    evses_repeated: int = 0
    """Of these: in locations listed twice."""
    statuses: int = 0
    """EVSEs whose status changed (first statuses included)."""
    missing: int = 0
    retired: int = 0
    rejections: dict[str, int] = {}
    notices: dict[str, int] = {}
    quarantine: dict[str, int] = {}
    """Objects by party, such as IN*ABC."""

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Count findings by code."""
        for found in findings:
            book = self.rejections if isinstance(found, Rejection) else self.notices
            book[found.code] = book.get(found.code, 0) + 1

    def add_repeated(self, raw: Raw) -> None:
        """Count an object that came before in this delivery."""
        evses = evse_count(raw)
        self.repeated += 1
        self.evses += evses
        self.evses_repeated += evses

    def add_quarantined(self, party: str) -> None:
        """Count an object of a party that was not agreed on (PU-11)."""
        self.quarantined += 1
        self.quarantine[party] = self.quarantine.get(party, 0) + 1

    def add_unchanged_refusal(self) -> None:
        """Count an object that was refused before and is still the same."""
        self.rejected += 1
        code = "unchanged-since-rejected"
        self.rejections[code] = self.rejections.get(code, 0) + 1

    def add_outcome(
        self, decoded: Sequence[Decoded[Any]], written: Written, *, repeat: bool
    ) -> None:
        """Count decoded objects by what the store made of them."""
        refused = set(written.stale) if repeat else set[int]()
        self.created += len(written.created)
        self.changed += len(written.changed)
        for item in decoded:
            self.add_findings(item.findings)
            if item.record is None or item.received.number in refused:
                self._add_refused(item)
        if repeat:  # an object that moved between pages, and perhaps changed its status meanwhile
            same = set(written.unchanged)
            self.repeated += len(same)
            self.evses_repeated += sum(
                len(item.record.evses)
                for item in decoded
                if isinstance(item.record, LocationRecord) and item.received.number in same
            )
        else:
            self.unchanged += len(written.unchanged)
            self.stale += len(written.stale)

    def _add_refused(self, item: Decoded[Any]) -> None:
        self.rejected += 1
        if isinstance(item.record, LocationRecord):
            self.evses_rejected += len(item.record.evses)  # already counted as EVSEs
        elif item.record is None:
            evses = evse_count(item.received.raw)
            self.evses += evses
            self.evses_rejected += evses


def most_common(book: dict[str, int], count: int = 10) -> list[tuple[str, int]]:
    """The most frequent codes of a tally, for a short report."""
    return Counter(book).most_common(count)
