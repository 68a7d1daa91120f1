"""The upload door: a file of an operator, previewed or committed.

Parsed in a child process, then the same steps as a pull: normalise → check → store, a batch of
Locations a transaction. A preview does exactly the same and rolls each batch back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from nop_ingest.context import Context
from nop_ingest.formats.catalogue import find_format
from nop_ingest.formats.upload_format import FileNotice, Parsed, ParsedLocation, RefusedRow
from nop_ingest.normalise.steps import normalise_location
from nop_ingest.ocpi.versions.version import Key
from nop_ingest.pipeline import Module, keep_locations, take_page
from nop_ingest.report import Finding, Rejection
from nop_ingest.sandbox import ParsedFile, parsed_in_child
from nop_ingest.tally import Tally
from nop_ingest.upload_report import Counts, RowBook, UploadReport
from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind, Severity
from nop_registry.errors import InvalidInput, NopError
from nop_registry.identifiers import object_number
from nop_registry.records import LocationRecord
from nop_registry.store import deliveries, sources, uploads
from nop_registry.store.findings import FindingRow, replace_findings
from nop_registry.store.objects import PARSER_VERSION, Sent, find_sent, restore_refused
from nop_registry.store.retirement import settle_absences
from nop_registry.store.sites import refresh_sites
from nop_registry.store.sources import Source

MAX_BYTES = 100 << 20
BATCH = 1000  # Locations a transaction
KEPT_FINDINGS = 1000  # of a report, for reading it again later
Progress = Callable[[str, int, int | None], None]
"""Called as it goes on: what is being done, how much is done, of how much."""


class UploadBusy(NopError):
    """Another upload of this source is being read now."""


def upload_file(
    connection: Connection,
    source: Source,
    path: Path,
    filename: str,
    *,
    country: str,
    commit: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> UploadReport:
    """Read a file of `source` and tell what it would do; with `commit`, do it.

    `filename` is the sender's name for it; `country` the nation served (ISO 3166 alpha-2). The
    file is taken for the source's whole inventory: what it does not list is missing. The
    connection must not be in a transaction. Raises InvalidInput when the file as a whole cannot be
    used, UploadBusy when another one of the source is being read.
    """
    if source.kind != "upload":
        raise InvalidInput(f"{source.name} is an OCPI source: use `nop pull {source.name}`")
    checksum = _checksum(path)
    report = UploadReport(
        source=source.name,
        filename=filename[:255],
        sha256=checksum.hex(),
        state="committed" if commit else "preview",
        parser=PARSER_VERSION,
    )
    with _locked(connection, source):
        with connection.transaction():
            before = uploads.find_committed(connection, source.id, checksum, report.parser)
        if before is not None:
            report.state, report.upload_id = "already-committed", before
            report.message = f"Nothing to do: this file was committed as upload {before}."
            return report
        with connection.transaction():
            delivery = deliveries.open_delivery(
                connection, source.id, "upload", "file", filename=report.filename, checksum=checksum
            )
        report.upload_id = delivery.id
        try:
            progress("reading", 0, None)
            with parsed_in_child(path, filename) as parsed:
                _Upload(connection, source, delivery, report, country, progress).take(
                    parsed, commit
                )
        except Exception as error:
            with connection.transaction():
                text = str(error) if isinstance(error, NopError) else "internal error"
                deliveries.finish_delivery(connection, delivery, "failed", {}, error=text)
            raise
    return report


class _Upload:
    """One file on its way."""

    def __init__(
        self,
        connection: Connection,
        source: Source,
        delivery: deliveries.Delivery,
        report: UploadReport,
        country: str,
        progress: Progress,
    ) -> None:
        self.connection = connection
        self.source = source
        self.delivery = delivery
        self.report = report
        self.progress = progress
        self.context = Context(
            country=country,
            received_at=datetime.now(UTC),
            default_country_code=source.country_code,
        )
        self.tally = Tally()
        self.seen: set[int] = set()
        self.listed: set[int] = set()  # rows were there, though refused: not missing
        self.unnamed = 0  # rows of which nobody can say to which Location they belong
        self.sent_before: dict[int, Sent | None] = {}  # of Locations while no row was good

    def take(self, parsed: ParsedFile, commit: bool) -> None:
        """Bring the parsed file in, batch by batch, and finish the delivery."""
        self.report.format = parsed.format
        total, done = parsed.items, 0
        if total == 0:
            raise InvalidInput("the file has no rows below its header")
        book = RowBook(find_format(parsed.format))
        for page_no, batch in enumerate(_batches(parsed), start=1):
            with self.connection.transaction(force_rollback=not commit):
                seen = self._take_batch(batch, book)
                if commit:
                    deliveries.save_page(
                        self.connection, self.delivery, page_no, None, seen,
                        msgspec.to_builtins(self.tally),
                    )  # fmt: skip
            done += len(batch)
            self.progress("checking", done, total)
        book.fill(self.report)
        with self.connection.transaction():
            self._count()
            if commit and not self.report.rows > self.report.rejected:
                self._refuse()
            elif commit:
                self._settle_absences()
                self._finish_commit()
            else:
                self._finish("preview")

    def _take_batch(self, batch: list[Parsed], book: RowBook) -> list[int]:
        """Returns the numbers of the Locations in the batch, refused ones included."""
        by_raw: dict[bytes, _Settled] = {}
        refused: list[RefusedRow] = []
        for item in batch:
            if isinstance(item, ParsedLocation):
                record, findings = normalise_location(item.record, self.context)
                placed = book.add_location(item, record, findings)
                if item.partial:
                    placed.append(_PARTIAL)
                by_raw[bytes(item.raw)] = _Settled(item.record, record, placed)
            elif isinstance(item, RefusedRow):
                book.add_refused(item)
                refused.append(item)
            elif isinstance(item, FileNotice):
                book.add_file_notice(item.notice)
        replace_findings(self.connection, self.delivery, [], map(_finding_row, refused))
        numbers = [self._number(*r.location) for r in refused if r.location]
        self.listed.update(numbers)
        self.unnamed += sum(r.location is None for r in refused)
        return self._take_locations(by_raw) + numbers

    def _take_locations(self, by_raw: dict[bytes, _Settled]) -> list[int]:
        def peek(raw: bytes | memoryview) -> Key:
            given = by_raw[bytes(raw)].given
            return Key(given.country_code, given.party_id, given.id)

        def decode(
            raw: bytes | memoryview, context: Context
        ) -> tuple[LocationRecord | None, list[Finding]]:
            settled = by_raw[bytes(raw)]
            return settled.record, settled.findings

        given = [s.given for s in by_raw.values()]
        numbers = [self._number(r.country_code, r.party_id, r.id) for r in given]
        before = uploads.evse_digests(self.connection, numbers)
        if self.tally.objects == self.tally.rejected:  # the file may yet be refused as a whole
            self.sent_before = find_sent(self.connection, numbers) | self.sent_before
        module = Module(ObjectKind.LOCATION, peek, decode, keep_locations)
        taken = take_page(
            self.connection,
            self.delivery,
            module,
            list(by_raw),
            self.seen,
            self.tally,
            self.context,
        )
        _compare(self.report.evses, before, uploads.evse_digests(self.connection, numbers))
        return taken

    def _number(self, country_code: str, party_id: str, location_id: str) -> int:
        return object_number("location", self.source.id, country_code, party_id, location_id)

    def _count(self) -> None:
        report, tally = self.report, self.tally
        absent = uploads.count_absent(self.connection, self.source.id, self.seen | self.listed)
        report.locations = Counts(
            new=tally.created,
            changed=tally.changed,
            unchanged=tally.unchanged + tally.stale,
            missing=absent.locations,
        )
        report.evses.missing += absent.evses

    def _settle_absences(self) -> None:
        """Retire what is gone for good, and nothing that a person should look at first."""
        absence = settle_absences(
            self.connection, self.delivery, ObjectKind.LOCATION,
            approved=self.source.removal_approved, at=self.context.received_at,
            nameless=self.unnamed,
        )  # fmt: skip
        if moved := sorted({*absence.turned, *absence.retired}):
            announce(self.connection, moved, (), refresh_sites(self.connection, moved))
        if absence.unsure:
            self.report.message = (
                f"{self.unnamed} refused rows name no Location that can be read. They may belong "
                f"to the {absence.missing} that the file does not list, so nothing was retired."
            )
        if absence.held:
            self.report.state = "held"
            self.report.message = (
                f"{absence.missing} of {absence.known} Locations are not in the file. Nothing was "
                "retired. If they are really gone: "
                f"nop source release {self.source.name} --accept-removal, then upload again."
            )

    def _refuse(self) -> None:
        # A refused file was never sent: its successor is compared with its predecessor.
        restore_refused(self.connection, self.source.id, ObjectKind.LOCATION, self.sent_before)
        self.report.state = "refused"
        self.report.message = "No row can be used, so nothing was changed: mend the rows as told."
        self._finish("failed")

    def _finish_commit(self) -> None:
        source, report = self.source, self.report
        uploads.forget_refused_rows(self.connection, self.delivery)
        self._finish("held" if report.state == "held" else "complete")
        sources.note_success(
            self.connection, source, started_at=self.context.received_at, full=True,
            quirks=source.quirks,
        )  # fmt: skip
        if report.state == "held":
            sources.hold_source(self.connection, source, report.message or "")
        elif source.removal_approved or source.state == "held":
            sources.release_source(self.connection, source.name, accept_removal=False)

    def _finish(self, state: Literal["complete", "held", "failed", "preview"]) -> None:
        kept = msgspec.to_builtins(self.report.shortened(KEPT_FINDINGS))
        deliveries.finish_delivery(
            self.connection, self.delivery, state, kept, total=self.report.rows
        )


class _Settled(msgspec.Struct, frozen=True):
    """A Location before and after the steps."""

    given: LocationRecord
    record: LocationRecord | None
    findings: list[Finding]


# The path is that of an EVSE: the store then keeps the EVSEs that are not among the good rows.
_PARTIAL = Rejection(
    "rows-refused",
    "evses[]",
    "Some rows of this Location were refused; what they said before stays published.",
)


def _finding_row(refused: RefusedRow) -> FindingRow:
    found = refused.rejection
    return FindingRow(
        None, ObjectKind.LOCATION, f"row {found.row_no}", "rejected", Severity.ERROR, found.code,
        found.path, found.value, found.message, found.row_no,
    )  # fmt: skip


def _compare(counts: Counts, before: dict[int, bytes], after: dict[int, bytes]) -> None:
    for number, digest in after.items():
        if number not in before:
            counts.new += 1
        elif before[number] == digest:
            counts.unchanged += 1
        else:
            counts.changed += 1
    counts.missing += len(before.keys() - after.keys())


def _batches(parsed: ParsedFile) -> Iterator[list[Parsed]]:
    items = iter(parsed)
    while batch := list(islice(items, BATCH)):
        yield batch


def _checksum(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise InvalidInput(
            f"the file has {size >> 20} MiB; {MAX_BYTES >> 20} MiB are allowed: split it"
        )
    if size == 0:
        raise InvalidInput("the file is empty")
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()


@contextmanager
def _locked(connection: Connection, source: Source) -> Iterator[None]:
    with connection.transaction():
        if not deliveries.lock_source(connection, source.id, "upload"):
            raise UploadBusy(f"another file of {source.name} is being read now; try again later")
    try:
        yield
    finally:
        with connection.transaction():
            deliveries.unlock_source(connection, source.id, "upload")
