"""`POST /uploads`: a file in one request, up to 100 MiB. Larger ones come in pieces: `resuming`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

from litestar import Response, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery

from nop_ingest.upload_api import problems
from nop_ingest.upload_api.callers import count, finish, in_database, own_source, own_upload
from nop_ingest.upload_api.problems import PROBLEMS, AnyRequest, KeyReused, WrongMedia
from nop_ingest.upload_api.states import settled
from nop_registry.access import Action, Principal
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import audit, sources, upload_files
from nop_registry.store.source_parties import OwnedSource
from nop_registry.store.upload_files import CHUNK_BYTES, Upload

ONE_REQUEST_BYTES = 100 << 20
_ENVELOPE_BYTES = 1 << 20  # what multipart adds to the file
_LONGEST_KEY = 200


@post(
    "/uploads",
    request_max_body_size=ONE_REQUEST_BYTES + _ENVELOPE_BYTES,
    exception_handlers=PROBLEMS,
    action=Action.UPLOAD,
    status_code=202,
)
async def post_upload(
    request: AnyRequest,
    source: FromQuery[str | None] = None,
    filename: FromQuery[str | None] = None,
    commit: FromQuery[bool] = False,
    whole: FromQuery[bool] = True,
) -> Response[bytes]:
    """Send a file. It is checked and, with `commit=true`, its good rows are taken.

    The body is multipart/form-data with a part `file`, or the bare file with `?filename=`.
    `source` may be left out when the key is bound to one. `whole=false`: the file is a part of the
    inventory, and what it does not list stays. With `Upload-Complete: ?0` the file is sent in
    pieces: the answer (201) says where. With an `Idempotency-Key` the same request may be sent
    again: the file is taken once, and one in pieces is gone on with where its last piece ended.
    """
    principal, owned = await in_database(request, lambda c: _enter(c, request, source))
    if request.headers.get("content-encoding", "identity") != "identity":
        raise WrongMedia("send the body without Content-Encoding; the file may be packed (.gz)")
    async with asyncio.timeout(problems.BODY_DEADLINE_S):
        body, name = await _open_body(request, filename)
        key = _idempotency_key(request, principal)
        resumable = request.headers.get("upload-complete") == "?0"
        if key and (before := await in_database(request, _finder(key))) is not None:
            if before.state != "receiving":
                await _check_same(request, before, owned, body, whole=whole, commit=commit)
                return await settled(request, before.id, **{"Idempotency-Replayed": "true"})
            if resumable and _may_go_on(request, before, owned, whole=whole, commit=commit):
                return _begun(before.id, before.size, **{"Idempotency-Replayed": "true"})
            await in_database(request, lambda c: _give_up(c, before.id))
        begun = await in_database(
            request,
            lambda c: begin(
                c, principal, owned, name, whole=whole, commit=commit, key=key,
                announced_size=_announced(request) if resumable else None,
            ),
        )  # fmt: skip
    try:
        async with asyncio.timeout(problems.BODY_DEADLINE_S):
            size = await append_all(request, begun, 0, body)
    except Exception:
        if not resumable:  # nobody can go on with it
            await in_database(request, lambda c: _give_up(c, begun))
        raise
    if resumable:
        return _begun(begun, size)
    await in_database(request, lambda c: finish(c, request, begun, commit=commit))
    return await settled(request, begun)


@post(
    "/uploads/{upload_id:int}/commit", exception_handlers=PROBLEMS, action=Action.UPLOAD,
    status_code=202,
)  # fmt: skip
async def post_commit(
    request: AnyRequest, upload_id: FromPath[int], accept_removal: FromQuery[bool] = False
) -> Response[bytes]:
    """Take the good rows of a previewed upload.

    `accept_removal=true`, for those who may: what the file does not list is really gone.
    """

    def act(connection: Connection) -> None:
        wanted = Action.ACCEPT_REMOVAL if accept_removal else Action.UPLOAD
        principal, upload = own_upload(connection, request, wanted, upload_id)
        upload_files.want_commit(connection, upload_id, principal, accept_removal=accept_removal)
        audit.record(
            connection, principal, "accept_removal" if accept_removal else "commit",
            f"upload {upload_id}", source=upload.source,
        )  # fmt: skip

    await in_database(request, act)
    return await settled(request, upload_id)


def _enter(
    connection: Connection, request: AnyRequest, source: str | None
) -> tuple[Principal, OwnedSource]:
    principal, owned = own_source(connection, request, Action.UPLOAD, source)
    count(connection, principal, upload_files.FILES)
    return principal, owned


def begin(
    connection: Connection,
    principal: Principal,
    source: OwnedSource,
    filename: str,
    *,
    whole: bool,
    commit: bool,
    key: str | None,
    announced_size: int | None,
) -> int:
    """Begin to receive a file; returns the upload's number. Raises InvalidInput."""
    if sources.get_source(connection, source.name).kind != "upload":
        raise InvalidInput(f"{source.name} is an OCPI source: it takes no files")
    upload_id = upload_files.create_upload(
        connection, source_id=source.id, filename=filename, whole=whole, actor=principal,
        announced_size=announced_size, idempotency_key=key,
    )  # fmt: skip
    upload_files.set_facts(connection, upload_id, commit_wanted=commit)
    audit.record(connection, principal, "upload", f"upload {upload_id}", source=source.name)
    return upload_id


async def append_all(
    request: AnyRequest, upload_id: FromPath[int], offset: int, body: AsyncIterator[bytes]
) -> int:
    """Append the body as it comes, a piece a transaction; returns the new size."""
    buffer = bytearray()
    try:
        async for part in body:
            buffer += part
            while len(buffer) >= CHUNK_BYTES:
                offset = await _append(request, upload_id, offset, bytes(buffer[:CHUNK_BYTES]))
                del buffer[:CHUNK_BYTES]
    except HTTPException:  # the caller is gone: what came stays
        if buffer:
            await _append(request, upload_id, offset, bytes(buffer))
        raise
    if buffer:
        offset = await _append(request, upload_id, offset, bytes(buffer))
    return offset


async def _append(request: AnyRequest, upload_id: FromPath[int], offset: int, data: bytes) -> int:
    return await in_database(
        request, lambda c: upload_files.append_chunk(c, upload_id, offset, data)
    )


def offset_headers(size: int, *, complete: bool) -> dict[str, str]:
    """How far a file has come (draft-ietf-httpbis-resumable-upload)."""
    return {
        "Upload-Offset": str(size),
        "Upload-Complete": "?1" if complete else "?0",
        "Upload-Limit": f"max-size={upload_files.MAX_BYTES}",
        "Cache-Control": "no-store",
    }


def _begun(upload_id: int, size: int, **headers: str) -> Response[bytes]:
    """Where the next piece belongs."""
    headers |= {"Location": f"/uploads/{upload_id}"} | offset_headers(size, complete=False)
    return Response(b"", status_code=201, headers=headers)


async def _open_body(request: AnyRequest, filename: str | None) -> tuple[AsyncIterator[bytes], str]:
    """The file's bytes and the sender's name of it."""
    media = request.content_type[0]
    body: AsyncIterator[bytes] = request.stream()
    if media == "multipart/form-data":
        part = (await request.form()).get("file")
        if not isinstance(part, UploadFile):
            raise InvalidInput("the form has no file: send it as the part named `file`")
        body, filename = _read_part(part), filename or part.filename
    elif media == "application/x-www-form-urlencoded":
        raise WrongMedia(
            "send multipart/form-data with a part `file`, or the bare file as text/csv or "
            "application/octet-stream with ?filename="
        )
    if not filename:
        raise InvalidInput("name the file: ?filename=stations.csv")
    return body, filename


async def _read_part(part: UploadFile) -> AsyncIterator[bytes]:
    while data := await part.read(CHUNK_BYTES):
        yield data


def _announced(request: AnyRequest) -> int | None:
    text = request.headers.get("upload-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None


def _idempotency_key(request: AnyRequest, principal: Principal) -> str | None:
    text = request.headers.get("idempotency-key")
    if text is None:
        return None
    if not 0 < len(text) <= _LONGEST_KEY or not text.isascii() or not text.isprintable():
        raise InvalidInput(f"an idempotency key has 1 to {_LONGEST_KEY} printable characters")
    return f"{principal.kind}:{principal.key_id or principal.account_id}:{text}"


def _finder(key: str) -> Any:
    return lambda connection: upload_files.find_by_idempotency_key(connection, key)


def _may_go_on(
    request: AnyRequest, before: Upload, source: OwnedSource, *, whole: bool, commit: bool
) -> bool:
    """Whether this begins the upload again that is being received, and brings no piece itself."""
    now = (source.id, whole, commit, _announced(request), "0")
    then = (before.source_id, before.whole, before.commit_wanted, before.announced_size)
    return now == (*then, request.headers.get("content-length", "0"))


def _give_up(connection: Connection, upload_id: int) -> None:
    """The request was cut off: it is not waited for, and may begin anew."""
    upload_files.withdraw(connection, upload_id)
    upload_files.set_facts(connection, upload_id, idempotency_key=None)


async def _check_same(
    request: AnyRequest,
    before: Upload,
    source: OwnedSource,
    body: AsyncIterator[bytes],
    *,
    whole: bool,
    commit: bool,
) -> None:
    """Raises KeyReused when this is another request than the one that came with the key."""
    digest, size = sha256(), 0
    async for part in body:
        digest.update(part)
        size += len(part)

    def sent() -> Any:
        return lambda c: _digest(c, before.id)

    same = (before.source_id, before.whole, before.size) == (source.id, whole, size)
    # A preview may have been taken since; a commit that was asked for never becomes a preview.
    same = same and (before.commit_wanted or not commit or before.state == "withdrawn")
    if not same or await in_database(request, sent()) != digest.digest():
        raise KeyReused("this idempotency key came with another request: use a new one")


def _digest(connection: Connection, upload_id: int) -> bytes:
    digest = sha256()
    for chunk in upload_files.read_chunks(connection, upload_id):
        digest.update(chunk)
    return digest.digest()


ROUTES = [post_upload, post_commit]
