"""GET /openapi.json: the upload API described for programs (OpenAPI 3.1)."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from nop_ingest.upload_api.states import UploadDocument
from nop_registry.access import Action

_FILE = {"schema": {"type": "string", "format": "binary"}}
_BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("/uploads", "post"): {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": _FILE,
        },
    },
    ("/uploads/{upload_id}", "patch"): {
        "required": True,
        "content": {"application/partial-upload": _FILE},
    },
}
_HEADERS: dict[tuple[str, str], tuple[tuple[str, str, bool], ...]] = {
    ("/uploads", "post"): (
        ("Idempotency-Key", "The same request may be sent again: the file is taken once.", False),
        ("Prefer", "`wait=30`: answer when it is done, after at most so many seconds.", False),
        ("Upload-Complete", "`?0`: the file comes in pieces.", False),
        ("Upload-Length", "Size of a file that comes in pieces, in bytes.", False),
    ),
    ("/uploads/{upload_id}", "patch"): (
        ("Upload-Offset", "Where the piece belongs: the number of bytes received.", True),
        ("Upload-Complete", "`?1`: it is the last piece.", False),
    ),
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_JSON = "application/json"


def describe(routes: list[HTTPRouteHandler]) -> HTTPRouteHandler:
    """The route that describes `routes`."""

    @cache
    def build() -> bytes:
        return msgspec.json.encode(_document(routes))

    @get("/openapi.json", sync_to_thread=True, action=Action.READ_PUBLIC)
    def get_openapi() -> Response[bytes]:
        """The upload API (OpenAPI 3.1)."""
        return Response(
            build(),
            media_type="application/vnd.oai.openapi+json;version=3.1",
            headers={"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"},
        )

    return get_openapi


def _document(routes: list[HTTPRouteHandler]) -> dict[str, Any]:
    config = OpenAPIConfig(
        title="National register of EV chargers: uploads",
        version="1",
        description="Send files of stations, see what they would do, take them, undo it.",
    )
    told: dict[str, Any] = Litestar(
        route_handlers=routes, openapi_config=config
    ).openapi_schema.to_schema()
    _, components = msgspec.json.schema_components(
        [UploadDocument], ref_template="#/components/schemas/{name}"
    )
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            _complete(path, method, operation)
    told["components"] = {
        "schemas": components | {"Problem": _PROBLEM},
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
    told["security"] = [{"key": []}]
    return told


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """What handlers that read the body themselves and answer bytes cannot tell."""
    if body := _BODIES.get((path, method)):
        operation["requestBody"] = body
    operation.setdefault("parameters", []).extend(
        {"name": name, "in": "header", "required": required, "description": text,
         "schema": {"type": "string"}}
        for name, text, required in _HEADERS.get((path, method), ())
    )  # fmt: skip
    responses: dict[str, Any] = {}
    for status, response in operation.get("responses", {}).items():
        if status != "400":
            responses[status] = {"description": response.get("description", "")}
    if path.startswith("/uploads") and not path.endswith(("findings", ".csv", "-copy")):
        document = {"schema": {"$ref": "#/components/schemas/UploadDocument"}}
        if path == "/uploads" and method == "get":
            document = {"schema": {"type": "object"}}
        for status in ("200", "201", "202") if method in ("post", "patch") else ("200",):
            if method in ("get", "post", "patch"):
                responses.setdefault(status, {"description": "The upload"})
                responses[status]["content"] = {_JSON: document}
    refusal = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses["4XX"] = {"description": "What is wrong, and what to do", "content": refusal}
    operation["responses"] = responses
