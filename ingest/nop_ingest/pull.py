"""The pull door: everything an OCPI operator's Sender interface has, into the registry.

One module after the other, in the best version that both sides speak. What the pull learns about
the peer is remembered in the source's quirks, also when it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from psycopg.pq import TransactionStatus

from nop_ingest.agreement import Agreement, find_agreement
from nop_ingest.module_pull import Feed, ModulePull, Progress, PullBusy, modules_of
from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.errors import AuthFailed, NoSupportedVersion, PeerBusy
from nop_ingest.ocpi.quirks import describe
from nop_ingest.ocpi.versions import VERSIONS, find_version
from nop_ingest.pull_report import ModuleReport, PullReport
from nop_ingest.since import since
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NopError
from nop_registry.store import sources
from nop_registry.store.deliveries import Pulled, last_pulled
from nop_registry.store.quarantine import count_quarantined
from nop_registry.store.sources import Source

__all__ = ["ModuleReport", "Progress", "PullBusy", "PullReport", "open_peer", "pull"]


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
    date_from; else only what changed since the last success, which each module has by itself.
    Raises PullBusy, or a NopError that says why the peer could not be read; both leave the registry
    as it was. Commits by itself: the connection must not be in a transaction.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise RuntimeError("pull() commits by itself: end the open transaction first")
    if source.versions_url is None and not source.module_urls:
        raise InvalidInput(
            f"{source.name} has no OCPI address to pull from: it pushes, or uploads files"
        )
    if source.withdrawn_at:
        raise InvalidInput(
            f"{source.name} is withdrawn; `nop source release {source.name}` brings it back"
        )
    started_at = datetime.now(UTC)
    full = full or since(source, _locations_pulled(source), started_at) is None
    with connection.transaction():
        sources.note_attempt(connection, source)
        agreement = find_agreement(connection, source, country)
    quirks = agreement.quirks(source.quirks)
    try:
        with open_peer(source, agreement, quirks, key=key) as peer:
            report, pulls = _pull_modules(
                connection, source, peer, agreement, country, full, progress, started_at
            )
    except PullBusy:  # says nothing against the peer
        raise
    except NopError as error:
        if isinstance(error, AuthFailed) and (renewed := _renewed(connection, source)):
            return pull(connection, renewed, key=key, country=country, full=full, progress=progress)
        with connection.transaction():
            _note_failure(connection, source, str(error), [error], quirks)
        raise
    refused = any(isinstance(p.error, AuthFailed) for p in pulls)
    if refused and (renewed := _renewed(connection, source)):
        return pull(connection, renewed, key=key, country=country, full=full, progress=progress)
    report.quirks = describe(quirks)
    _settle(connection, source, agreement, report, full, quirks, pulls)
    if agreement.peer is not None:
        with connection.transaction():
            count_quarantined(
                connection, agreement.peer, report.quarantined, whole=full and not report.failed
            )
    return report


def _renewed(connection: Connection, source: Source) -> Source | None:
    """The source with the token that it was given since the pull began, or None.

    A peer that renews its credentials may refuse the old token before we have heard of the new one.
    """
    with connection.transaction():
        now = sources.find_source(connection, source.id)
    return now if now is not None and now.token_sealed != source.token_sealed else None


def open_peer(
    source: Source, agreement: Agreement, quirks: dict[str, Any], *, key: bytes
) -> OcpiPeer:
    """The client for a source. `quirks` grows by what is learnt."""
    return OcpiPeer(
        source.versions_url,
        source.token(key),
        module_urls=source.module_urls,
        routing=agreement.routing,
        allow_loopback=source.allow_loopback,
        quirks=quirks,
    )


def _pull_modules(
    connection: Connection,
    source: Source,
    peer: OcpiPeer,
    agreement: Agreement,
    country: str,
    full: bool,
    progress: Progress,
    started_at: datetime,
) -> tuple[PullReport, list[ModulePull]]:
    endpoints = peer.discover()
    endpoints.url_of("locations")  # a pull without them would confirm every status unread
    version = find_version(endpoints.version)
    if version is None:  # an open feed that a person pinned to one we do not know
        raise NoSupportedVersion([endpoints.version], [v.number for v in VERSIONS])
    report = PullReport(source.name, endpoints.version, started_at, [])
    feed = Feed(connection, source, peer, version, agreement, country, progress)
    pulls = []
    for module in modules_of(version):
        if module.name in endpoints.modules:
            pulled = _locations_pulled(source)
            if module.name != "locations":
                with connection.transaction():
                    pulled = last_pulled(connection, source.id, module.name)
            job = ModulePull(feed, module, None if full else since(source, pulled, started_at))
            pulls.append(job)
            report.modules.append(job.run())
            # The pages before a cut are as old as the delivery: the next pull asks from then on.
            report.started_at = min(report.started_at, job.began_at or report.started_at)
            report.held = job.held or report.held
    return report, pulls


def _locations_pulled(source: Source) -> Pulled:
    """What the source says of itself is of its locations, with which its statuses come."""
    return Pulled(source.last_success_at, source.last_full_at)


def _settle(
    connection: Connection,
    source: Source,
    agreement: Agreement,
    report: PullReport,
    full: bool,
    quirks: Mapping[str, Any],
    pulls: list[ModulePull],
) -> None:
    """Remember how the pull went. An approved removal is used up when it was done, or when all that
    could be missing was compared."""
    errors = [p.error for p in pulls if p.error]
    settled = all(p.is_compared for p in pulls) or any(p.approval_used for p in pulls)
    arrived = any(m.module == "locations" and m.state != "failed" for m in report.modules)
    with connection.transaction():
        if arrived:
            sources.note_success(
                connection, source, started_at=report.started_at, full=full,
                quirks=_learnt(source, quirks),
            )  # fmt: skip
            if agreement.has_grown(connection):  # seen only now that the source's row is ours
                sources.ask_for_all(connection, source.id)
        if report.held:
            sources.hold_source(connection, source, report.held)
        elif full and settled and (source.removal_approved or source.state == "held"):
            sources.settle_removal(connection, source)
        if report.failed:
            # Last: so failures of tariffs alone never add up to a pause, nor to a refusal.
            reasons = [f"{m.module}: {m.error}" for m in report.modules if m.error]
            _note_failure(connection, source, "; ".join(reasons), errors, quirks)


def _note_failure(
    connection: Connection,
    source: Source,
    message: str,
    errors: list[NopError],
    quirks: Mapping[str, Any],
) -> None:
    waits = [e.retry_after_s for e in errors if isinstance(e, PeerBusy) and e.retry_after_s]
    sources.note_failure(
        connection,
        source,
        message,
        auth=any(isinstance(error, AuthFailed) for error in errors),
        quirks=_learnt(source, quirks),
        wait_s=max(waits, default=None),
    )


def _learnt(source: Source, quirks: Mapping[str, Any]) -> dict[str, Any]:
    """What this pull found out. A person may have changed other quirks meanwhile."""
    absent = object()
    return {
        name: value
        for name, value in quirks.items()
        if name != "version" and source.quirks.get(name, absent) != value
    }
