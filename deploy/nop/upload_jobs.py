"""What the worker does with operators' files: check them, take them, roll back.

One job a source: it works off what is on its way, the oldest first. A worker that dies leaves the
upload's state and the delivery's checkpoint; the next one goes on there.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import IO

import msgspec
import psycopg
import structlog
from procrastinate import App, RetryStrategy

from nop_ingest.files.errand import Errand
from nop_ingest.files.parsed_files import ParsedFiles
from nop_ingest.upload_report import RowFinding, UploadReport
from nop_ingest.uploads import UploadBusy, roll_back, upload_file
from nop_registry.access import Principal, Role, reaches
from nop_registry.database import Connection, connect
from nop_registry.errors import InvalidInput, NopError
from nop_registry.settings import Settings
from nop_registry.store import source_parties, sources, upload_files, upload_work
from nop_registry.store.objects import PARSER_VERSION
from nop_registry.store.upload_files import Upload

log = structlog.get_logger()
OWN_FAULT = "The platform itself failed; its log says why. Nothing of your file is lost."
_AT_ONCE = 2  # files read at a time by a process: each may take half a GiB
_slots = threading.BoundedSemaphore(_AT_ONCE)
_parsed_files = ParsedFiles()
_TOLD_EVERY_S = 0.5
Progress = Callable[[str, int, int | None], None]


class Interrupted(Exception):
    """The worker is asked to stop: the file is gone on with another time."""


class _NoRoom(Exception):
    """As many files as may be are being read by this process."""


class Withdrawn(Exception):
    """Nobody wants the file any more."""


def add_task(jobs: App, url: str, settings: Settings, stopping: threading.Event) -> None:
    """Teach the queue the task `upload`."""

    def check() -> None:
        if stopping.is_set():
            raise Interrupted

    @jobs.task(
        name=upload_files.TASK,
        queue=upload_files.TASK,
        retry=RetryStrategy(
            wait=5,
            retry_exceptions=[psycopg.OperationalError, Interrupted, UploadBusy, _NoRoom],
        ),
    )
    def work_off(source_id: int) -> None:
        if not _slots.acquire(blocking=False):
            raise _NoRoom  # later: who waits here keeps a pull from its turn
        try:
            work_off_source(url, settings, source_id, check)
        finally:
            _slots.release()


def work_off_source(
    url: str, settings: Settings, source_id: int, check: Callable[[], None] = lambda: None
) -> None:
    """Bring everything that is on its way of a source to where it waits for a person, or is done.

    `check` is called as it goes on, and may raise.
    """
    while True:
        check()
        with connect(url) as connection:  # a new one each time: a sender's rights end with it
            upload = upload_work.next_to_do(connection, source_id)
            connection.commit()
            if upload is None:
                return

            def progress(stage: str, done: int, total: int | None) -> None:
                check()

            process(connection, upload, country=settings.country, progress=progress)


def process(
    connection: Connection,
    upload: Upload,
    *,
    country: str,
    progress: Progress = lambda stage, done, total: None,
) -> UploadReport | None:
    """Check an upload or take it, as is wanted; None when it failed, which is noted with it.

    Raises UploadBusy, psycopg.OperationalError and what `progress` raises: it is then to be
    processed again. The connection must not be in a transaction.
    """
    tell = _Teller(connection, upload.id, progress)
    try:
        return _do(connection, upload, country, tell)
    except Withdrawn:
        return None
    except (psycopg.OperationalError, Interrupted, UploadBusy):
        raise
    except NopError as error:
        _fail(connection, upload, str(error))
    except Exception:
        log.exception("upload failed", upload=upload.id, source=upload.source)
        connection.rollback()
        _fail(connection, upload, OWN_FAULT)
    return None


def _do(connection: Connection, upload: Upload, country: str, tell: _Teller) -> UploadReport:
    with connection.transaction():
        claimed = upload_work.claim(connection, upload.id)
        if claimed is None:
            raise Withdrawn
        upload = claimed
        source = sources.find_source(connection, upload.source_id)
        owned = source_parties.find_owned_by_id(connection, upload.source_id)
    if source is None or owned is None:
        raise InvalidInput("this source was withdrawn: it takes no files")
    sender = sender_of(upload)
    if not reaches(sender, owned):
        raise InvalidInput("this source brings data of parties that its sender does not act for")
    errand = Errand(
        country=country,
        commit=upload.commit_wanted,
        whole=upload.whole,
        actor=sender,
        parties=owned.parties or None,
        removal_accepted=upload.removal_accepted,
        is_edit=upload.kind == "edit",
        upload_id=upload.id,
    )
    if upload.to_version is not None:
        report = roll_back(connection, source, upload.to_version, errand, progress=tell.progress)
    else:
        with tempfile.NamedTemporaryFile(prefix="nop-upload-") as file:
            with connection.transaction():
                _spool(connection, upload, file)
            keep = _Keeper(connection, upload)
            report = upload_file(
                connection, source, Path(file.name), upload.filename, errand,
                progress=tell.progress, keep_findings=keep.keep, parsed_files=_parsed_files,
            )  # fmt: skip
    _settle(connection, upload, report)
    return report


def sender_of(upload: Upload) -> Principal:
    """Who sent it, with the rights that they had then."""
    is_own = upload.actor_kind == "system"
    return Principal(
        kind="system" if is_own else "key" if upload.actor_kind == "key" else "account",
        name=upload.actor,
        role=Role.ADMIN if is_own else Role.OPERATOR_EDITOR,
        account_id=upload.account_id,
        key_id=upload.key_id,
        parties=None if upload.parties is None else frozenset(upload.parties),
    )


def _spool(connection: Connection, upload: Upload, file: IO[bytes]) -> None:
    digest = sha256()
    for chunk in upload_files.read_chunks(connection, upload.id):
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    upload_files.set_facts(connection, upload.id, sha256=digest.digest())


def _settle(connection: Connection, upload: Upload, report: UploadReport) -> None:
    """Note the end of a file that changed nothing; that of another is noted with its changes."""
    if report.state not in ("preview", "already-committed"):
        return
    body = msgspec.json.encode(report)
    with connection.transaction():
        upload_files.set_facts(
            connection, upload.id, format=report.format or upload.format, version=report.version
        )
        if report.state == "preview":
            upload_work.settle_preview(connection, upload.id, body)
        else:
            upload_work.note_state(connection, upload.id, "committed", report=body)


def _fail(connection: Connection, upload: Upload, reason: str) -> None:
    with connection.transaction():
        upload_work.note_state(connection, upload.id, "failed", error=reason[:2000])


class _Teller:
    """Tells the upload's row how far it is, twice a second, and whether it is still wanted."""

    def __init__(self, connection: Connection, upload_id: int, further: Progress) -> None:
        self._connection = connection
        self._upload_id = upload_id
        self._further = further
        self._told_at = 0.0

    def progress(self, stage: str, done: int, total: int | None) -> None:
        self._further(stage, done, total)
        now = time.monotonic()
        if now - self._told_at < _TOLD_EVERY_S and done != total:
            return
        self._told_at = now
        with self._connection.transaction():
            wanted = upload_work.note_progress(
                self._connection, self._upload_id, stage, done, total
            )
        if not wanted:
            raise Withdrawn


class _Keeper:
    """Keeps what is found, unless the preview of the same reading has kept it."""

    def __init__(self, connection: Connection, upload: Upload) -> None:
        self._connection = connection
        self._upload_id = upload.id
        told = upload.report or {}
        # What is found in statuses depends on what is held, which may be more by now.
        self._kept = (
            upload.commit_wanted
            and told.get("parser") == PARSER_VERSION
            and not any((told.get("statuses") or {}).values())
        )
        self._n = 0
        if not self._kept:
            with connection.transaction():
                upload_work.forget_row_findings(connection, upload.id)

    def keep(self, findings: list[RowFinding]) -> None:
        if self._kept or not findings:
            return
        rows = [
            upload_files.RowFinding(
                n, f.row, f.column, f.value, f.code, f.severity.value, f.message
            )
            for n, f in enumerate(findings, start=self._n + 1)
        ]
        self._n += len(rows)
        with self._connection.transaction():
            upload_work.add_row_findings(self._connection, self._upload_id, rows)
