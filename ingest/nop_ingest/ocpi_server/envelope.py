"""What we answer with: OCPI's envelope, codes and headers (ocpi.md TR-7, TR-10 to TR-17)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response

AnyRequest = Request[Any, Any, Any]

OK = 1000
CLIENT_ERROR, INVALID, NOT_ENOUGH, UNKNOWN_LOCATION = 2000, 2001, 2002, 2003
SERVER_ERROR, UNUSABLE_API, UNSUPPORTED_VERSION, NO_ENDPOINTS = 3000, 3001, 3002, 3003


class OcpiRefusal(Exception):
    """A request that is not granted: the HTTP status and OCPI status code of TR-13's table."""

    def __init__(
        self, http: int, code: int, message: str, *, data: Any = None, **headers: str
    ) -> None:
        super().__init__(message)
        self.http, self.code, self.message, self.data = http, code, message, data
        self.headers = {name.replace("_", "-").title(): value for name, value in headers.items()}


def envelope(data: bytes | None, code: int, message: str | None) -> bytes:
    """The body of every answer (TR-10)."""
    about: dict[str, Any] = {"status_code": code}
    if message:
        about["status_message"] = message
    about["timestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = msgspec.json.encode(about)
    return body if data is None else body[:-1] + b',"data":' + data + b"}"


def answer(
    request: AnyRequest,
    data: bytes | None = None,
    *,
    http: int = 200,
    code: int = OK,
    message: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """The envelope around `data`, which is JSON already; without it where there is none (TR-11)."""
    return Response(
        envelope(data, code, message),
        status_code=http,
        media_type="application/json",  # exactly so: strict peers compare strings (TR-16)
        headers=_echoed(request) | (headers or {}),
    )


def refuse(request: AnyRequest, refusal: OcpiRefusal) -> Response[bytes]:
    """The answer to a request that is not granted."""
    data = None if refusal.data is None else msgspec.json.encode(refusal.data)
    return answer(
        request, data, http=refusal.http, code=refusal.code, message=refusal.message,
        headers=refusal.headers,
    )  # fmt: skip


def _echoed(request: AnyRequest) -> dict[str, str]:
    """X-Request-ID and X-Correlation-ID as they came, or new ones (TR-17)."""
    return {
        name: request.headers.get(name) or secrets.token_hex(16)
        for name in ("X-Request-ID", "X-Correlation-ID")
    } | {"Cache-Control": "no-store"}
