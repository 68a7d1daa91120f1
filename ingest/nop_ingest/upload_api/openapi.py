"""GET /openapi.json: the upload API described for programs (OpenAPI 3.1)."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from nop_ingest.upload_api import told
from nop_ingest.upload_api.openapi_examples import EXAMPLES
from nop_ingest.upload_api.openapi_operations import (
    JSON,
    OPERATIONS,
    PARAMETERS,
    PROBLEM,
    PROBLEMS,
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    Answer,
    Operation,
    problems_of,
)
from nop_registry.access import Action

_BYTES = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "required": ["file"], "properties": {"file": _BYTES}}


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
        use_handler_docstrings=True,
    )
    document: dict[str, Any] = Litestar(
        route_handlers=routes, openapi_config=config
    ).openapi_schema.to_schema()
    _, components = msgspec.json.schema_components(
        [*EXAMPLES, told.Problem], ref_template="#/components/schemas/{name}"
    )
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(operation, OPERATIONS[method, path])
    document["components"] = {
        "schemas": components,
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
    document["security"] = [{"key": []}]
    return document


def _complete(operation: dict[str, Any], known: Operation) -> None:
    """What handlers that read the body themselves and answer bytes cannot tell."""
    text = " ".join(operation.pop("description").split())
    operation["summary"], _, more = text.partition(". ")
    operation["summary"] = operation["summary"].rstrip(".")
    if more:
        operation["description"] = more
    parameters = [_parameter(one) for one in operation.get("parameters", ())]
    parameters += [_request_header(name) for name in known.headers]
    if parameters:
        operation["parameters"] = parameters
    if known.body:
        operation["requestBody"] = {"required": True, "content": {
            media: {"schema": _FORM if media.startswith("multipart/") else _BYTES}
            for media in known.body
        }}  # fmt: skip
    if not known.needs_key:
        operation["security"] = []
    operation["responses"] = {
        str(status): _response(answer) for status, answer in sorted(known.answers.items())
    } | {str(status): _refusal(status) for status in problems_of(known)}


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    meaning, example = PARAMETERS[given["name"]]
    schema = given["schema"]
    # A query has no null: what may be left out is simply not required.
    schema = next((one for one in schema.get("oneOf", ()) if one["type"] != "null"), schema)
    if None in schema.get("enum", ()):
        schema = {"type": "string", "enum": [one for one in schema["enum"] if one is not None]}
    return {
        "name": given["name"], "in": given["in"], "required": given["required"],
        "description": meaning, "schema": schema, "example": example,
    }  # fmt: skip


def _request_header(name: str) -> dict[str, Any]:
    meaning, required, example = REQUEST_HEADERS[name]
    return {
        "name": name, "in": "header", "required": required, "description": meaning,
        "schema": {"type": "string"}, "example": example,
    }  # fmt: skip


def _response(answer: Answer) -> dict[str, Any]:
    content: dict[str, Any] = {
        media: {"schema": {"type": "object"} if media == JSON else _BYTES} for media in answer.media
    }
    if answer.body is not None:
        content[JSON] = _content(EXAMPLES[answer.body])
    return _with_headers({"description": answer.description}, content, answer.headers)


def _refusal(status: int) -> dict[str, Any]:
    headers = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
    title, detail = HTTPStatus(status).phrase, PROBLEMS[status]
    example = told.Problem(type="about:blank", title=title, status=status, detail=detail)
    content = {PROBLEM: _content(example)}
    return _with_headers({"description": PROBLEMS[status]}, content, headers.get(status, ()))


def _with_headers(
    response: dict[str, Any], content: dict[str, Any], names: tuple[str, ...]
) -> dict[str, Any]:
    if content:
        response["content"] = content
    if names:
        response["headers"] = {
            name: {"description": RESPONSE_HEADERS[name], "schema": {"type": "string"}}
            for name in names
        }
    return response


def _content(example: msgspec.Struct) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{type(example).__name__}"}
    return {"schema": schema, "example": msgspec.to_builtins(example)}
