"""Sending a file and following it: `/portal/sources/{name}/uploads` and `/portal/uploads/{id}`.

Without JavaScript the form sends the file whole; with it the file goes in pieces that are resumed
where they broke off. Either way the worker does the rest and the page tells how far it is.
"""

from __future__ import annotations

from typing import Any

from litestar import Response, get, patch, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from nop_dashboards.portal.doorkeeper import in_database, require_principal
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.view import PROBLEMS, AnyRequest, see, show
from nop_registry.access import Action, Principal
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.geo import BBox
from nop_registry.queries.own_stations import published_extent
from nop_registry.store import audit, rates, sources, upload_files
from nop_registry.store.upload_files import FINISHED, Upload, WrongOffset

_PIECE = upload_files.CHUNK_BYTES
_WHOLE_FORM = 256 << 20  # without JavaScript; with it the file may have 1 GiB
_FINDINGS = 50
_LISTED = 30
_NO_TABLES = ("json", "datex")  # formats whose findings cannot stand beside their rows
_NOTHING_TOLD: dict[str, Any] = {
    "state": None, "message": None, "rows": 0, "accepted": 0, "flagged": 0, "rejected": 0,
    "removal_held": False, "findings_by_code": {}, "findings_by_column": [],
}  # fmt: skip


@get("/portal/sources/{name:str}/uploads", action=Action.READ_UPLOADS, exception_handlers=PROBLEMS)
async def show_form(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """The form, and what was sent before."""
    await require_principal(request, Action.READ_UPLOADS, name)

    def read(connection: Connection) -> tuple[sources.Source, list[Upload]]:
        source = sources.get_source(connection, name)
        return source, upload_files.list_uploads(connection, source.id, limit=_LISTED)

    source, sent = await in_database(request, read)
    return await show(request, "uploads.html", source=source, sent=sent, finished=FINISHED)


@post(
    "/portal/sources/{name:str}/uploads",
    action=Action.UPLOAD,
    exception_handlers=PROBLEMS,
    request_max_body_size=_WHOLE_FORM,
)
async def send_whole(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """The form without JavaScript: the file in one request."""
    principal = await require_principal(request, Action.UPLOAD, name)
    await _count(request, principal, upload_files.FILES)
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Said("uploads.no_file")
    whole, filename = form.get("extent") != "part", file.filename

    def begin(connection: Connection) -> int:
        return _begin(connection, principal, name, filename, whole)

    upload_id = await in_database(request, begin)
    offset = 0
    while piece := await file.read(_PIECE):

        def keep(connection: Connection, at: int = offset, data: bytes = piece) -> int:
            return upload_files.append_chunk(connection, upload_id, at, data)

        offset = await in_database(request, keep)
    await in_database(request, lambda c: upload_files.finish_receiving(c, upload_id, commit=False))
    return see(f"/portal/uploads/{upload_id}")


@post("/portal/sources/{name:str}/uploads/begin", action=Action.UPLOAD, exception_handlers=PROBLEMS)
async def begin_pieces(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """A file will come in pieces: its number, and where to send them."""
    principal = await require_principal(request, Action.UPLOAD, name)
    await _count(request, principal, upload_files.FILES)
    form = await request.form()
    filename, size = str(form.get("filename", "")), str(form.get("size", ""))
    if not filename or not size.isascii() or not size.isdigit():
        raise Said("uploads.no_file")
    whole = form.get("extent") != "part"
    upload_id = await in_database(
        request, lambda c: _begin(c, principal, name, filename, whole, int(size[:15]))
    )
    return Response({"id": upload_id, "offset": 0, "piece": _PIECE}, status_code=201)


@get("/portal/uploads/{upload_id:int}/offset", action=Action.UPLOAD, exception_handlers=PROBLEMS)
async def tell_offset(request: AnyRequest, upload_id: FromPath[int]) -> Response[Any]:
    """How much has arrived."""
    upload, _ = await _own(request, upload_id, Action.UPLOAD)
    return Response({"id": upload.id, "offset": upload.size, "state": upload.state})


@patch(
    "/portal/uploads/{upload_id:int}/bytes",
    action=Action.UPLOAD,
    exception_handlers=PROBLEMS,
    request_max_body_size=_PIECE,
)
async def take_piece(request: AnyRequest, upload_id: FromPath[int]) -> Response[Any]:
    """One piece, at the place that the header Upload-Offset names."""
    _, principal = await _own(request, upload_id, Action.UPLOAD)
    await _count(request, principal, upload_files.PIECES)
    place = request.headers.get("upload-offset", "")
    if not place.isascii() or not place.isdigit():
        raise InvalidInput("say where the piece belongs: Upload-Offset")
    data = await request.body()
    try:
        offset = await in_database(
            request, lambda c: upload_files.append_chunk(c, upload_id, int(place[:15]), data)
        )
    except WrongOffset as error:
        return Response({"offset": error.expected}, status_code=409)
    return Response({"offset": offset})


@post("/portal/uploads/{upload_id:int}/finish", action=Action.UPLOAD, exception_handlers=PROBLEMS)
async def finish(request: AnyRequest, upload_id: FromPath[int]) -> Response[Any]:
    """All pieces are there: check the file."""
    await _own(request, upload_id, Action.UPLOAD)
    await in_database(request, lambda c: upload_files.finish_receiving(c, upload_id, commit=False))
    return Response({"location": f"/portal/uploads/{upload_id}"}, status_code=200)


@get("/portal/uploads/{upload_id:int}", action=Action.READ_UPLOADS, exception_handlers=PROBLEMS)
async def show_upload(request: AnyRequest, upload_id: FromPath[int]) -> Response[Any]:
    """Progress, then the preview or the outcome. `?part=1`: without the page around it."""
    upload, _ = await _own(request, upload_id, Action.READ_UPLOADS)
    query = request.query_params
    code = query.get("code") or None
    errors = sum(
        one["findings"]
        for one in (upload.report or {}).get("findings_by_column", ())
        if one["severity"] == "ERROR"
    )
    # What keeps rows out comes first; the rest is one click away.
    severity = query.get("severity", "ERROR" if errors and not code else "") or None
    text = query.get("after", "0")
    after = int(text[:9]) if text.isascii() and text.isdigit() else 0

    def read(connection: Connection) -> tuple[list[upload_files.RowFinding], BBox | None]:
        rows = upload_files.list_row_findings(
            connection, upload_id, after, _FINDINGS + 1, code, severity
        )
        is_in = upload.state in ("committed", "held")
        return rows, published_extent(connection, upload.source_id) if is_in else None

    found, extent = await in_database(request, read)
    report = _NOTHING_TOLD | (upload.report or {})
    return await show(
        request,
        "upload_part.html" if query.get("part") == "1" else "upload.html",
        upload=upload,
        report=report,
        is_finished=upload.state in FINISHED,
        findings=found[:_FINDINGS],
        next_after=found[_FINDINGS - 1].n if len(found) > _FINDINGS else None,
        is_first=after == 0,
        code=code,
        severity=severity,
        errors=errors,
        is_table=not any(word in (upload.format or "") for word in _NO_TABLES),
        codes=sorted(report["findings_by_code"].items(), key=lambda pair: (-pair[1], pair[0])),
        good=report["accepted"] + report["flagged"],
        extent=extent,
    )


@post("/portal/uploads/{upload_id:int}/commit", action=Action.UPLOAD, exception_handlers=PROBLEMS)
async def commit(request: AnyRequest, upload_id: FromPath[int]) -> Response[Any]:
    """Take the good rows."""
    upload, principal = await _own(request, upload_id, Action.UPLOAD)

    def act(connection: Connection) -> None:
        upload_files.want_commit(connection, upload_id, principal)
        audit.record(connection, principal, "commit", f"upload {upload_id}", source=upload.source)

    await in_database(request, act)
    return see(f"/portal/uploads/{upload_id}")


@post(
    "/portal/uploads/{upload_id:int}/accept-removal",
    action=Action.ACCEPT_REMOVAL,
    exception_handlers=PROBLEMS,
)
async def accept_removal(request: AnyRequest, upload_id: FromPath[int]) -> Response[Any]:
    """What the file does not list is really gone."""
    upload, principal = await _own(request, upload_id, Action.ACCEPT_REMOVAL)

    def act(connection: Connection) -> None:
        upload_files.want_commit(connection, upload_id, principal, accept_removal=True)
        audit.record(
            connection, principal, "accept_removal", f"upload {upload_id}", source=upload.source
        )

    await in_database(request, act)
    return see(f"/portal/uploads/{upload_id}")


@post("/portal/uploads/{upload_id:int}/withdraw", action=Action.UPLOAD, exception_handlers=PROBLEMS)
async def withdraw(request: AnyRequest, upload_id: FromPath[int]) -> Response[Any]:
    """It is not wanted any more."""
    upload, principal = await _own(request, upload_id, Action.UPLOAD)

    def act(connection: Connection) -> None:
        upload_files.withdraw(connection, upload_id)
        audit.record(connection, principal, "withdraw", f"upload {upload_id}", source=upload.source)

    await in_database(request, act)
    return see(f"/portal/sources/{upload.source}/uploads")


async def _own(request: AnyRequest, upload_id: int, action: Action) -> tuple[Upload, Principal]:
    """The upload, if it is one of the person's sources; else it does not exist."""
    upload = await in_database(
        request, lambda c: upload_files.find_upload(c, upload_id) if upload_id < 1 << 63 else None
    )
    if upload is None:
        raise NotFound("There is no such upload.")
    return upload, await require_principal(request, action, upload.source)


async def _count(request: AnyRequest, principal: Principal, rate: rates.Rate) -> None:
    """Count a try of the person, here and at the API, whatever comes of it. Raises TooMany."""
    who = f"account:{principal.account_id}"
    await in_database(request, lambda connection: rates.take(connection, [rate], who))


def _begin(
    connection: Connection,
    principal: Principal,
    name: str,
    filename: str,
    whole: bool,
    size: int | None = None,
) -> int:
    source = sources.get_source(connection, name)
    if source.kind != "upload":
        raise Said("uploads.not_for_ocpi", source=name)
    upload_id = upload_files.create_upload(
        connection, source_id=source.id, filename=filename, whole=whole, actor=principal,
        announced_size=size,
    )  # fmt: skip
    audit.record(connection, principal, "upload", f"upload {upload_id}", source=name)
    return upload_id


ROUTES = [
    show_form, send_whole, begin_pieces, tell_offset, take_piece, finish, show_upload, commit,
    accept_removal, withdraw,
]  # fmt: skip
