"""A file in pieces, up to 1 GiB: what was received stays, and the sender goes on after it.

As draft-ietf-httpbis-resumable-upload words it: `POST /uploads` with `Upload-Complete: ?0` begins,
`HEAD` tells the offset, `PATCH` appends from there, `Upload-Complete: ?1` says that it is all.
"""

from __future__ import annotations

import asyncio

from litestar import Response, delete, head, patch
from litestar.params import FromPath

from nop_ingest.upload_api import problems
from nop_ingest.upload_api.callers import finish, in_database, own_upload
from nop_ingest.upload_api.problems import PROBLEMS, AnyRequest, WrongMedia
from nop_ingest.upload_api.receiving import append_all, offset_headers
from nop_ingest.upload_api.states import settled
from nop_registry.access import Action
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import audit, upload_files
from nop_registry.store.upload_files import PIECES

_PIECE = "application/partial-upload"


@head("/uploads/{upload_id:int}", exception_handlers=PROBLEMS, action=Action.READ_UPLOADS)
async def tell_offset(request: AnyRequest, upload_id: FromPath[int]) -> Response[None]:
    """How many bytes have been received."""
    _, upload = await in_database(
        request, lambda c: own_upload(c, request, Action.READ_UPLOADS, upload_id, PIECES)
    )
    headers = offset_headers(upload.size, complete=upload.state != "receiving")
    if upload.announced_size is not None:
        headers["Upload-Length"] = str(upload.announced_size)
    return Response(None, status_code=204, headers=headers)


@patch(
    "/uploads/{upload_id:int}",
    request_max_body_size=upload_files.MAX_BYTES,
    exception_handlers=PROBLEMS,
    action=Action.UPLOAD,
)
async def append_piece(request: AnyRequest, upload_id: FromPath[int]) -> Response[bytes]:
    """Append the body at `Upload-Offset`. Of a piece that is cut off, what came is kept.

    With `Upload-Complete: ?1` it is the last one: the file is checked and, if `commit=true` was
    asked for at the beginning, taken.
    """
    _, upload = await in_database(
        request, lambda c: own_upload(c, request, Action.UPLOAD, upload_id, PIECES)
    )
    if request.content_type[0] not in (_PIECE, "application/octet-stream"):
        raise WrongMedia(f"send the piece as {_PIECE}")
    text = request.headers.get("upload-offset", "")
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        raise InvalidInput("say where the piece belongs: Upload-Offset: 0")
    if int(text) != upload.size:
        raise upload_files.WrongOffset(upload.size)
    async with asyncio.timeout(problems.BODY_DEADLINE_S):
        size = await append_all(request, upload_id, int(text), request.stream())
    if request.headers.get("upload-complete") != "?1":
        return Response(b"", status_code=204, headers=offset_headers(size, complete=False))
    await in_database(request, lambda c: finish(c, request, upload_id, commit=upload.commit_wanted))
    return await settled(request, upload_id, **offset_headers(size, complete=True))


@delete(
    "/uploads/{upload_id:int}", exception_handlers=PROBLEMS, action=Action.UPLOAD, status_code=204
)
async def withdraw(request: AnyRequest, upload_id: FromPath[int]) -> None:
    """It is not wanted any more. What was taken stays: roll back instead."""

    def act(connection: Connection) -> None:
        principal, upload = own_upload(connection, request, Action.UPLOAD, upload_id)
        upload_files.withdraw(connection, upload_id)
        audit.record(connection, principal, "withdraw", f"upload {upload_id}", source=upload.source)

    await in_database(request, act)


ROUTES = [tell_offset, append_piece, withdraw]
