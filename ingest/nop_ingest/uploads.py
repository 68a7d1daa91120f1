"""The upload door: a file of an operator, previewed or committed.

Parsed in a child process, then the same steps as a pull: normalise → check → store, a batch a
transaction. A preview only reads: it compares what would be stored with what is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from nop_ingest.files.errand import Errand, KeepFindings, Progress
from nop_ingest.files.parsed_files import ParsedFiles
from nop_ingest.files.passes import Pass
from nop_ingest.files.rollback import restore_version
from nop_ingest.upload_report import UploadReport
from nop_registry.access import acting_as
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NopError
from nop_registry.store import deliveries, upload_work, uploads
from nop_registry.store.objects import PARSER_VERSION
from nop_registry.store.sources import Source
from nop_registry.store.upload_files import MAX_BYTES


class UploadBusy(NopError):
    """Another upload of this source is being read now."""


def upload_file(
    connection: Connection,
    source: Source,
    path: Path,
    filename: str,
    errand: Errand,
    *,
    progress: Progress = lambda stage, done, total: None,
    keep_findings: KeepFindings = lambda findings: None,
    parsed_files: ParsedFiles | None = None,
) -> UploadReport:
    """Read a file of `source` and tell what it would do; with `errand.commit`, do it.

    `filename` is the sender's name for it. `parsed_files`: what earlier previews may have parsed,
    and where this one's is kept. The connection must not be in a transaction. Raises
    InvalidInput when the file as a whole cannot be used, UploadBusy when another one of the source
    is being read.
    """
    if source.kind != "upload":
        raise InvalidInput(f"{source.name} is an OCPI source: use `nop pull {source.name}`")
    checksum = _checksum(path)
    report = UploadReport(
        source=source.name,
        filename=filename[:255],
        sha256=checksum.hex(),
        state="committed" if errand.commit else "preview",
        parser=PARSER_VERSION,
        upload_id=errand.upload_id,
        whole=errand.whole,
    )
    with _locked(connection, source):
        with connection.transaction():
            before = uploads.find_committed(
                connection, source.id, checksum, report.parser, whole=errand.whole
            )
        if before is not None:
            report.state, report.version = "already-committed", before.version
            report.message = f"Nothing to do: this file was committed as upload {before.number}."
            return report
        delivery = None  # a preview delivers nothing
        if errand.commit:
            delivery = _open_delivery(connection, source, report.filename, checksum, errand)
        try:
            progress("reading", 0, None)
            files = parsed_files or ParsedFiles(most_bytes=0)
            with files.open(path, filename, checksum, keep=not errand.commit) as parsed:
                one_pass = Pass(
                    connection, source, delivery, report, errand, progress, keep_findings
                )
                one_pass.take(parsed)
        except Exception as error:
            if delivery is not None:
                _close_failed(connection, delivery, error, errand)
            raise
    return report


def roll_back(
    connection: Connection,
    source: Source,
    number: int,
    errand: Errand,
    *,
    progress: Progress = lambda stage, done, total: None,
) -> UploadReport:
    """Restore what the source said at that version; the result is a new version.

    The connection must not be in a transaction. Raises NotFound, InvalidInput or UploadBusy.
    """
    with _locked(connection, source):
        delivery = _open_delivery(connection, source, f"version {number}", None, errand)
        try:
            return restore_version(connection, source, number, delivery, errand, progress)
        except Exception as error:
            _close_failed(connection, delivery, error, errand)
            raise


def _open_delivery(
    connection: Connection, source: Source, filename: str, checksum: bytes | None, errand: Errand
) -> deliveries.Delivery:
    """A commit that was cut off goes on with its own."""
    with acting_as(connection, errand.actor):
        if errand.upload_id is not None:
            cut = upload_work.find_cut(connection, errand.upload_id)
            if cut is not None:
                return cut
        delivery = deliveries.open_delivery(
            connection, source.id, "upload", "file", filename=filename, checksum=checksum
        )
        if errand.upload_id is not None:
            upload_work.note_delivery(connection, errand.upload_id, delivery.id)
    return delivery


def _close_failed(
    connection: Connection, delivery: deliveries.Delivery, error: Exception, errand: Errand
) -> None:
    told = isinstance(error, NopError)
    if not told and errand.upload_id is not None:
        return  # the worker tries again, and goes on where this stopped
    with acting_as(connection, errand.actor):
        text = str(error) if told else "internal error"
        deliveries.finish_delivery(connection, delivery, "failed", {}, error=text)


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
        if not connection.closed:
            with connection.transaction():
                deliveries.unlock_source(connection, source.id, "upload")
