"""One example of each document, for the description of the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from nop_ingest.upload_api import told
from nop_ingest.upload_api.states import UploadDocument

_AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
_FINDING = told.Finding(
    row=3, column="lat", value="north", code="cell-unusable", severity="ERROR",
    message="Enter a plain number such as 28.613939.",
    what_to_do="Enter a plain number such as 28.613939.",
)  # fmt: skip
_UPLOAD = UploadDocument(
    id=17, source="in-abc-files", kind="file", filename="stations.csv", size=20_480,
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", format="nop_csv",
    whole=True, state="checking", doing="reading", progress=40, commit_wanted=False,
    version=None, error=None, sent_by="nightly export", accepted_by=None, created_at=_AT,
    finished_at=None, report=None,
    links={"self": "/uploads/17", "findings": "/uploads/17/findings",
           "findings_csv": "/uploads/17/findings.csv"},
)  # fmt: skip
_VERSION = told.Version(
    number=2, kind="commit", restores=None, upload_id=17, filename="stations.csv",
    counts={"locations": {"new": 4, "changed": 0, "unchanged": 2, "missing": 0}}, missing=0,
    actor_kind="key", actor="nightly export", made_at=_AT,
)  # fmt: skip
_DIFFERENCE = told.Difference(
    kind="location", key="IN*ABC*L1", name="Market 1", change="changed",
    fields=[told.FieldDifference("address", "1 Station Road", "2 Station Road")],
)  # fmt: skip

EXAMPLES: Mapping[type[msgspec.Struct], msgspec.Struct] = {
    type(example): example
    for example in (
        _UPLOAD,
        told.UploadList([_UPLOAD]),
        told.FindingsPage([_FINDING], next_after=None),
        told.VersionList([_VERSION]),
        told.Differences([_DIFFERENCE], next_after=None),
    )
}
"""By kind of document."""
