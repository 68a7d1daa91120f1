"""What a source said at an earlier version, restored exactly: a new version like any other.

Statuses are not turned back: an EVSE that is there keeps the newest claim; one that returns has the
status it had in that version, as fresh as that version is.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from nop_ingest.files.commit import compare_evses
from nop_ingest.files.ending import note_outcome
from nop_ingest.files.errand import Errand, Progress
from nop_ingest.pipeline import claims_of, show
from nop_ingest.upload_report import Counts, UploadReport
from nop_registry.access import acting_as
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.errors import InvalidInput
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import deliveries, source_versions, sources, uploads
from nop_registry.store.deliveries import Delivery
from nop_registry.store.emissions import emit_references
from nop_registry.store.locations import LocationWrite, store_locations
from nop_registry.store.objects import Sent, raw_digest, save_objects
from nop_registry.store.retirement import restore_missing, retire_objects
from nop_registry.store.source_versions import ObjectState, SourceVersion
from nop_registry.store.sources import Source
from nop_registry.store.statuses import StatusWrite, store_statuses, without_status
from nop_registry.store.tariffs import TariffWrite, store_tariffs

_BATCH = 1000


class _Counts(msgspec.Struct):
    locations: Counts = msgspec.field(default_factory=Counts)
    evses: Counts = msgspec.field(default_factory=Counts)
    tariffs: Counts = msgspec.field(default_factory=Counts)


class _Part(NamedTuple):
    """Objects of a batch, by what is to become of them."""

    locations: list[LocationWrite]
    tariffs: list[TariffWrite]
    gone: list[int]


def restore_version(
    connection: Connection,
    source: Source,
    number: int,
    delivery: Delivery,
    errand: Errand,
    progress: Progress = lambda stage, done, total: None,
) -> UploadReport:
    """Bring the source back to that version, batch by batch; one that was cut off goes on.

    The caller holds the source's lock. Raises NotFound, or InvalidInput when it cannot be restored.
    """
    with connection.transaction():
        target = source_versions.get_version(connection, source.id, number)
        differing = source_versions.list_differing(connection, source.id, None, target)
        last = deliveries.last_page(connection, delivery)
    page_no = last[0] if last else 0
    counts = msgspec.convert(last[1], _Counts) if last else _Counts()
    for begin in range(0, len(differing), _BATCH):
        batch = differing[begin : begin + _BATCH]
        page_no += 1
        with acting_as(connection, errand.actor):
            _restore(connection, source, delivery, target, batch, counts)
            deliveries.save_page(
                connection, delivery, page_no, None, batch, msgspec.to_builtins(counts)
            )
        progress("restoring", begin + len(batch), len(differing))
    report = UploadReport(
        source=source.name, filename=f"version {number}", sha256="", state="committed",
        upload_id=errand.upload_id, locations=counts.locations, evses=counts.evses,
        tariffs=counts.tariffs,
    )  # fmt: skip
    _finish(connection, source, delivery, target, errand, report)
    return report


def _restore(
    connection: Connection,
    source: Source,
    delivery: Delivery,
    target: SourceVersion,
    batch: list[int],
    counts: _Counts,
) -> None:
    states = source_versions.read_states(connection, batch, target)
    part = _sorted_out(states, batch)
    numbers = batch
    before = uploads.evse_digests(connection, numbers)
    at = delivery.started_at
    stored = store_locations(connection, delivery, part.locations, at, overriding=True)
    tariffs = store_tariffs(connection, delivery, part.tariffs, at, overriding=True)
    gone = retire_objects(connection, delivery, ObjectKind.LOCATION, part.gone, at)
    gone_tariffs = retire_objects(connection, delivery, ObjectKind.TARIFF, part.gone, at)
    for kind in ObjectKind:
        save_objects(
            connection, source.id, kind,
            [Sent(s.number, _key(s), raw_digest(s.raw), False)
             for s in states.values() if s.kind is kind],
        )  # fmt: skip
    claims = _first_claims(connection, source, part)
    store_statuses(connection, source.id, claims, at, as_of=target.made_at)
    show(connection, [write.number for write in part.locations] + gone)
    emit_references(connection, [write.number for write in part.tariffs] + gone_tariffs)
    counts.locations.new += len(stored.created)
    counts.locations.changed += len(stored.changed)
    counts.locations.missing += len(gone)
    counts.tariffs.new += len(tariffs.created)
    counts.tariffs.changed += len(tariffs.changed)
    counts.tariffs.missing += len(gone_tariffs)
    after = uploads.evse_digests(connection, [n for n in numbers if n not in set(gone)])
    compare_evses(counts.evses, before, after)


def _sorted_out(states: dict[int, ObjectState], batch: list[int]) -> _Part:
    part = _Part([], [], [number for number in batch if number not in states])
    for number, state in states.items():
        if state.record is None:
            raise InvalidInput(
                "this version cannot be restored: it came before versions were kept whole"
            )
        record = state.decoded()
        if isinstance(record, LocationRecord):
            part.locations.append(LocationWrite(number, record, state.raw, False))
        elif isinstance(record, TariffRecord):
            part.tariffs.append(TariffWrite(number, record, state.raw))
    return part


def _key(state: ObjectState) -> str:
    record = state.decoded()
    return f"{record.country_code}*{record.party_id}*{record.id}"


def _first_claims(connection: Connection, source: Source, part: _Part) -> list[StatusWrite]:
    claims = [
        claim
        for write in part.locations
        for claim in claims_of(source.id, write.number, write.record)
    ]
    silent = without_status(connection, [claim.evse_number for claim in claims])
    return [claim for claim in claims if claim.evse_number in silent]


def _finish(
    connection: Connection,
    source: Source,
    delivery: Delivery,
    target: SourceVersion,
    errand: Errand,
    report: UploadReport,
) -> None:
    with connection.transaction():
        missing = source_versions.list_missing(connection, target)
    with acting_as(connection, errand.actor):
        turned = restore_missing(connection, source.id, missing, delivery.started_at)
        show(connection, turned)
        deliveries.finish_delivery(
            connection, delivery, "complete", msgspec.to_builtins(report), total=0
        )
        counts = {name: getattr(report, name) for name in ("locations", "evses", "tariffs")}
        report.version = source_versions.add_version(
            connection, delivery, kind="rollback", actor=errand.actor,
            counts=msgspec.to_builtins(counts), upload_id=errand.upload_id, restores=target.number,
        )  # fmt: skip
        if source.state == "held":  # what waited for a person's word is not missing any more
            sources.settle_removal(connection, source)
        note_outcome(connection, report)
