"""One module of one pull: page by page into the registry, then what is missing is settled.

A few pages and the checkpoint after them are one transaction, so a pull that is cut off goes on
where it stood.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from nop_ingest.agreement import Agreement
from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.crawl import Crawl
from nop_ingest.ocpi.errors import EgressDenied, EndpointMissing, PeerError
from nop_ingest.ocpi.paging import Page
from nop_ingest.ocpi.versions.version import Context, OcpiVersion
from nop_ingest.pipeline import Module, keep_locations, keep_tariffs, take_page
from nop_ingest.pull_report import ModuleReport
from nop_ingest.since import Ages
from nop_ingest.tally import Tally
from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.errors import InvalidInput, NopError
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import deliveries
from nop_registry.store.emissions import emit_references
from nop_registry.store.objects import count_objects
from nop_registry.store.retirement import needs_a_person, settle_absences
from nop_registry.store.sites import refresh_sites
from nop_registry.store.sources import Source, find_source

PAGE_LIMIT = 1000  # asked for; a peer gives what it likes
BATCH_OBJECTS, BATCH_BYTES, BATCH_S = 4000, 16_000_000, 3.0
CLOCK_STEP_S = 5  # a clock that is less wrong is called right
_MOVED = (
    "list-moved: {} fewer different objects came than the peer says it has, so some may have moved "
    "between pages: nothing was counted as missing{}. A peer that lists objects twice for good "
    "needs the quirk ignore_total"
)
_IN_PART = ", and the next full pull brings what was missed"
Progress = Callable[[str, int, int | None], None]
"""Called after each page: module, objects so far, total if the peer said one."""


class PullBusy(NopError):
    """Another process is pulling this source now."""


class NamedModule(msgspec.Struct):
    """An OCPI module and how its objects become records."""

    name: deliveries.Module
    part: Module[Any]


def modules_of(version: OcpiVersion) -> tuple[NamedModule, ...]:
    """What is pulled. Tariffs first: connectors refer to them (PU-12)."""
    tariffs: Module[TariffRecord] = Module(
        ObjectKind.TARIFF, version.peek_tariff, version.to_tariff, keep_tariffs
    )
    return NamedModule("tariffs", tariffs), NamedModule("locations", locations_of(version))


def locations_of(version: OcpiVersion) -> Module[LocationRecord]:
    """How a version's Locations become records."""
    return Module(ObjectKind.LOCATION, version.peek_location, version.to_location, keep_locations)


def context_of(
    source: Source, agreement: Agreement, country: str, asked_at: datetime, received_at: datetime
) -> Context:
    """The circumstances under which a source's objects came."""
    owner = agreement.owner
    return Context(
        country=country,
        default_country_code=owner[0] if owner else source.country_code,
        default_party_id=owner[1] if owner else None,
        received_at=received_at,
        agreed_parties=agreement.parties,
        asked_at=asked_at if agreement.peer else None,  # who has no connection does not push
    )


class Feed(msgspec.Struct, frozen=True):
    """Where a pull reads and for whom."""

    connection: Connection
    source: Source
    peer: OcpiPeer
    version: OcpiVersion
    agreement: Agreement
    country: str
    progress: Progress


class ModulePull:
    """What the page loop carries along. Run it once; then read what happened."""

    def __init__(self, feed: Feed, module: NamedModule, date_from: datetime | None) -> None:
        """`date_from`: since when; None: all of it."""
        self.held: str | None = None
        """Why nothing was retired and a person must look."""
        self.error: NopError | None = None
        self.is_compared = False
        """What it did not list was settled, or is held."""
        self.approval_used = False
        """It retired so much that a person's approval was needed."""
        self.began_at: datetime | None = None
        """When the oldest of its pages may have been read: before a cut, if it goes on."""
        self._feed = feed
        self._module = module
        self._date_from = date_from
        self._mode: deliveries.Mode = "full" if date_from is None else "incremental"
        self._seen: set[int] = set()
        self._tally = Tally()
        self._ages = Ages()
        self._pages = self._bytes = self._page_no = 0
        self._total: int | None = None
        self._notes: list[str] = []

    def run(self) -> ModuleReport:
        """Pull. Raises PullBusy; what the peer does wrong is in the report."""
        connection, source = self._feed.connection, self._feed.source
        with _locked(connection, source, self._module.name), _no_collector():
            with connection.transaction():
                checkpoint = deliveries.find_checkpoint(
                    connection, source.id, self._module.name, self._mode,
                    ocpi_version=self._feed.version.number,
                )  # fmt: skip
            delivery = self._open() if checkpoint is None else checkpoint.delivery
            self.began_at = delivery.started_at
            try:
                crawl = self._crawl(checkpoint)
                for pages in _batches(crawl):
                    self._take(delivery, pages)
            except NopError as error:
                self.error = error
                refused = isinstance(error, EgressDenied | EndpointMissing | PeerError)
                if checkpoint is not None and not self._pages and refused:
                    self._forget(delivery, str(error))
                return self._report(delivery, "failed", str(error))
            if not crawl.complete:
                # Left "running" (unless forgotten): the next pull goes on after its last page.
                reason = crawl.reason or "the list did not end properly"
                return self._report(delivery, "failed", reason)
            return self._finish(delivery)

    def _open(self) -> deliveries.Delivery:
        feed = self._feed
        self._ages = Ages(self._date_from)
        with feed.connection.transaction():
            return deliveries.open_delivery(
                feed.connection, feed.source.id, self._module.name, self._mode,
                date_from=self._date_from, ocpi_version=feed.version.number,
            )  # fmt: skip

    def _crawl(self, checkpoint: deliveries.Checkpoint | None) -> Crawl:
        """From the start, or on after the last page of a pull that was cut off."""
        peer, name = self._feed.peer, self._module.name
        if checkpoint is None:
            return peer.pages(name, date_from=self._ages.date_from, limit=PAGE_LIMIT)
        self._seen = set(checkpoint.seen)
        self._tally = msgspec.convert(checkpoint.report, Tally)
        self._page_no = checkpoint.page_no
        return peer.pages(
            name, start_url=checkpoint.next_url, limit=PAGE_LIMIT, received=self._tally.objects
        )

    def _take(self, delivery: deliveries.Delivery, pages: list[Page]) -> None:
        """Some pages and the checkpoint after them, in one transaction."""
        feed, last = self._feed, pages[-1]
        context = context_of(
            feed.source, feed.agreement, feed.country, pages[0].asked_at, last.received_at
        )
        items = [item for page in pages for item in page.items]
        self._page_no += len(pages)
        with feed.connection.transaction():
            numbers = take_page(
                feed.connection, delivery, self._module.part, items, self._seen, self._tally,
                context,
            )  # fmt: skip
            deliveries.save_page(
                feed.connection, delivery, self._page_no, last.next_url, numbers,
                msgspec.to_builtins(self._tally),
            )  # fmt: skip
            if find_source(feed.connection, feed.source.id) is None:
                raise InvalidInput(f"{feed.source.name} was withdrawn while it was pulled")
        self._ages.look_at(items)
        self._pages += len(pages)
        self._bytes += sum(page.size_bytes for page in pages)
        self._total = last.total if last.total is not None else self._total
        if last.peer_clock is not None:
            ahead_s = round((last.peer_clock - last.received_at).total_seconds())
            feed.peer.quirks["clock_ahead_s"] = ahead_s if abs(ahead_s) > CLOCK_STEP_S else 0
        feed.progress(self._module.name, self._tally.objects, self._total)

    def _finish(self, delivery: deliveries.Delivery) -> ModuleReport:
        connection = self._feed.connection
        state: Literal["complete", "held"] = "complete"
        with connection.transaction():
            lacking = self._lacking()
            if lacking:
                self._tally.notices["list-moved"] = 1
                in_part = "" if self._date_from is None else _IN_PART
                self._notes.append(_MOVED.format(lacking, in_part))
            if self._date_from is not None:
                self._notice_ignored_date(connection)
            elif not lacking:
                state = self._settle_absences(delivery)
            report = msgspec.to_builtins(self._tally) | {"notes": self._notes}
            deliveries.finish_delivery(connection, delivery, state, report, total=self._total)
        return self._report(delivery, state)

    def _lacking(self) -> int:
        """How many objects moved to a page that had been read already (PU-4).

        As many came as the peer says it has, but some of them twice. On one page nothing moves.
        """
        if self._total is None or self._page_no == 1:
            return 0
        if self._feed.peer.quirks.get("ignore_total"):
            return 0
        return max(0, self._total - len(self._seen) - self._tally.nameless)

    def _settle_absences(self, delivery: deliveries.Delivery) -> Literal["complete", "held"]:
        connection, source, kind = self._feed.connection, self._feed.source, self._module.part.kind
        absence = settle_absences(
            connection, delivery, kind, approved=source.removal_approved, at=datetime.now(UTC),
            nameless=self._tally.nameless,
        )  # fmt: skip
        self.is_compared = True
        self.approval_used = not absence.held and needs_a_person(absence.known, absence.missing)
        self._tally.missing = absence.missing
        self._tally.retired = len(absence.retired)
        if kind is ObjectKind.LOCATION and (absence.turned or absence.retired):
            moved = sorted({*absence.turned, *absence.retired})
            announce(connection, moved, (), refresh_sites(connection, moved))
        elif kind is ObjectKind.TARIFF:
            emit_references(connection, absence.retired)
        if absence.unsure:
            self._notes.append(
                f"{self._tally.nameless} objects came without a usable id and may be among the "
                f"{absence.missing} that are not listed: nothing was retired"
            )
        if absence.held:
            self.held = (
                f"{absence.missing} of {absence.known} {self._module.name} are not listed "
                f"any more. Nothing was retired. If they are really gone: "
                f"nop source release {source.name} --accept-removal"
            )
            return "held"
        return "complete"

    def _notice_ignored_date(self, connection: Connection) -> None:
        """PU-6: everything came back, most of it older than what was asked for."""
        known = count_objects(connection, self._feed.source.id, self._module.part.kind)
        if self._ages.mostly_older and self._tally.objects >= 0.9 * known:
            self._feed.peer.quirks["ignores_date_from"] = True
            self._notes.append("the peer ignores date_from: from now on each pull is a full one")

    def _forget(self, delivery: deliveries.Delivery, reason: str) -> None:
        """The peer no longer knows the page to go on from: the next pull begins anew."""
        report = msgspec.to_builtins(self._tally)
        with self._feed.connection.transaction():
            deliveries.finish_delivery(
                self._feed.connection, delivery, "failed", report, total=self._total, error=reason
            )

    def _report(
        self, delivery: deliveries.Delivery, state: str, error: str | None = None
    ) -> ModuleReport:
        seconds = (datetime.now(UTC) - delivery.started_at).total_seconds()
        return ModuleReport(
            self._module.name, delivery.mode, state, delivery.id, self._pages, self._bytes,
            self._total, round(seconds, 2), self._tally, error, self._notes,
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
