"""What is remembered of decoded objects: digests of what was sent, and the findings that stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nop_ingest.received import Decoded, Received
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind, Severity
from nop_registry.store.deliveries import Delivery
from nop_registry.store.findings import FindingRow, replace_findings
from nop_registry.store.objects import Sent, save_objects
from nop_registry.store.refused import replace_refused


def remark(item: Decoded[Any], older: set[int], repeat: bool) -> list[Finding]:
    """What is said of an object that was not applied because it is older than what is held."""
    number = item.received.number
    if item.record is None or number is None or number not in older:
        return []
    if repeat:
        return [
            Rejection(
                "duplicate-id",
                "id",
                "the same id came twice with different content and this one is not newer: "
                "give each object its own id, and list it once",
                item.record.id,
            )
        ]
    return [
        Notice(
            "older-than-held",
            Severity.INFO,
            "last_updated",
            "not applied: what is held, or its removal, is newer, and stands",
            str(item.record.last_updated),
        )
    ]


def remember(
    connection: Connection,
    delivery: Delivery,
    kind: ObjectKind,
    decoded: Sequence[Decoded[Any]],
    older: set[int],
    repeat: bool,
) -> None:
    """Digests of what was sent (not of what was older), what was refused, and the findings."""
    sent = {
        d.received.number: Sent(
            d.received.number, d.received.key, d.received.digest, d.record is None
        )
        for d in decoded
        if d.received.number is not None and d.received.number not in older
    }
    save_objects(connection, delivery.source_id, kind, sent.values())
    rows = [_row(kind, d.received, found) for d in decoded for found in d.findings]
    objects = (
        [] if repeat else [d.received.number for d in decoded if d.received.number is not None]
    )
    replace_findings(connection, delivery, objects, rows)
    refused = [
        (d.received.number, bytes(d.received.raw))
        for d in decoded
        if d.record is None and d.received.number is not None
    ]
    replace_refused(connection, delivery, objects, refused)


def _row(kind: ObjectKind, received: Received, found: Finding) -> FindingRow:
    rejected = isinstance(found, Rejection)
    severity = Severity.ERROR if isinstance(found, Rejection) else found.severity
    return FindingRow(
        received.number, kind, received.key, "rejected" if rejected else "notice", severity,
        found.code, found.path, found.value, found.message, found.row_no,
    )  # fmt: skip
