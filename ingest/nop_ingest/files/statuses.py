"""Rows of a dynamic file: each says a status of one EVSE, and creates and removes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from nop_ingest.files.row_book import RowBook
from nop_ingest.formats.upload_format import ParsedStatus
from nop_ingest.pipeline import show
from nop_ingest.report import Notice, Rejection
from nop_ingest.upload_report import StatusCounts
from nop_registry.database import Connection
from nop_registry.enums import Severity
from nop_registry.store.evse_names import EvseNames, HeldStatus, held_statuses
from nop_registry.store.statuses import StatusWrite, store_statuses, yield_to_claims

_UNKNOWN = Rejection(
    "evse-unknown", "evses.evse_id",
    "no EVSE of this id is held: send the station's static data first, or correct the id",
)  # fmt: skip
_OLDER = Notice(
    "status-older-than-held", Severity.INFO, "evses.last_updated",
    "a newer status of this EVSE is known and stands: nothing to do",
)  # fmt: skip
Claims = dict[int, list[StatusWrite]]
"""By number of the source whose EVSEs they are."""
_Outcome = Literal["changed", "unchanged", "older"]
_WEIGHTIEST_FIRST: tuple[_Outcome, ...] = ("changed", "unchanged", "older")


class StatusJudge:
    """Tells of each row of one file what it does: a preview tells what its commit will."""

    def __init__(
        self, connection: Connection, names: EvseNames, book: RowBook, received_at: datetime
    ) -> None:
        self._connection = connection
        self._names = names
        self._book = book
        self._received_at = received_at
        self._said: dict[int, HeldStatus] = {}  # by rows before, which may not be stored

    def judge(self, rows: Sequence[ParsedStatus], counts: StatusCounts) -> Claims:
        """What is to be written; the rows are booked and counted."""
        found = self._names.find((row.evse_id, row.uid) for row in rows)
        numbers = {evse.number for evses in found for evse in evses}
        held = held_statuses(self._connection, numbers - self._said.keys()) | self._said
        claims: Claims = defaultdict(list)
        for row, evses in zip(rows, found, strict=True):
            if not evses:
                counts.unknown += 1
                unknown = msgspec.structs.replace(_UNKNOWN, value=row.evse_id)
                self._book.add_status(row, taken=False, findings=[unknown])
                continue
            at = row.changed_at or self._received_at
            outcomes = set()
            for evse in evses:
                outcome = _outcome(row, at, held.get(evse.number))
                outcomes.add(outcome)
                if outcome != "older":
                    held[evse.number] = self._said[evse.number] = HeldStatus(row.status, at, True)
                claims[evse.source_id].append(
                    StatusWrite(evse.number, evse.location_number, row.status, row.changed_at)
                )
            for outcome in _WEIGHTIEST_FIRST:
                if outcome in outcomes:
                    setattr(counts, outcome, getattr(counts, outcome) + 1)
                    break
            older = [_OLDER] if outcomes == {"older"} else []
            self._book.add_status(row, taken=True, findings=older)
        return claims


def _outcome(row: ParsedStatus, at: datetime, held: HeldStatus | None) -> _Outcome:
    if held is None:
        return "changed"
    if held.is_claimed and at < held.claimed_at:
        return "older"
    return "unchanged" if held.status is row.status else "changed"


def store_claims(connection: Connection, claims: Claims, received_at: datetime) -> int:
    """Write them; returns how many EVSEs' status changed. The newest claim wins."""
    changed = 0
    for source_id, writes in sorted(claims.items()):
        yield_to_claims(connection, writes)
        live = store_statuses(connection, source_id, writes, received_at)
        show(connection, live.unlisted)
        changed += live.changed
    return changed
