"""What a batch of a file would do to the registry: read only, so nobody waits for a preview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from nop_ingest.files.keeping import with_what_was_good
from nop_ingest.files.reading import SettledLocation, SettledTariff
from nop_ingest.tally import Tally
from nop_ingest.upload_report import Counts
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.store.foretelling import foretell_locations
from nop_registry.store.locations import LocationWrite, Written
from nop_registry.store.objects import known_objects, raw_digest
from nop_registry.store.tariffs import TariffWrite, foretell_tariffs

S = TypeVar("S", SettledLocation, SettledTariff)


def foretell_batch(
    connection: Connection,
    source_id: int,
    settled: Sequence[SettledLocation],
    tally: Tally,
    evses: Counts,
) -> None:
    """Count what these Locations would become, and their EVSEs."""
    moved = _moved(connection, source_id, ObjectKind.LOCATION, settled, tally)
    partial = {i.number: i.record for i in moved if i.partial and i.record is not None}
    merged = with_what_was_good(connection, partial)
    writes = [
        LocationWrite(i.number, merged.get(i.number, i.record), b"", False)
        for i in moved
        if i.record is not None
    ]
    stored = {write.number for write in writes}
    others = [item.number for item in settled if item.number not in stored]
    told = foretell_locations(connection, source_id, writes, others)
    _count(tally, told.locations)
    evses.new += told.new
    evses.changed += told.changed
    evses.unchanged += told.unchanged
    evses.missing += told.missing


def foretell_tariff_batch(
    connection: Connection, source_id: int, settled: Sequence[SettledTariff], tally: Tally
) -> None:
    """Count what these Tariffs would become."""
    moved = _moved(connection, source_id, ObjectKind.TARIFF, settled, tally)
    writes = [TariffWrite(i.number, i.record, b"") for i in moved if i.record is not None]
    _count(tally, foretell_tariffs(connection, writes))


def _moved(
    connection: Connection, source_id: int, kind: ObjectKind, settled: Sequence[S], tally: Tally
) -> list[S]:
    """Those whose bytes are not the ones sent last; the others are counted."""
    digests = [raw_digest(item.raw) for item in settled]
    known = known_objects(connection, source_id, kind, digests)
    moved: list[S] = []
    tally.objects += len(settled)
    for item, digest in zip(settled, digests, strict=True):
        same = known.get(digest)
        if same is None:
            moved.append(item)
            tally.rejected += item.record is None
        elif same.rejected:
            tally.rejected += 1
        else:
            tally.unchanged += 1
    return moved


def _count(tally: Tally, told: Written) -> None:
    tally.created += len(told.created)
    tally.changed += len(told.changed)
    tally.unchanged += len(told.unchanged)
    tally.stale += len(told.stale)
