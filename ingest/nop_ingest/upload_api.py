"""Uploads by HTTP: `POST /uploads` with an API key, its report, and the template.

`curl -H "Authorization: Bearer $KEY" -F file=@stations.csv "$NOP/uploads?commit=true"`. Without
`commit=true` the answer (200) is a preview; with it, 201. Errors are problem+json (RFC 9457).
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import psycopg
from litestar import Request, Response, get, post
from litestar.datastructures import State, UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery
from litestar.types import ExceptionHandlersMap

from nop_ingest.formats.nop_csv import template
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import KEPT_FINDINGS, MAX_BYTES, UploadBusy, upload_file
from nop_registry.access import (
    NotAuthenticated,
    Scope,
    bearer_digest,
    check_key,
    check_source,
)
from nop_registry.database import connect
from nop_registry.errors import AccessDenied, InvalidInput, NopError, NotFound
from nop_registry.store import api_keys, sources, uploads
from nop_registry.store.api_keys import ApiKey
from nop_registry.store.sources import Source

BODY_DEADLINE_S = 900.0
_ENVELOPE_BYTES = 1 << 20  # what multipart adds to the file
_AT_ONCE = 2  # files read at a time by a process: each may take half a GiB
_slots = threading.BoundedSemaphore(_AT_ONCE)

AnyRequest = Request[Any, Any, State]


class _WrongMedia(NopError):
    """The body is not sent in a way that we read."""


class _Overloaded(NopError):
    """Too many files are being read now."""


def _problem(status: int, title: str, detail: str, **more: Any) -> Response[bytes]:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "30"
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


_STATUS_OF: tuple[tuple[type[NopError], int, str], ...] = (
    (NotAuthenticated, 401, "Not authenticated"),
    (AccessDenied, 403, "Not allowed"),
    (NotFound, 404, "Not found"),
    (UploadBusy, 409, "Busy with another upload of this source"),
    (_WrongMedia, 415, "Unsupported media type"),
    (InvalidInput, 422, "The file cannot be used"),
    (_Overloaded, 503, "Busy"),
)


def _tell(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Our own errors, whose texts are for the reader."""
    for kind, status, title in _STATUS_OF:
        if isinstance(error, kind):
            return _problem(status, title, str(error))
    return _problem(500, "Internal error", "The upload failed; nothing more is known here.")


def _tell_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    detail = error.detail
    if error.status_code == 413:
        detail = f"the file has more than {MAX_BYTES >> 20} MiB: split it"
    return _problem(error.status_code, type(error).__name__, detail)


def _tell_no_database(request: AnyRequest, error: Exception) -> Response[bytes]:
    return _problem(503, "Database unavailable", "try again in a moment")


def _tell_too_slow(request: AnyRequest, error: Exception) -> Response[bytes]:
    return _problem(408, "Too slow", f"the file did not arrive within {BODY_DEADLINE_S:.0f} s")


_PROBLEMS: ExceptionHandlersMap = {
    NopError: _tell,
    HTTPException: _tell_http,
    psycopg.OperationalError: _tell_no_database,
    TimeoutError: _tell_too_slow,
}


@post("/uploads", request_max_body_size=MAX_BYTES + _ENVELOPE_BYTES, exception_handlers=_PROBLEMS)
async def post_upload(
    request: AnyRequest,
    source: FromQuery[str | None] = None,
    filename: FromQuery[str | None] = None,
    commit: FromQuery[bool] = False,
) -> Response[bytes]:
    """Preview a file or, with `commit=true`, take it.

    The body is multipart with a part `file`, or the bare file with `?filename=`. `source` may be
    left out when the key is bound to one.
    """
    url = _database_url(request)
    allowed = await asyncio.to_thread(_authorise, url, _authorization(request), source)
    with tempfile.NamedTemporaryFile(prefix="nop-upload-") as file:
        async with asyncio.timeout(BODY_DEADLINE_S):
            name = await _receive(request, filename, file)
        country = request.app.state.settings.country
        report = await asyncio.to_thread(
            _take, url, allowed, Path(file.name), name, country, commit
        )
    if report.state == "refused":
        return _problem(
            422, "No row can be used", report.message or "", report=msgspec.to_builtins(report)
        )
    return _json(msgspec.json.encode(report), 201 if report.state in ("committed", "held") else 200)


@get("/uploads/{upload_id:int}", exception_handlers=_PROBLEMS)
async def get_upload(request: AnyRequest, upload_id: FromPath[int]) -> Response[bytes]:
    """The report of an upload, with the first 1,000 findings."""
    found = await asyncio.to_thread(
        _find, _database_url(request), _authorization(request), upload_id
    )
    return _json(msgspec.json.encode(found), 200)


@get("/uploads/template.csv", sync_to_thread=False)
def get_template() -> Response[str]:
    """Our own CSV: header and two example rows. Needs no key."""
    return Response(
        template(),
        media_type="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="nop-template.csv"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _database_url(request: AnyRequest) -> str:
    return str(request.app.state.pool.conninfo)


def _authorization(request: AnyRequest) -> list[str]:
    return list(request.headers.getall("authorization", []))


def _json(body: bytes, status: int) -> Response[bytes]:
    return Response(
        body,
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


def _authenticate(connection: psycopg.Connection[Any], authorization: list[str]) -> ApiKey:
    digest = bearer_digest(authorization)
    found = api_keys.find_key(connection, digest)
    key = check_key(found, digest, Scope.UPLOAD, datetime.now(UTC))
    api_keys.note_use(connection, key)
    return key


def _authorise(url: str, authorization: list[str], name: str | None) -> Source:
    """The source that the caller may write to. Nothing of the body has been read yet."""
    with connect(url, autocommit=True) as connection:
        key = _authenticate(connection, authorization)
        name = name or key.source_name
        if name is None:
            raise InvalidInput("say which source the file is of: ?source=NAME")
        try:
            source = sources.get_source(connection, name)
        except NotFound:
            check_source(key, None)
            raise
        check_source(key, source.id)
        return source


async def _receive(request: AnyRequest, filename: str | None, file: IO[bytes]) -> str:
    """The body into `file`; returns the sender's name of it."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise _WrongMedia("send the body without Content-Encoding")
    media = request.content_type[0]
    if media == "multipart/form-data":
        part = (await request.form()).get("file")
        if not isinstance(part, UploadFile):
            raise InvalidInput("the form has no file: send it as the part named `file`")
        await asyncio.to_thread(shutil.copyfileobj, part.file, file)
        await part.close()
        filename = filename or part.filename
    elif media in ("", "application/x-www-form-urlencoded"):
        raise _WrongMedia(
            "send multipart/form-data with a part `file`, or the bare file as text/csv or "
            "application/octet-stream with ?filename="
        )
    else:
        async for chunk in request.stream():
            file.write(chunk)
    file.flush()
    if not filename:
        raise InvalidInput("name the file: ?filename=stations.csv")
    return filename.replace("\\", "/").rpartition("/")[2][:255]


def _take(
    url: str, source: Source, path: Path, name: str, country: str, commit: bool
) -> UploadReport:
    if not _slots.acquire(blocking=False):
        raise _Overloaded("other files are being read now: try again in half a minute")
    try:
        with connect(url) as connection:
            report = upload_file(connection, source, path, name, country=country, commit=commit)
    finally:
        _slots.release()
    return report.shortened(KEPT_FINDINGS)


def _find(url: str, authorization: list[str], upload_id: int) -> dict[str, Any]:
    with connect(url, autocommit=True) as connection:
        key = _authenticate(connection, authorization)
        found = uploads.find_upload(connection, upload_id) if upload_id < 1 << 63 else None
        if found is None or key.source_id not in (None, found.source_id):
            raise NotFound(f"there is no upload {upload_id} that this key may see")
    return {
        "upload_id": found.id,
        "source": found.source,
        "filename": found.filename,
        "state": found.state,
        "received_at": found.started_at,
        "finished_at": found.finished_at,
        "error": found.error,
        "report": found.report or None,
    }


ROUTES = [post_upload, get_upload, get_template]
