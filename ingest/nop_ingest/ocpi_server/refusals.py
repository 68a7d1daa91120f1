"""Whatever goes wrong in a handler, as OCPI's envelope (ocpi.md TR-13)."""

from __future__ import annotations

import psycopg
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from nop_ingest.ocpi_server.envelope import (
    CLIENT_ERROR,
    INVALID,
    SERVER_ERROR,
    AnyRequest,
    OcpiRefusal,
    answer,
    refuse,
)
from nop_registry.errors import InvalidInput


def _refused(request: AnyRequest, error: OcpiRefusal) -> Response[bytes]:
    return refuse(request, error)


def _invalid(request: AnyRequest, error: InvalidInput) -> Response[bytes]:
    return answer(request, code=INVALID, message=str(error))


def _http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    code = CLIENT_ERROR if error.status_code < 500 else SERVER_ERROR
    return answer(request, http=error.status_code, code=code, message=error.detail)


def _no_database(request: AnyRequest, error: psycopg.OperationalError) -> Response[bytes]:
    return answer(
        request, http=503, code=SERVER_ERROR, message="the registry cannot be reached now",
        headers={"Retry-After": "10"},
    )  # fmt: skip


def _failed(request: AnyRequest, error: Exception) -> Response[bytes]:
    request.logger.error("an OCPI request failed", exc_info=error) if request.logger else None
    return answer(request, http=500, code=SERVER_ERROR, message="the request failed on our side")


HANDLERS: ExceptionHandlersMap = {
    OcpiRefusal: _refused,
    InvalidInput: _invalid,
    HTTPException: _http,
    psycopg.OperationalError: _no_database,
    Exception: _failed,
}
"""For every handler of an OCPI route."""
