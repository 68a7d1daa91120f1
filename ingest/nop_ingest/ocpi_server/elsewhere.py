"""Addresses below /ocpi that are none of ours, in OCPI's envelope (ocpi.md TR-13)."""

from __future__ import annotations

from litestar import Response
from litestar.exceptions import HTTPException

from nop_ingest.ocpi_server.envelope import (
    CLIENT_ERROR,
    UNSUPPORTED_VERSION,
    AnyRequest,
    answer,
)
from nop_ingest.ocpi_server.versions import SERVED


def answer_elsewhere(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """404 for a path that the router does not know, 405 for a method."""
    version = [*request.scope["path"].split("/"), ""][2]
    if version[:1].isdigit() and version not in SERVED:
        code, message = UNSUPPORTED_VERSION, f"OCPI {version[:20]} is not served"
    else:
        code, message = CLIENT_ERROR, "there is nothing at this address: read our version details"
    return answer(
        request, http=error.status_code, code=code, message=message, headers=error.headers
    )


ELSEWHERE = {"ocpi": answer_elsewhere}
