"""Errors as problem+json (RFC 9457): our own texts are for the reader, others are not repeated."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
import psycopg
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from nop_registry.access import NotAuthenticated, OutOfReach
from nop_registry.errors import AccessDenied, InvalidInput, NopError, NotFound
from nop_registry.store.rates import TooMany
from nop_registry.store.upload_files import WrongOffset, WrongState

AnyRequest = Request[Any, Any, State]
BODY_DEADLINE_S = 900.0


class WrongMedia(NopError):
    """The body is not sent in a way that we read."""


class KeyReused(NopError):
    """An idempotency key came again with another request."""


def problem(status: int, title: str, detail: str, **more: Any) -> Response[bytes]:
    """An answer that says what is wrong. `more`: further members."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "30"
    if "retry_after" in more:
        headers["Retry-After"] = str(more["retry_after"])
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


_STATUS_OF: tuple[tuple[type[NopError], int, str], ...] = (
    (NotAuthenticated, 401, "Not authenticated"),
    (OutOfReach, 404, "Not found"),
    (AccessDenied, 403, "Not allowed"),
    (NotFound, 404, "Not found"),
    (WrongState, 409, "Not in this state"),
    (WrongMedia, 415, "Unsupported media type"),
    (KeyReused, 422, "Idempotency key used before"),
    (InvalidInput, 422, "The file cannot be used"),
)
_OFFSET_TYPE = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"


def _tell(request: AnyRequest, error: Exception) -> Response[bytes]:
    if isinstance(error, TooMany):
        return problem(429, "Too many requests", str(error), retry_after=error.retry_after_s)
    if isinstance(error, WrongOffset):
        return problem(
            409, "Mismatching upload offset", str(error), type=_OFFSET_TYPE,
            **{"expected-offset": error.expected},
        )  # fmt: skip
    for kind, status, title in _STATUS_OF:
        if isinstance(error, kind):
            return problem(status, title, str(error))
    return _tell_fault(request, error)


def _tell_fault(request: AnyRequest, error: Exception) -> Response[bytes]:
    return problem(500, "Internal error", "our own fault, which is in our log: try again later")


def _tell_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    detail = error.detail
    if error.status_code == 413:
        detail = "this body is too large: send the file in pieces (PATCH), up to 1 GiB"
    elif isinstance(error, ValidationException) and isinstance(error.extra, list):
        detail = "; ".join(f"{one.get('key', 'query')}: {one['message']}" for one in error.extra)
    answer = problem(error.status_code, HTTPStatus(error.status_code).phrase, detail)
    answer.headers.update(error.headers or {})
    return answer


def _tell_no_database(request: AnyRequest, error: Exception) -> Response[bytes]:
    return problem(503, "Database unavailable", "try again in a moment")


def _tell_not_storable(request: AnyRequest, error: Exception) -> Response[bytes]:
    return problem(422, "Not a usable text", "leave out signs that no text has, such as NUL")


def _tell_too_slow(request: AnyRequest, error: Exception) -> Response[bytes]:
    return problem(408, "Too slow", f"the file did not arrive within {BODY_DEADLINE_S:.0f} s")


def _tell_elsewhere(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """404 and 405, which the router finds before any handler of ours."""
    if error.status_code == 404:
        error.detail = (
            "there is nothing at this address: uploads and versions have numbers, as in "
            "/uploads/1; /openapi.json lists all addresses"
        )
    return _tell_http(request, error)


ELSEWHERE = {"uploads": _tell_elsewhere, "sources": _tell_elsewhere}
PROBLEMS: ExceptionHandlersMap = {
    NopError: _tell,
    HTTPException: _tell_http,
    psycopg.OperationalError: _tell_no_database,
    psycopg.DataError: _tell_not_storable,
    TimeoutError: _tell_too_slow,
    500: _tell_fault,
}
