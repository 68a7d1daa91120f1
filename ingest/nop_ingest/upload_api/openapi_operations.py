"""What each operation of the API takes and answers: what its handler's signature cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from nop_ingest.template.files import TEMPLATES
from nop_ingest.upload_api import told
from nop_ingest.upload_api.states import UploadDocument

JSON = "application/json"
PROBLEM = "application/problem+json"
_CSV, _XLSX = TEMPLATES["csv"].media_type, TEMPLATES["xlsx"].media_type
_BYTES = "application/octet-stream"


class Answer(NamedTuple):
    """What comes with a status."""

    description: str
    body: type[msgspec.Struct] | None = None
    """JSON of this kind."""
    media: tuple[str, ...] = ()
    """Or bytes of one of these kinds."""
    headers: tuple[str, ...] = ()


class Operation(NamedTuple):
    """One method of one path."""

    answers: Mapping[int, Answer]
    problems: tuple[int, ...] = ()
    """Statuses of refusals besides `_ALWAYS`."""
    body: tuple[str, ...] = ()
    """Media types of what is sent."""
    headers: tuple[str, ...] = ()
    """Names in REQUEST_HEADERS."""
    needs_key: bool = True


REQUEST_HEADERS: Mapping[str, tuple[str, bool, str]] = {
    "Idempotency-Key": (
        "1 to 200 printable characters. The same request may be sent again: the file is taken "
        "once.", False, "nightly-2026-11-21",
    ),
    "Prefer": ("`wait=30`: answer when it is done, after 60 s at most.", False, "wait=30"),
    "Upload-Complete": ("`?0`: more pieces follow. `?1`: this is the last one.", False, "?0"),
    "Upload-Length": ("Size of a file that comes in pieces, in bytes.", False, "73400320"),
    "Upload-Offset": ("Where the piece belongs: the number of bytes received.", True, "4194304"),
}  # fmt: skip
"""By name: meaning, whether it is required, an example."""

RESPONSE_HEADERS: Mapping[str, str] = {
    "Location": "The upload's address.",
    "Retry-After": "Seconds after which to ask again.",
    "Idempotency-Replayed": "`true`: this request came before, and this is what became of it.",
    "Upload-Offset": "Bytes received so far.",
    "Upload-Complete": "`?1` when all has been received.",
    "Upload-Limit": "`max-size=` the most bytes of a file.",
    "Upload-Length": "Size of the whole file in bytes, if it was announced.",
    "Content-Disposition": "A name for the file.",
    "WWW-Authenticate": "`Bearer`: send an API key.",
}

PARAMETERS: Mapping[str, tuple[str, Any]] = {
    "source": ("The source's name; a key bound to one source may leave it out.", "in-abc-files"),
    "filename": ("The file's name, when the body is the bare file.", "stations.csv"),
    "commit": ("Take the good rows at once, without a preview.", False),
    "whole": ("The file is the whole inventory: what it does not list is missing.", True),
    "accept_removal": ("What the file does not list is really gone.", False),
    "before": ("Those with a smaller number.", 120),
    "after": ("Go on after this: `next_after` of the page before.", 1000),
    "limit": ("How many at most.", 50),
    "code": ("Findings with this code only.", "cell-unusable"),
    "as": ("Kind of the copy, if not that of the file itself.", "xlsx"),
    "from": ("The earlier version.", 1),
    "to": ("The later version.", 2),
    "upload_id": ("The upload's number.", 17),
    "name": ("The source's name.", "in-abc-files"),
    "number": ("The version's number.", 1),
}
"""By name: meaning and an example."""

_ALWAYS = (400, 401, 403, 404, 422, 429, 500, 503)
PROBLEMS: Mapping[int, str] = {
    400: "A parameter cannot be read.",
    401: "There is no key, or it is not valid (any more).",
    403: "The key does not allow this.",
    404: "There is no such thing, or it is not yours to see.",
    408: "The body did not arrive in time.",
    409: "The upload is not in a state for this, or the piece belongs elsewhere.",
    413: "The body is too large: send the file in pieces.",
    415: "The body is sent in a way that is not read.",
    422: "What was sent cannot be used; of a file that was read, the report says why.",
    429: "Too many requests.",
    500: "The platform itself failed.",
    503: "The database cannot be reached now.",
}

_PROGRESS = ("Upload-Offset", "Upload-Complete", "Upload-Limit")
_SETTLED = {
    200: Answer("A preview: nothing was changed.", UploadDocument, headers=("Location",)),
    201: Answer("Taken.", UploadDocument, headers=("Location",)),
    202: Answer("On its way.", UploadDocument, headers=("Location", "Retry-After")),
}


def _public(media: str, what: str, *headers: str) -> Operation:
    return Operation({200: Answer(what, media=(media,), headers=headers)}, needs_key=False)


OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("get", "/uploads"): Operation({200: Answer("Uploads.", told.UploadList)}),
    ("post", "/uploads"): Operation(
        {
            200: _SETTLED[200]._replace(headers=("Location", "Idempotency-Replayed")),
            201: Answer(
                "Taken. To `Upload-Complete: ?0`: begun, without a body; go on at `Location`.",
                UploadDocument,
                headers=("Location", "Idempotency-Replayed", *_PROGRESS),
            ),
            202: _SETTLED[202]._replace(
                headers=("Location", "Retry-After", "Idempotency-Replayed")
            ),
        },
        problems=(408, 409, 413, 415),
        body=("multipart/form-data", _CSV, _XLSX, JSON, _BYTES),
        headers=("Idempotency-Key", "Prefer", "Upload-Complete", "Upload-Length"),
    ),
    ("get", "/uploads/{upload_id}"): Operation({200: Answer("The upload.", UploadDocument)}),
    ("head", "/uploads/{upload_id}"): Operation(
        {204: Answer("How far it has come.", headers=(*_PROGRESS, "Upload-Length"))}
    ),
    ("patch", "/uploads/{upload_id}"): Operation(
        {
            **{s: a._replace(headers=(*a.headers, *_PROGRESS)) for s, a in _SETTLED.items()},
            204: Answer("The piece is kept.", headers=_PROGRESS),
        },
        problems=(408, 409, 413, 415),
        body=("application/partial-upload", _BYTES),
        headers=("Upload-Offset", "Upload-Complete", "Prefer"),
    ),
    ("delete", "/uploads/{upload_id}"): Operation({204: Answer("Withdrawn.")}, problems=(409,)),
    ("post", "/uploads/{upload_id}/commit"): Operation(
        _SETTLED, problems=(409,), headers=("Prefer",)
    ),
    ("get", "/uploads/{upload_id}/findings"): Operation(
        {200: Answer("A page of findings.", told.FindingsPage)}
    ),
    ("get", "/uploads/{upload_id}/findings.csv"): Operation(
        {200: Answer("All findings.", media=("text/csv",), headers=("Content-Disposition",))}
    ),
    ("get", "/uploads/{upload_id}/annotated-copy"): Operation(
        {200: Answer("The table.", media=(_CSV, _XLSX), headers=("Content-Disposition",))},
        problems=(409,),
    ),
    ("get", "/sources/{name}/versions"): Operation({200: Answer("Versions.", told.VersionList)}),
    ("get", "/sources/{name}/versions/diff"): Operation(
        {200: Answer("What is different.", told.Differences)}
    ),
    ("post", "/sources/{name}/versions/{number}/restore"): Operation(
        _SETTLED, problems=(409,), headers=("Prefer",)
    ),
    **{
        ("get", f"/uploads/template.{kind}"): _public(
            template.media_type, "The template.", "Content-Disposition"
        )
        for kind, template in TEMPLATES.items()
    },
    ("get", "/uploads/fields.md"): _public("text/markdown", "The field guide."),
    ("get", "/uploads/fields.html"): _public("text/html", "The field guide as a page."),
    ("get", "/uploads/schema.json"): _public("application/schema+json", "JSON Schema 2020-12."),
}
"""By method and path."""


def problems_of(operation: Operation) -> list[int]:
    """Statuses of an operation's refusals."""
    return sorted({*_ALWAYS, *operation.problems}) if operation.needs_key else []
