"""`/graphql`: queries by POST or GET, and GraphiQL for people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get, post, route
from litestar.enums import HttpMethod
from litestar.static_files import create_static_files_router

from nop_graphql.execution import Answer, GraphQLRequest, answer
from nop_graphql.limits import MAX_BODY_BYTES
from nop_graphql.loaders import Context, Shared
from nop_registry.access import Action

_STATIC = Path(__file__).parent / "static"
_PAGE = (_STATIC / "graphiql.html").read_bytes()
_LONGEST_S = 10.0
_FRESH_S = 10
"""How long a cache may answer a GET by itself; statuses are a minute old at most."""

_OPEN = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
_JSON_HEADERS = _OPEN | {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Access-Control-Expose-Headers": "ETag",
    "Vary": "Accept",
}
_PAGE_HEADERS = {
    # GraphiQL's style sheet carries its fonts; everything else comes from files of this server.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
}
_GRAPHQL_JSON = "application/graphql-response+json"


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """What the requests of this process share."""
    app.state.graphql = Shared()
    yield


@post(
    "/graphql",
    status_code=200,
    request_max_body_size=MAX_BODY_BYTES,
    action=Action.READ_PUBLIC,
)
async def post_query(request: Request[Any, Any, Any]) -> Response[bytes]:
    """One query as JSON; no batches."""
    if request.content_type[0] != "application/json":
        return _refused(415, "send the query as application/json")
    try:
        asked = msgspec.json.decode(await request.body(), type=GraphQLRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _refused(400, f"the body is not a GraphQL request: {str(error)[:200]}")
    found, status = await _answer(request, asked)
    headers = _JSON_HEADERS | {"Cache-Control": "no-store"}
    return Response(
        found.body, status_code=status, headers=headers, media_type=_media_type(request)
    )


@get("/graphql", action=Action.READ_PUBLIC)
async def get_query(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A query in the address, for caches; GraphiQL for a browser."""
    if "text/html" in request.headers.get("accept", ""):
        return Response(_PAGE, headers=_PAGE_HEADERS, media_type="text/html")
    given = request.query_params
    text = given.get("query", "")
    if not text:
        return _refused(400, 'no query: POST {"query": …} as JSON, or GET /graphql?query=…')
    if len(text) + len(given.get("variables", "")) > MAX_BODY_BYTES:
        return _refused(413, f"a request may have at most {MAX_BODY_BYTES} bytes")
    try:
        variables = msgspec.json.decode(
            given.get("variables") or "null", type=dict[str, Any] | None
        )
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return _refused(400, f"variables is not a JSON object: {str(error)[:200]}")
    asked = GraphQLRequest(text, variables, given.get("operationName"))
    found, status = await _answer(request, asked)
    if status != 200:
        headers = _JSON_HEADERS | {"Cache-Control": "no-store"}
        return Response(
            found.body, status_code=status, headers=headers, media_type="application/json"
        )
    etag = f'"{blake2b(found.body, digest_size=16).hexdigest()}"'
    headers = _JSON_HEADERS | {"Cache-Control": f"public, max-age={_FRESH_S}", "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(found.body, headers=headers, media_type=_media_type(request))


@route("/graphql", http_method=[HttpMethod.OPTIONS], status_code=204)
async def allow_any_origin() -> Response[None]:
    """CORS preflight: anyone may read."""
    headers = _OPEN | {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "86400",
    }
    return Response(None, status_code=204, headers=headers)


async def _answer(request: Request[Any, Any, Any], asked: GraphQLRequest) -> tuple[Answer, int]:
    state = request.app.state
    context = Context(state.pool, state.settings.country, state.graphql)
    try:
        async with asyncio.timeout(_LONGEST_S):
            found = await answer(asked, context)
    except TimeoutError:
        return Answer(_failure("the query took too long: ask for less at once", "TIMEOUT")), 504
    if found.unavailable:
        return found, 503
    # GraphQL over HTTP: the older media type answers 200 to every well-formed request.
    return found, 400 if found.refused and _media_type(request) == _GRAPHQL_JSON else 200


def _media_type(request: Request[Any, Any, Any]) -> str:
    accepted = request.headers.get("accept", "")
    return _GRAPHQL_JSON if _GRAPHQL_JSON in accepted else "application/json"


def _refused(status: int, message: str) -> Response[bytes]:
    return Response(
        _failure(message, "BAD_REQUEST"),
        status_code=status,
        headers=_JSON_HEADERS | {"Cache-Control": "no-store"},
        media_type="application/json",
    )


def _failure(message: str, code: str) -> bytes:
    return msgspec.json.encode({"errors": [{"message": message, "extensions": {"code": code}}]})


ROUTES: list[Any] = [
    allow_any_origin,  # first, else Litestar adds its own handler of OPTIONS
    post_query,
    get_query,
    create_static_files_router(
        path="/graphql/static",
        directories=[_STATIC],
        cache_control=None,
        name="graphql-static",
        opt={"action": Action.READ_PUBLIC},
    ),
]
