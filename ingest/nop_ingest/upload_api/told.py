"""The documents of the API besides an upload's own: what is encoded is what is described."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from nop_ingest.upload_api.states import UploadDocument
from nop_ingest.upload_report import told_apart
from nop_registry.store.source_versions import ObjectChange, SourceVersion
from nop_registry.store.upload_files import RowFinding


class UploadList(msgspec.Struct):
    """Uploads of a source, the newest first."""

    uploads: list[UploadDocument]


class Finding(msgspec.Struct):
    """What was found in a row, or in the whole file."""

    row: int | None
    """1 is the first row below the header; null: the whole file."""
    column: str
    value: str | None
    """What stands there, at most 200 characters."""
    code: str
    severity: str
    """ERROR (not taken), WARNING or INFO."""
    message: str
    what_to_do: str


class FindingsPage(msgspec.Struct):
    """A page of everything that was found, in the order of the rows."""

    findings: list[Finding]
    next_after: int | None
    """`after` of the next page; null: this is the last."""


class Version(msgspec.Struct):
    """What a source said from a moment on."""

    number: int
    """1, 2, 3 …, for each source."""
    kind: Literal["commit", "edit", "rollback"]
    restores: int | None
    """The version that a rollback went back to."""
    upload_id: int | None
    filename: str | None
    counts: dict[str, Any]
    """locations, evses and tariffs: how many became new, changed, stayed or are missing."""
    missing: int
    """Locations held that it did not list."""
    actor_kind: str
    actor: str
    made_at: datetime


class VersionList(msgspec.Struct):
    """Versions of a source, the newest first."""

    versions: list[Version]


class FieldDifference(msgspec.Struct):
    """A field that says something else."""

    path: str
    before: Any
    after: Any


class Difference(msgspec.Struct):
    """What became of one object from a version to another."""

    kind: str
    key: str
    """`IN*ABC*LOC1`."""
    name: str | None
    change: Literal["new", "changed", "gone"]
    fields: list[FieldDifference]


class Differences(msgspec.Struct):
    """A page of what is different between two versions."""

    changes: list[Difference]
    next_after: int | None
    """`after` of the next page; null: this is the last."""


class Problem(msgspec.Struct, omit_defaults=True):
    """What is wrong (RFC 9457). A 422 of a file that was read has the `upload` too."""

    type: str
    title: str
    status: int
    detail: str
    """A sentence for a person: what is wrong and what to do."""
    upload: UploadDocument | None = None
    retry_after: float | None = None
    """Seconds."""
    expected_offset: int | None = msgspec.field(default=None, name="expected-offset")
    """Where the next piece belongs."""


def finding(found: RowFinding) -> Finding:
    """As the API tells it."""
    return Finding(
        found.row, found.column, found.value, found.code, found.severity, found.message,
        told_apart(found.message)[1],
    )  # fmt: skip


def version(found: SourceVersion) -> Version:
    """As the API tells it: without our own numbers."""
    return Version(
        number=found.number, kind=found.kind, restores=found.restores, upload_id=found.upload_id,
        filename=found.filename, counts=found.counts, missing=found.n_missing,
        actor_kind=found.actor_kind, actor=found.actor, made_at=found.made_at,
    )  # fmt: skip


def difference(found: ObjectChange) -> Difference:
    """As the API tells it."""
    fields = [FieldDifference(*field) for field in found.fields]
    return Difference(found.kind, found.key, found.name, found.change, fields)
