"""Addresses below /ocpi that are none of ours, in OCPI's envelope (ocpi.md TR-13)."""

from __future__ import annotations

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response

from nop_ingest.ocpi_server.envelope import (
    CLIENT_ERROR,
    UNSUPPORTED_VERSION,
    AnyRequest,
    answer,
)
from nop_ingest.ocpi_server.versions import SERVED


def answer_not_found(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """404 for a path that the router does not know; the other doors' paths as ever."""
    root, _, rest = request.scope["path"].lstrip("/").partition("/")
    if root != "ocpi":
        return create_exception_response(request, error)
    version = rest.partition("/")[0]
    if version[:1].isdigit() and version not in SERVED:
        code, message = UNSUPPORTED_VERSION, f"OCPI {version[:20]} is not served"
    else:
        code, message = CLIENT_ERROR, "there is nothing at this address: read our version details"
    return answer(request, http=404, code=code, message=message)


EXCEPTION_HANDLERS = {404: answer_not_found}
