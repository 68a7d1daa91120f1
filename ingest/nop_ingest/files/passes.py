"""One pass over a file: a preview, which reads only, or a commit, which stores batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from datetime import UTC, datetime

import msgspec

from nop_ingest.context import Context
from nop_ingest.files import commit, foretelling, statuses
from nop_ingest.files.ahead import Ahead
from nop_ingest.files.ending import Ending
from nop_ingest.files.errand import Errand, KeepFindings, Progress
from nop_ingest.files.reading import Batch, FileReader
from nop_ingest.files.row_book import RowBook
from nop_ingest.files.statuses import LASTING, Claims, StatusJudge, store_claims
from nop_ingest.formats.catalogue import find_format
from nop_ingest.sandbox import ParsedFile
from nop_ingest.tally import Tally
from nop_ingest.upload_report import Counts, StatusCounts, UploadReport
from nop_registry.access import acting_as
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind, Status
from nop_registry.store import deliveries
from nop_registry.store.evse_names import EvseNames
from nop_registry.store.lapses import find_outdated, note_statuses_of_file
from nop_registry.store.objects import Sent, find_sent, restore_refused
from nop_registry.store.sources import Source


class _Counts(msgspec.Struct):
    """What is kept with each committed batch, so that a cut commit ends with the right report."""

    locations: Tally = msgspec.field(default_factory=Tally)
    tariffs: Tally = msgspec.field(default_factory=Tally)
    evses: Counts = msgspec.field(default_factory=Counts)
    statuses: StatusCounts = msgspec.field(default_factory=StatusCounts)


class _Checkpoint(_Counts):
    """What is kept with one batch."""

    sent_before: list[tuple[int, Sent | None]] = []
    """Of its objects, while no row was good: the file may yet be refused as a whole."""


class Pass:
    """One file on its way."""

    def __init__(
        self,
        connection: Connection,
        source: Source,
        delivery: deliveries.Delivery | None,
        report: UploadReport,
        errand: Errand,
        progress: Progress,
        keep_findings: KeepFindings,
    ) -> None:
        """`delivery`: by which to commit; None: a preview."""
        self.connection = connection
        self.source = source
        self.delivery = delivery
        self.report = report
        self.errand = errand
        self.progress = progress
        self.keep_findings = keep_findings
        own = errand.writable
        self.context = Context(
            country=errand.country,
            received_at=delivery.started_at if delivery else datetime.now(UTC),
            default_country_code=source.country_code,
            default_party_id=_only_party(own),
        )
        self.counts = _Counts()
        self.seen: set[int] = set()
        self.listed: set[int] = set()  # rows were there, though refused: not missing
        self.unnamed = 0
        self.kinds: set[ObjectKind] = set()  # what the file is about
        self.claims_statuses = False  # of EVSEs that it lists
        self.current = 0  # of these, those that go out of date
        self.told: set[int] = set()  # sources of whose EVSEs it has begun to tell statuses
        self.owners: set[int] = set()  # sources whose EVSEs a dynamic file speaks of
        self.sent_before: dict[int, Sent | None] = {}  # of objects while no row was good
        self.judge: StatusJudge | None = None
        self.as_of = self.context.received_at  # when the statuses in the file were true

    def take(self, parsed: ParsedFile) -> None:
        """Read the parsed file, batch by batch, and finish."""
        self.report.format = parsed.format
        self.as_of = min(parsed.statuses_as_of or self.as_of, self.as_of)
        total, done = parsed.items, 0
        self.book = RowBook(find_format(parsed.format))
        reader = FileReader(
            self.source.id, self.context, self.book, self.errand.writable,
            f"source {self.source.name}",
        )  # fmt: skip
        pages_done = self._resume()
        with Ahead(reader.batches(parsed)) as batches:
            for page_no, batch in enumerate(batches, start=1):
                self._note(batch)
                if not batch.statuses:  # else the book is written in here too
                    batches.prepare()
                if self.delivery is None:
                    with self.connection.transaction():
                        self._foretell(batch)
                elif page_no > pages_done:
                    self._commit(self.delivery, page_no, batch)
                else:  # counted before it was cut; its rows are booked
                    self._judge(batch, StatusCounts())
                done += batch.items
                self.progress("checking" if self.delivery is None else "committing", done, total)
                batches.wait()
                self.keep_findings(self.book.take_new())
        self._tell_lapsed()
        self.book.fill(self.report)
        self.keep_findings(self.book.take_new())
        self._finish()

    def _resume(self) -> int:
        """How many batches a commit that was cut off had stored."""
        if self.delivery is None:
            return 0
        with self.connection.transaction():
            last = deliveries.last_page(self.connection, self.delivery)
        if last is None:
            return 0
        page_no, report, self.seen = last
        self.counts = msgspec.convert(report, _Counts)
        if not self._is_any_good():
            with self.connection.transaction():
                for kept in deliveries.list_reports(self.connection, self.delivery):
                    before = msgspec.convert(kept, _Checkpoint).sent_before
                    self.sent_before = dict(before) | self.sent_before
        return page_no

    def _note(self, batch: Batch) -> None:
        self.listed.update(batch.listed)
        self.unnamed += batch.unnamed
        if batch.locations or any(refused.location for refused in batch.refused):
            self.kinds.add(ObjectKind.LOCATION)
        if not all(item.in_passing for item in batch.tariffs) or any(
            refused.tariff for refused in batch.refused
        ):
            self.kinds.add(ObjectKind.TARIFF)
        for item in batch.locations:
            for evse in item.record.evses if item.record else ():
                self.claims_statuses |= evse.status is not Status.UNKNOWN
                self.current += evse.status not in LASTING

    def _foretell(self, batch: Batch) -> None:
        counts = self.counts
        if batch.locations:
            foretelling.foretell_batch(
                self.connection, self.source.id, batch.locations, counts.locations, counts.evses
            )
        if batch.tariffs:
            foretelling.foretell_tariff_batch(
                self.connection, self.source.id, batch.tariffs, counts.tariffs
            )
        self.seen.update(batch.numbers)
        self._judge(batch, counts.statuses)

    def _commit(self, delivery: deliveries.Delivery, page_no: int, batch: Batch) -> None:
        connection, counts, context = self.connection, self.counts, self.context
        with acting_as(connection, self.errand.actor):
            commit.commit_refused(connection, delivery, batch.refused)
            numbers = list(batch.listed)
            before = {} if self._is_any_good() else find_sent(connection, batch.numbers)
            self.sent_before = before | self.sent_before
            if self.claims_statuses:
                self._begin_statuses({self.source.id})
            if batch.locations:
                numbers += commit.commit_locations(
                    connection, delivery, batch.locations, self.seen, counts.locations,
                    counts.evses, context, self.as_of,
                )  # fmt: skip
            if batch.tariffs:
                numbers += commit.commit_tariffs(
                    connection, delivery, batch.tariffs, self.seen, counts.tariffs, context
                )
            claims = self._judge(batch, counts.statuses)
            self._begin_statuses(claims.live.keys())
            store_claims(connection, claims, context.received_at, self.as_of)
            kept = msgspec.to_builtins(counts) | {"sent_before": [*before.items()]}
            deliveries.save_page(connection, delivery, page_no, None, numbers, kept)

    def _begin_statuses(self, sources: Set[int]) -> None:
        for source_id in sorted(sources - self.told):
            note_statuses_of_file(self.connection, source_id, self.as_of)
        self.told |= sources

    def _judge(self, batch: Batch, counts: StatusCounts) -> Claims:
        if not batch.statuses:
            return Claims({}, [])
        if self.judge is None:
            names = EvseNames(self.connection, self.source.id, self.errand.writable)
            self.judge = StatusJudge(self.connection, names, self.book, self.context.received_at)
        claims = self.judge.judge(batch.statuses, counts)
        self.owners.update(claims.live)
        return claims

    def _tell_lapsed(self) -> None:
        """Say so when what the file says of statuses is not live any more."""
        current = self.judge.current if self.judge else Counter()
        current[self.source.id] += self.current
        with self.connection.transaction():
            lapsed = find_outdated(self.connection, current.keys(), self.as_of)
        if count := sum(current[source_id] for source_id in lapsed):
            self.book.add_file_notice(statuses.lapsed(count, self.as_of, min(lapsed.values())))

    def _is_any_good(self) -> bool:
        """Whether a row was: else the file may yet be refused as a whole."""
        tally, tariffs = self.counts.locations, self.counts.tariffs
        return tally.objects + tariffs.objects > tally.rejected + tariffs.rejected

    def _finish(self) -> None:
        tallies = {
            ObjectKind.LOCATION: self.counts.locations,
            ObjectKind.TARIFF: self.counts.tariffs,
        }
        report = self.report
        report.evses, report.statuses = self.counts.evses, self.counts.statuses
        report.locations, report.tariffs = (_counted(tally) for tally in tallies.values())
        ending = Ending(
            self.connection, self.source, report, self.errand, frozenset(self.kinds), self.unnamed
        )
        with self.connection.transaction():
            ending.count_missing(self.seen | self.listed)
        if self.delivery is None:
            return
        if report.rows <= report.rejected:
            with acting_as(self.connection, self.errand.actor):
                # A refused file was never sent: its successor is compared with its predecessor.
                for kind in tallies:
                    restore_refused(self.connection, self.source.id, kind, self.sent_before)
                ending.refuse(self.delivery)
            return
        ending.finish_commit(
            self.delivery, self.context.received_at, as_of=self.as_of,
            confirmed=self.owners | ({self.source.id} if self.claims_statuses else set()),
        )  # fmt: skip


def _only_party(own: frozenset[str] | None) -> str | None:
    """The party_id of rows that name none, if it can be but one."""
    return next(iter(own)).rpartition("*")[2] or None if own and len(own) == 1 else None


def _counted(tally: Tally) -> Counts:
    return Counts(new=tally.created, changed=tally.changed, unchanged=tally.unchanged + tally.stale)
