"""An upload as the API tells it, and waiting for its end."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from datetime import datetime

import msgspec
from litestar import Response

from nop_ingest.upload_api.callers import in_database
from nop_ingest.upload_api.problems import AnyRequest, problem
from nop_ingest.upload_report import UploadReport
from nop_registry.database import Connection
from nop_registry.store import upload_files
from nop_registry.store.upload_files import FINISHED, Upload

LONGEST_WAIT_S = 60
_POLL_S = 0.2
_WAIT = re.compile(r"\bwait=(\d{1,4})\b", re.ASCII)


class UploadDocument(msgspec.Struct, kw_only=True, omit_defaults=False):
    """A file on its way, or arrived."""

    id: int
    source: str
    kind: str
    """file, edit (made by hand in the portal) or rollback."""
    filename: str
    size: int
    """Bytes received so far."""
    sha256: str | None
    format: str | None
    whole: bool
    """It is the whole inventory: what it does not list is missing."""
    state: str
    """receiving, received, checking, previewed, committing, committed, held (committed; removals
    wait for a person), refused (no row could be used), failed or withdrawn."""
    doing: str | None
    progress: int
    commit_wanted: bool
    version: int | None
    """The version of the source that it became."""
    error: str | None
    sent_by: str
    accepted_by: str | None
    created_at: datetime
    finished_at: datetime | None
    report: UploadReport | None
    """What became of its rows, with the weightiest findings; all are at `links.findings`."""
    links: dict[str, str]


def document(upload: Upload) -> UploadDocument:
    """What is told of an upload."""
    here = f"/uploads/{upload.id}"
    links = {"self": here, "findings": f"{here}/findings", "findings_csv": f"{here}/findings.csv"}
    if upload.kind == "file" and upload.size and upload.state != "receiving":
        links["annotated_copy"] = f"{here}/annotated-copy"
    if upload.state == "previewed":
        links["commit"] = f"{here}/commit"
    return UploadDocument(
        id=upload.id,
        source=upload.source,
        kind=upload.kind,
        filename=upload.filename,
        size=upload.size,
        sha256=upload.sha256.hex() if upload.sha256 else None,
        format=upload.format,
        whole=upload.whole,
        state=upload.state,
        doing=upload.doing,
        progress=upload.progress,
        commit_wanted=upload.commit_wanted,
        version=upload.version,
        error=upload.error,
        sent_by=upload.actor,
        accepted_by=upload.accepted_by,
        created_at=upload.created_at,
        finished_at=upload.finished_at,
        report=msgspec.convert(upload.report, UploadReport) if upload.report else None,
        links=links,
    )


def answer(body: object, status: int, **headers: str) -> Response[bytes]:
    """JSON that is kept nowhere."""
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} | headers,
    )


async def settled(request: AnyRequest, upload_id: int, **headers: str) -> Response[bytes]:
    """The upload when it is done, or after as long as the caller will wait (`Prefer: wait=30`).

    202 while it is on its way, 200 a preview, 201 taken, 422 when nothing can be used.
    """
    asked = _WAIT.search(request.headers.get("prefer", ""))
    until = time.monotonic() + (min(LONGEST_WAIT_S, int(asked[1])) if asked else 0)
    while True:
        found = await in_database(request, _finder(upload_id))
        if found.state in FINISHED or time.monotonic() >= until:
            break
        await asyncio.sleep(_POLL_S)
    headers = {"Location": f"/uploads/{upload_id}"} | headers
    told = document(found)
    if found.state in ("failed", "refused"):
        reason = found.error or str((found.report or {}).get("message") or "")
        title = "No row can be used" if found.state == "refused" else "The file cannot be used"
        refusal = problem(422, title, reason, upload=msgspec.to_builtins(told))
        refusal.headers.update(headers)
        return refusal
    if found.state not in FINISHED:
        return answer(told, 202, **headers, **{"Retry-After": "2"})
    return answer(told, 201 if found.state in ("committed", "held") else 200, **headers)


def _finder(upload_id: int) -> Callable[[Connection], Upload]:
    def find(connection: Connection) -> Upload:
        found = upload_files.find_upload(connection, upload_id)
        assert found is not None  # noqa: S101 - uploads are never deleted
        return found

    return find
