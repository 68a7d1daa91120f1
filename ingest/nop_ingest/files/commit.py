"""One batch of a file into the registry: in the caller's transaction, with its checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from nop_ingest.context import Context
from nop_ingest.files.keeping import say_again, with_what_was_good, worth_saying
from nop_ingest.files.reading import SettledLocation, SettledTariff
from nop_ingest.ocpi.versions.version import Key, Raw
from nop_ingest.pipeline import Module, keep_locations, keep_tariffs, take_page
from nop_ingest.reading.upload_format import RefusedRow
from nop_ingest.report import Finding
from nop_ingest.tally import Tally
from nop_ingest.upload_report import Counts
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind, Severity
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import uploads
from nop_registry.store.deliveries import Delivery
from nop_registry.store.findings import FindingRow, replace_findings

R = TypeVar("R", LocationRecord, TariffRecord)


def commit_refused(
    connection: Connection, delivery: Delivery, refused: Sequence[RefusedRow]
) -> None:
    """Remember what was wrong with rows of which nothing was taken."""
    replace_findings(connection, delivery, [], map(_finding_row, refused))


def commit_locations(
    connection: Connection,
    delivery: Delivery,
    settled: Sequence[SettledLocation],
    seen: set[int],
    tally: Tally,
    evses: Counts,
    context: Context,
    as_of: datetime,
) -> list[int]:
    """Take these Locations; returns their numbers. Counts what became of their EVSEs.

    `as_of`: when the statuses in them were true.
    """
    numbers = [item.number for item in settled]
    before = uploads.evse_digests(connection, numbers)
    in_part = {i.number: i.record for i in settled if i.partial and i.record is not None}
    merged = with_what_was_good(connection, in_part)
    now = {item.raw: item for item in settled}

    def peek(raw: Raw) -> Key:
        return key_of(now[bytes(raw)].given)

    moved: set[int] = set()

    def decode(raw: Raw, context: Context) -> tuple[LocationRecord | None, list[Finding]]:
        item = now[bytes(raw)]
        moved.add(item.number)
        return merged.get(item.number, item.record), item.findings

    keep = partial(keep_locations, choose=worth_saying, as_of=as_of)
    module = Module(ObjectKind.LOCATION, peek, decode, keep)
    taken = take_page(connection, delivery, module, list(now), seen, tally, context)
    unchanged = {i.number: i.record for i in settled if i.record and i.number not in moved}
    say_again(connection, delivery, unchanged, context.received_at, as_of)
    compare_evses(evses, before, uploads.evse_digests(connection, numbers))
    return taken


def commit_tariffs(
    connection: Connection,
    delivery: Delivery,
    settled: Sequence[SettledTariff],
    seen: set[int],
    tally: Tally,
    context: Context,
) -> list[int]:
    """Take these Tariffs; returns their numbers."""
    now = {item.raw: item for item in settled}

    def peek(raw: Raw) -> Key:
        return key_of(now[bytes(raw)].given)

    def decode(raw: Raw, context: Context) -> tuple[TariffRecord | None, list[Finding]]:
        item = now[bytes(raw)]
        return item.record, item.findings

    module = Module(ObjectKind.TARIFF, peek, decode, keep_tariffs)
    return take_page(connection, delivery, module, list(now), seen, tally, context)


def key_of(given: LocationRecord | TariffRecord) -> Key:
    """Whose object it is and what it is called, as far as the file says."""
    return Key(given.country_code or None, given.party_id or None, given.id or None)


def _finding_row(refused: RefusedRow) -> FindingRow:
    found = refused.rejection
    return FindingRow(
        None, ObjectKind.TARIFF if refused.tariff else ObjectKind.LOCATION, f"row {found.row_no}",
        "rejected", Severity.ERROR, found.code, found.path, found.value, found.message,
        found.row_no,
    )  # fmt: skip


def compare_evses(counts: Counts, before: dict[int, bytes], after: dict[int, bytes]) -> None:
    """Count what became of EVSEs, by their digests before and after."""
    for number, digest in after.items():
        if number not in before:
            counts.new += 1
        elif before[number] == digest:
            counts.unchanged += 1
        else:
            counts.changed += 1
    counts.missing += len(before.keys() - after.keys())
