"""The pull door: everything an OCPI operator's Sender interface has, into the registry.

One module after the other (tariffs first: connectors refer to them). A few pages and the
checkpoint after them are one transaction, so a pull that is cut off goes on where it stood.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from psycopg.pq import TransactionStatus

from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.crawl import Crawl
from nop_ingest.ocpi.errors import AuthFailed, EndpointMissing, PeerError
from nop_ingest.ocpi.paging import Page
from nop_ingest.ocpi.versions import v2_2_1
from nop_ingest.ocpi.versions.version import Context, OcpiVersion
from nop_ingest.pipeline import Module, keep_locations, keep_tariffs, take_page
from nop_ingest.tally import Tally
from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.errors import InvalidInput, NopError
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import deliveries, sources
from nop_registry.store.retirement import settle_absences
from nop_registry.store.sites import refresh_sites
from nop_registry.store.sources import Source

PAGE_LIMIT = 1000  # asked for; a peer gives what it likes
BATCH_OBJECTS, BATCH_BYTES, BATCH_S = 4000, 16_000_000, 3.0
Progress = Callable[[str, int, int | None], None]
"""Called after each page: module, objects so far, total if the peer said one."""


class PullBusy(NopError):
    """Another process is pulling this source now."""


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


class PullReport(msgspec.Struct):
    """What a pull brought, for a data officer."""

    source: str
    version: str
    started_at: datetime
    modules: list[ModuleReport]
    held: str | None = None
    """Why nothing was retired and a person must look."""

    @property
    def failed(self) -> bool:
        """True when a module did not arrive whole."""
        return any(m.state == "failed" for m in self.modules)


def pull(
    connection: Connection,
    source: Source,
    *,
    key: bytes,
    country: str,
    full: bool = False,
    progress: Progress = lambda module, done, total: None,
) -> PullReport:
    """Pull tariffs and locations of `source` now. `key` unseals its token.

    Full when asked, when none was made for the source's `full_every_s`, or when the peer ignores
    date_from; else only what changed since the last success. Raises PullBusy, or a NopError that
    says why the peer could not be read; both leave the registry as it was. Commits by itself: the
    connection must not be in a transaction.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise RuntimeError("pull() commits by itself: end the open transaction first")
    if source.versions_url is None:
        raise InvalidInput(f"{source.name} is not an OCPI source: use `nop upload` for files")
    started_at = datetime.now(UTC)
    whole = full or not _may_be_incremental(source, started_at)
    with connection.transaction():
        sources.note_attempt(connection, source)
    quirks = dict(source.quirks)
    try:
        with OcpiPeer(
            source.versions_url,
            source.token(key),
            allow_loopback=source.allow_loopback,
            quirks=quirks,
        ) as peer:
            endpoints = peer.discover()
            endpoints.url_of("locations")  # a pull without them would confirm every status unread
            report = PullReport(source.name, endpoints.version, started_at, [])
            for module in _modules(v2_2_1.VERSION):
                if module.name in endpoints.modules:
                    job = _Pull(connection, source, peer, module, whole, country, progress)
                    report.modules.append(job.run(report))
    except PullBusy:  # says nothing against the peer
        raise
    except NopError as error:
        with connection.transaction():
            auth = isinstance(error, AuthFailed)
            sources.note_failure(connection, source, str(error), auth=auth)
        raise
    _settle(connection, source, report, whole, quirks)
    return report


def _may_be_incremental(source: Source, now: datetime) -> bool:
    if source.last_success_at is None or source.last_full_at is None:
        return False
    due = source.last_full_at + timedelta(seconds=source.full_every_s) <= now
    return not due and not source.quirks.get("ignores_date_from")


class _NamedModule(msgspec.Struct):
    """An OCPI module and how its objects become records."""

    name: deliveries.Module
    part: Module[Any]


def _modules(version: OcpiVersion) -> tuple[_NamedModule, ...]:
    tariffs: Module[TariffRecord] = Module(
        ObjectKind.TARIFF, version.peek_tariff, version.to_tariff, keep_tariffs
    )
    locations: Module[LocationRecord] = Module(
        ObjectKind.LOCATION, version.peek_location, version.to_location, keep_locations
    )
    return _NamedModule("tariffs", tariffs), _NamedModule("locations", locations)


class _Pull:
    """One module of one pull: what the page loop carries along."""

    def __init__(
        self,
        connection: Connection,
        source: Source,
        peer: OcpiPeer,
        module: _NamedModule,
        full: bool,
        country: str,
        progress: Progress,
    ) -> None:
        self.connection, self.source, self.peer = connection, source, peer
        self.module, self.full, self.country, self.progress = module, full, country, progress
        self.seen: set[int] = set()
        self.tally = Tally()
        self.pages = self.bytes = self.page_no = 0
        self.resumed = False
        self.total: int | None = None

    def run(self, pull_report: PullReport) -> ModuleReport:
        with _locked(self.connection, self.source, self.module.name), _no_collector():
            delivery, crawl = self._begin()
            # The pages before a cut are as old as the delivery: the next pull asks from then on.
            pull_report.started_at = min(pull_report.started_at, delivery.started_at)
            try:
                for pages in _batches(crawl):
                    self._take(delivery, pages)
            except NopError as error:
                refused = isinstance(error, PeerError | EndpointMissing)
                if self.resumed and not self.pages and refused:
                    self._forget(delivery, str(error))
                return self._fail(delivery, str(error))
            if not crawl.complete:
                return self._fail(delivery, crawl.reason or "the list did not end properly")
            return self._finish(delivery, pull_report)

    def _begin(self) -> tuple[deliveries.Delivery, Crawl]:
        """A new delivery, or the one that was cut off, from its next page."""
        mode: deliveries.Mode = "full" if self.full else "incremental"
        since = None if self.full else _since(self.source)
        with self.connection.transaction():
            checkpoint = deliveries.find_checkpoint(
                self.connection, self.source.id, self.module.name, mode
            )
            if checkpoint is None:
                delivery = deliveries.open_delivery(
                    self.connection, self.source.id, self.module.name, mode, date_from=since
                )
                return delivery, self.peer.pages(
                    self.module.name, date_from=since, limit=PAGE_LIMIT
                )
        self.resumed = True
        self.seen = set(checkpoint.seen)
        self.tally = msgspec.convert(checkpoint.report, Tally)
        self.page_no = checkpoint.page_no
        return checkpoint.delivery, self.peer.pages(
            self.module.name, start_url=checkpoint.next_url, limit=PAGE_LIMIT,
            received=self.tally.objects,
        )  # fmt: skip

    def _take(self, delivery: deliveries.Delivery, pages: list[Page]) -> None:
        """Some pages and the checkpoint after them, in one transaction."""
        last = pages[-1]
        context = Context(
            country=self.country,
            default_country_code=self.source.country_code,
            default_party_id=None,
            received_at=last.received_at,
        )
        items = [item for page in pages for item in page.items]
        self.page_no += len(pages)
        with self.connection.transaction():
            numbers = take_page(
                self.connection, delivery, self.module.part, items, self.seen, self.tally, context
            )
            deliveries.save_page(
                self.connection, delivery, self.page_no, last.next_url, numbers,
                msgspec.to_builtins(self.tally),
            )  # fmt: skip
        self.pages += len(pages)
        self.bytes += sum(page.size_bytes for page in pages)
        self.total = last.total if last.total is not None else self.total
        if last.peer_clock is not None:
            ahead_s = (last.peer_clock - last.received_at).total_seconds()
            self.peer.quirks["clock_ahead_s"] = round(ahead_s) if abs(ahead_s) > 5 else 0
        self.progress(self.module.name, self.tally.objects, self.total)

    def _finish(self, delivery: deliveries.Delivery, pull_report: PullReport) -> ModuleReport:
        state: Literal["complete", "held"] = "complete"
        at = datetime.now(UTC)
        with self.connection.transaction():
            if self.full:
                absence = settle_absences(
                    self.connection, delivery, self.module.part.kind,
                    approved=self.source.removal_approved, at=at,
                )  # fmt: skip
                self.tally.missing = absence.missing
                self.tally.retired = len(absence.retired)
                if absence.held:
                    state = "held"
                    pull_report.held = (
                        f"{absence.missing} of {absence.known} {self.module.name} are not listed "
                        f"any more. Nothing was retired. If they are really gone: "
                        f"nop source release {self.source.name} --accept-removal"
                    )
                if self.module.part.kind is ObjectKind.LOCATION:
                    _show(self.connection, sorted({*absence.turned, *absence.retired}))
            report = msgspec.to_builtins(self.tally)
            deliveries.finish_delivery(self.connection, delivery, state, report, total=self.total)
        return self._report(delivery, state)

    def _forget(self, delivery: deliveries.Delivery, reason: str) -> None:
        """The peer no longer knows the page to go on from: the next pull begins anew."""
        report = msgspec.to_builtins(self.tally)
        with self.connection.transaction():
            deliveries.finish_delivery(
                self.connection, delivery, "failed", report, total=self.total, error=reason
            )

    def _fail(self, delivery: deliveries.Delivery, reason: str) -> ModuleReport:
        # Left "running" (unless forgotten): the next pull goes on after its last page.
        return self._report(delivery, "failed", reason)

    def _report(
        self, delivery: deliveries.Delivery, state: str, error: str | None = None
    ) -> ModuleReport:
        seconds = (datetime.now(UTC) - delivery.started_at).total_seconds()
        return ModuleReport(
            self.module.name, delivery.mode, state, delivery.id, self.pages, self.bytes, self.total,
            round(seconds, 2), self.tally, error,
        )  # fmt: skip


def _batches(crawl: Crawl) -> Iterator[list[Page]]:
    """Pages to commit together: enough for set-based writing, little enough to lose in a crash.

    What arrived before a page that fails is given out before the error is raised.
    """
    batch: list[Page] = []
    began = time.monotonic()
    try:
        for page in crawl:
            batch.append(page)
            objects = sum(len(p.items) for p in batch)
            size = sum(p.size_bytes for p in batch)
            waited_s = time.monotonic() - began
            if objects >= BATCH_OBJECTS or size >= BATCH_BYTES or waited_s > BATCH_S:
                yield batch
                batch, began = [], time.monotonic()
    except NopError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _since(source: Source) -> datetime:
    """PU-5: the last success less an overlap for clocks and slow transactions."""
    assert source.last_success_at is not None  # noqa: S101 - _may_be_incremental
    overlap = timedelta(seconds=min(600, max(30, 2 * source.pull_every_s)))
    skew = timedelta(seconds=float(source.quirks.get("clock_ahead_s", 0)))
    return source.last_success_at - overlap + skew


def _show(connection: Connection, locations: list[int]) -> None:
    if locations:
        announce(connection, locations, (), refresh_sites(connection, locations))


def _settle(
    connection: Connection, source: Source, report: PullReport, full: bool, quirks: dict[str, Any]
) -> None:
    """Remember how the pull went."""
    with connection.transaction():
        if report.failed:
            errors = [f"{m.module}: {m.error}" for m in report.modules if m.error]
            sources.note_failure(connection, source, "; ".join(errors))
            return
        sources.note_success(
            connection, source, started_at=report.started_at, full=full, quirks=quirks
        )
        if report.held:
            sources.hold_source(connection, source, report.held)
        elif full and (source.removal_approved or source.state == "held"):
            sources.release_source(connection, source.name, accept_removal=False)


@contextmanager
def _locked(connection: Connection, source: Source, module: deliveries.Module) -> Iterator[None]:
    with connection.transaction():
        if not deliveries.lock_source(connection, source.id, module):
            raise PullBusy(f"{source.name} is being pulled now; wait for that pull to end")
    try:
        yield
    finally:
        with connection.transaction():
            deliveries.unlock_source(connection, source.id, module)


@contextmanager
def _no_collector() -> Iterator[None]:
    # Records hold no cycles: the cyclic collector only costs time here (×1.6–2.3).
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
