"""What is told of uploads: state and report, all findings, the annotated copy."""

from __future__ import annotations

import asyncio
import io
import os
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Annotated

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from nop_ingest.files.annotated_copy import MEDIA_TYPES, Kind, annotated_copy
from nop_ingest.upload_api import told
from nop_ingest.upload_api.callers import database_url, in_database, own_source, own_upload
from nop_ingest.upload_api.problems import PROBLEMS, AnyRequest
from nop_ingest.upload_api.states import answer, document
from nop_ingest.upload_report import RowFinding, write_findings
from nop_registry.access import Action
from nop_registry.database import Connection, connect
from nop_registry.enums import Severity
from nop_registry.store import upload_files

_PAGE = 1000
_PIECE_BYTES = 256 << 10
Limit = Annotated[int, QueryParameter(ge=1, le=_PAGE)]
# One at a time, for each may take half a GiB; on its own, so that who waits keeps nobody else.
_copier = ThreadPoolExecutor(1, thread_name_prefix="annotated-copy")


@get("/uploads", exception_handlers=PROBLEMS, action=Action.READ_UPLOADS)
async def list_uploads(
    request: AnyRequest,
    source: FromQuery[str | None] = None,
    before: FromQuery[int | None] = None,
    limit: Limit = 50,
) -> Response[bytes]:
    """Uploads of a source, the newest first; `before`: those with a smaller number."""

    def read(connection: Connection) -> list[upload_files.Upload]:
        _, owned = own_source(connection, request, Action.READ_UPLOADS, source)
        return upload_files.list_uploads(connection, owned.id, before=before, limit=limit)

    found = await in_database(request, read)
    return answer(told.UploadList([document(upload) for upload in found]), 200)


@get("/uploads/{upload_id:int}", exception_handlers=PROBLEMS, action=Action.READ_UPLOADS)
async def get_upload(request: AnyRequest, upload_id: FromPath[int]) -> Response[bytes]:
    """An upload with its report and the weightiest findings."""
    _, upload = await in_database(
        request, lambda c: own_upload(c, request, Action.READ_UPLOADS, upload_id)
    )
    return answer(document(upload), 200)


@get("/uploads/{upload_id:int}/findings", exception_handlers=PROBLEMS, action=Action.READ_FINDINGS)
async def list_findings(
    request: AnyRequest,
    upload_id: FromPath[int],
    after: FromQuery[int] = 0,
    code: FromQuery[str | None] = None,
    limit: Limit = _PAGE,
) -> Response[bytes]:
    """Everything that was found in the file, page by page: go on with `next_after`."""

    def read(connection: Connection) -> list[upload_files.RowFinding]:
        own_upload(connection, request, Action.READ_FINDINGS, upload_id)
        return upload_files.list_row_findings(connection, upload_id, after, limit, code)

    found = await in_database(request, read)
    next_after = found[-1].n if len(found) == limit else None
    return answer(told.FindingsPage([told.finding(one) for one in found], next_after), 200)


@get(
    "/uploads/{upload_id:int}/findings.csv", exception_handlers=PROBLEMS,
    action=Action.READ_FINDINGS, media_type="text/csv",
)  # fmt: skip
async def get_findings_csv(request: AnyRequest, upload_id: FromPath[int]) -> Stream:
    """Everything that was found in the file, as CSV. No cell of it is run as a formula."""
    _, upload = await in_database(
        request, lambda c: own_upload(c, request, Action.READ_FINDINGS, upload_id)
    )
    url = database_url(request)

    def lines() -> Iterator[str]:
        with connect(url, autocommit=True) as connection:
            yield "\ufeff"
            first = True
            for page in _pages(connection, upload_id):
                text = io.StringIO(newline="")
                write_findings(page, text, header=first)
                first = False
                yield text.getvalue()
            if first:
                text = io.StringIO(newline="")
                write_findings([], text)
                yield text.getvalue()

    return Stream(
        lines(), media_type="text/csv; charset=utf-8", headers=_download(upload, "findings", "csv")
    )


@get(
    "/uploads/{upload_id:int}/annotated-copy", exception_handlers=PROBLEMS,
    action=Action.READ_FINDINGS, media_type="text/csv",
)  # fmt: skip
async def get_annotated_copy(
    request: AnyRequest,
    upload_id: FromPath[int],
    as_: Annotated[Kind | None, QueryParameter(name="as")] = None,
) -> Stream:
    """The sender's own table with three columns more: what is wrong with each row, and what to do.

    Mend it and send it again as it is. `as`: csv or xlsx, if not that of the file itself.
    """
    _, upload = await in_database(
        request, lambda c: own_upload(c, request, Action.READ_FINDINGS, upload_id)
    )
    copy, kind = await asyncio.get_running_loop().run_in_executor(
        _copier, _copy, database_url(request), upload, as_
    )
    headers = _download(upload, "checked", kind)
    headers["Content-Length"] = str(copy.seek(0, os.SEEK_END))
    return Stream(_pieces(copy), media_type=MEDIA_TYPES[kind], headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _copy(url: str, upload: upload_files.Upload, wanted: Kind | None) -> tuple[IO[bytes], Kind]:
    with (
        connect(url, autocommit=True) as connection,
        tempfile.NamedTemporaryFile(prefix="nop-upload-") as file,
    ):
        for chunk in upload_files.read_chunks(connection, upload.id):
            file.write(chunk)
        file.flush()
        findings = (f for page in _pages(connection, upload.id) for f in page)
        return annotated_copy(Path(file.name), upload.filename, findings, wanted)


def _pages(connection: Connection, upload_id: int) -> Iterator[list[RowFinding]]:
    after = 0
    while page := upload_files.list_row_findings(connection, upload_id, after, 10_000):
        after = page[-1].n
        yield [
            RowFinding(f.row, f.column, f.value, f.code, Severity(f.severity), f.message)
            for f in page
        ]


def _download(upload: upload_files.Upload, what: str, ending: str) -> dict[str, str]:
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", upload.filename.partition(".")[0])[:80] or "upload"
    name = f"{stem}-{what}-{upload.id}.{ending}"
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


ROUTES = [list_uploads, get_upload, list_findings, get_findings_csv, get_annotated_copy]
