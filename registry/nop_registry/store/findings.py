"""Findings: what was refused or odd in the newest delivery of each object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.store.deliveries import Delivery
from nop_registry.store.staging import copy_rows

MAX_VALUE = 200


class FindingRow(NamedTuple):
    """One finding as it is stored."""

    object_id: int | None
    object_kind: str
    object_key: str
    outcome: str
    severity: str
    code: str
    path: str
    value: str | None
    message: str
    row_no: int | None


def replace_findings(
    connection: Connection, delivery: Delivery, objects: Sequence[int], rows: Iterable[FindingRow]
) -> None:
    """The findings of these objects are now `rows`; those of other objects stand."""
    connection.execute("DELETE FROM finding WHERE object_id = ANY(%s)", (objects,))
    columns = {
        "delivery_id": "int8", "source_id": "int4", "object_id": "int8", "object_kind": "text",
        "object_key": "text", "outcome": "text", "severity": "text", "code": "text",
        "path": "text", "value": "text", "message": "text", "row_no": "int4",
    }  # fmt: skip
    copy_rows(
        connection,
        "finding",
        columns,
        ((delivery.id, delivery.source_id, *_cleaned(row)) for row in rows),
    )


def _cleaned(row: FindingRow) -> FindingRow:
    return row._replace(
        object_key=_clean(row.object_key, MAX_VALUE),
        path=_clean(row.path, MAX_VALUE),
        value=row.value and _clean(row.value, MAX_VALUE),
        message=_clean(row.message, 1000),
    )


def _clean(text: str, length: int) -> str:
    # PostgreSQL keeps no NUL; an unpaired surrogate has no UTF-8.
    return text[:length].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
