"""Rows of a dynamic file: each says a status of one EVSE, and creates and removes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from nop_ingest.files.row_book import RowBook
from nop_ingest.pipeline import show
from nop_ingest.reading.upload_format import ParsedStatus
from nop_ingest.report import Notice, Rejection
from nop_ingest.upload_report import StatusCounts
from nop_registry.database import Connection
from nop_registry.enums import Severity, Status
from nop_registry.store.evse_names import EvseNames, HeldStatus, held_statuses
from nop_registry.store.statuses import (
    StatusWrite,
    append_claims,
    store_statuses,
    yield_to_claims,
)

_UNKNOWN = Rejection(
    "evse-unknown", "evses.evse_id",
    "no EVSE of this id is held: send the station's static data first, or correct the id",
)  # fmt: skip
_OLDER = Notice(
    "status-older-than-held", Severity.INFO, "evses.last_updated",
    "a newer status of this EVSE is known and stands: nothing to do",
)  # fmt: skip
_UNDATED = Notice(
    "status-undated", Severity.INFO, "evses.last_updated",
    "A status without a time counts from when it was received: send since when it is so, in UTC.",
)  # fmt: skip
OLD = timedelta(days=30)
"""A status that was last true so long ago is not shown as live, whatever it says."""
LASTING = (Status.UNKNOWN, Status.PLANNED, Status.REMOVED)
"""Statuses that do not go out of date."""


class Claims(NamedTuple):
    """What is to be written."""

    live: dict[int, list[StatusWrite]]
    """By number of the source whose EVSEs they are."""
    past: list[StatusWrite]
    """Too old to be live: of these the history is told, and `live` that nothing is known."""


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
        self._told_undated = False
        self.current: Counter[int] = Counter()
        """Statuses that go out of date and are not known to have: how many, by number of the
        source whose EVSEs they are."""

    def judge(self, rows: Sequence[ParsedStatus], counts: StatusCounts) -> Claims:
        """What is to be written; the rows are booked and counted."""
        found = self._names.find((row.evse_id, row.uid) for row in rows)
        numbers = {evse.number for evses in found for evse in evses}
        held = held_statuses(self._connection, numbers - self._said.keys()) | self._said
        live: dict[int, list[StatusWrite]] = defaultdict(list)
        past: list[StatusWrite] = []
        for row, evses in zip(rows, found, strict=True):
            if not evses:
                counts.unknown += 1
                unknown = msgspec.structs.replace(_UNKNOWN, value=row.evse_id)
                self._book.add_status(row, taken=False, findings=[unknown])
                continue
            at = row.changed_at or self._received_at
            is_old = self._received_at - at > OLD and row.status not in LASTING
            status = Status.UNKNOWN if is_old else row.status
            outcomes = set()
            for evse in evses:
                known = held.get(evse.number)
                outcome = _outcome(status, at, known)
                outcomes.add(outcome)
                claim = StatusWrite(evse.number, evse.location_number, row.status, row.changed_at)
                if is_old and (known is None or not known.is_claimed or at > known.claimed_at):
                    past.append(claim)
                if outcome != "older":
                    held[evse.number] = self._said[evse.number] = HeldStatus(status, at, True)
                live[evse.source_id].append(claim._replace(status=status))
            for outcome in _WEIGHTIEST_FIRST:
                if outcome in outcomes:
                    setattr(counts, outcome, getattr(counts, outcome) + 1)
                    break
            if status not in LASTING and outcomes != {"older"}:
                self.current.update({evse.source_id for evse in evses})
            remarks = [_OLDER] if outcomes == {"older"} else []
            if is_old:
                remarks.append(_old(row, self._received_at - at))
            self._tell_if_undated(row)
            self._book.add_status(row, taken=True, findings=remarks)
        return Claims(live, past)

    def _tell_if_undated(self, row: ParsedStatus) -> None:
        if row.changed_at is None and not self._told_undated:
            self._told_undated = True
            self._book.add_file_notice(_UNDATED)


def _old(row: ParsedStatus, age: timedelta) -> Notice:
    return Notice(
        "status-old", Severity.WARNING, "evses.last_updated",
        f"It was {row.status.value} {age.days} days ago, which is too old to be shown as live: it "
        "is kept in the history, and the status is UNKNOWN. Send when it was last confirmed.",
        f"{row.changed_at:%Y-%m-%dT%H:%M:%SZ}",
    )  # fmt: skip


def lapsed(count: int, as_of: datetime, believed_for: timedelta) -> Notice:
    """Remark on a file whose statuses, newest `as_of`, are older than their source is believed."""
    return Notice(
        "statuses-lapsed", Severity.WARNING, "evses.last_updated",
        f"{count:,} statuses are too old to be shown as live, since the newest time in the file is "
        f"{as_of:%Y-%m-%dT%H:%M:%SZ} and this source is believed for "
        f"{believed_for // timedelta(minutes=1):,} minutes; they are published as UNKNOWN: send "
        "the file sooner, or each status with the time when it was last confirmed. If you can "
        "only send less often, ask the platform to believe this source for longer.",
        f"{as_of:%Y-%m-%dT%H:%M:%SZ}",
    )  # fmt: skip


def _outcome(status: Status, at: datetime, held: HeldStatus | None) -> _Outcome:
    if held is None:
        return "changed"
    if held.is_claimed and at < held.claimed_at:
        return "older"
    return "unchanged" if held.status is status else "changed"


def store_claims(
    connection: Connection, claims: Claims, received_at: datetime, as_of: datetime
) -> int:
    """Write them; returns how many EVSEs' status changed. The newest claim wins.

    `as_of`: when what the file says was true. It is no fresher for having been sent now.
    """
    changed = 0
    append_claims(connection, claims.past, received_at)
    for source_id, writes in sorted(claims.live.items()):
        yield_to_claims(connection, writes)
        live = store_statuses(connection, source_id, writes, received_at, as_of=as_of)
        show(connection, live.unlisted)
        changed += live.changed
    return changed
