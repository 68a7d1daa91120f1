"""Which HTTP answer each error becomes, for the pages and files of this door."""

from __future__ import annotations

from typing import Any

import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response
from psycopg_pool import PoolTimeout

from nop_dashboards.templating import page
from nop_registry.errors import InvalidInput, NopError, NotFound

_log = structlog.get_logger(__name__)


def _answer(status: int, text: str, **headers: str) -> Response[str]:
    return Response(
        text,
        status_code=status,
        media_type="text/plain",
        headers={"Cache-Control": "no-store", **headers},
    )


def _not_found(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    return _page_or(request, _answer(404, str(error)), str(error))


def _page_or(request: Request[Any, Any, Any], other: Response[Any], sentence: str) -> Response[Any]:
    """A page for who reads pages; programs get the other answer."""
    if "text/html" not in request.headers.get("accept", ""):
        return other
    return page(request, "problem.html", status=other.status_code or 404, sentence=sentence)


def _answer_elsewhere(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    told = create_exception_response(request, error)
    answer = _page_or(request, told, "There is no such page.")
    answer.headers.update(error.headers or {})
    return answer


ELSEWHERE = {"": _answer_elsewhere}


def _bad_request(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    return _answer(400, str(error))


def _unavailable(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    _log.warning("database_unavailable", error=type(error).__name__)
    return _answer(
        503, "The register cannot be read now. Please try again.", **{"Retry-After": "5"}
    )


ANSWERS: dict[int | type[Exception], Any] = {
    NotFound: _not_found,
    InvalidInput: _bad_request,
    NopError: _bad_request,
    psycopg.OperationalError: _unavailable,
    psycopg.errors.UndefinedTable: _unavailable,
    PoolTimeout: _unavailable,
}
"""For `exception_handlers` of a route."""
