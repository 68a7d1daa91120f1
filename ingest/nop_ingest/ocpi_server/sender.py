"""Our Sender interface: locations and tariffs for third parties (ocpi.md section 7).

`GET …/sender/locations`, `…/locations/{id}[/{evse uid}[/{connector id}]]`, `…/tariffs`. No answer
allows cross-origin requests (SE-13): the tokens belong to servers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import unquote

import msgspec
from litestar import Litestar, Response
from litestar.params import FromPath
from litestar.types import Method

from nop_ingest.ocpi.versions import find_version
from nop_ingest.ocpi_server.doorkeeper import in_database, require_admission
from nop_ingest.ocpi_server.envelope import CLIENT_ERROR, AnyRequest, OcpiRefusal, answer
from nop_ingest.ocpi_server.pace import Pace
from nop_ingest.ocpi_server.routes import METHODS, ocpi_route
from nop_ingest.ocpi_server.routing import named_party, routing_headers
from nop_ingest.ocpi_server.sender_lists import Page, locations_page, tariffs_page
from nop_ingest.ocpi_server.sender_objects import Speaker
from nop_ingest.ocpi_server.sender_one import read_one
from nop_ingest.ocpi_server.sender_question import MAX_LIMIT, Question, next_url, read_question
from nop_ingest.ocpi_server.versions import require_version
from nop_registry.consumers import parse_scope
from nop_registry.database import Connection
from nop_registry.store.peers import Admission, note_token_use

_METHODS: Sequence[Method] = ("HEAD", *METHODS)


class Caller(NamedTuple):
    """Who asks, and the headers that every answer to them has."""

    speaker: Speaker
    headers: dict[str, str]


async def _admit(request: AnyRequest, number: str) -> Caller:
    """Token, purpose, pace, version and method, in this order. Raises OcpiRefusal."""
    admission = await in_database(request, lambda connection: _note(connection, request))
    peer = admission.peer
    turn = _pace(request).take(peer.id, peer.requests_per_minute)
    settings = request.app.state.settings
    us = (settings.country, settings.party_id)
    headers = turn.headers() | routing_headers(request, number, us)
    if not turn.allowed:
        raise _refusal(429, "too many requests in this minute: wait, then go on", headers)
    if not peer.consumes:
        raise _refusal(404, "this connection delivers data and does not read any", headers)
    require_version(number)
    if request.method not in ("GET", "HEAD"):
        raise _refusal(
            405, f"{request.method} is not defined here", {**headers, "Allow": "GET, HEAD, OPTIONS"}
        )
    version = find_version(number)
    assert version is not None  # noqa: S101 - require_version
    kept = timedelta(days=settings.tombstone_days)
    return Caller(Speaker(version, parse_scope(peer.scope), kept), headers)


def _pace(request: AnyRequest) -> Pace:
    pace: Pace = request.app.state.ocpi_pace
    return pace


def _refusal(http: int, message: str, headers: dict[str, str]) -> OcpiRefusal:
    refusal = OcpiRefusal(http, CLIENT_ERROR, message)
    refusal.headers = headers
    return refusal


def _note(connection: Connection, request: AnyRequest) -> Admission:
    """Whom the token admits. A known token's use is noted once a minute, not for each page."""
    admission = require_admission(connection, request)
    if admission.fresh or _pace(request).is_new_minute(admission.peer.id):
        note_token_use(connection, admission)
    return admission


async def _list(
    request: AnyRequest,
    version: str,
    name: str,
    read: Callable[[Connection, Speaker, Question], Page],
) -> Response[bytes]:
    caller = await _admit(request, version)
    question = read_question(request)
    page = await in_database(request, lambda connection: read(connection, caller.speaker, question))
    # 2.1.1: how many are returned at most; since 2.2: how many the server ever returns (TR-40).
    most = question.limit if version == "2.1.1" else MAX_LIMIT
    headers = {"X-Total-Count": str(page.total), "X-Limit": str(most)}
    if page.omitted:
        headers["X-Omitted-Count"] = str(page.omitted)
    if page.cursor is not None:
        base = f"{request.app.state.settings.public_url}/ocpi/{version}/sender/{name}"
        url = next_url(base, question, question.offset + len(page.documents), page.cursor)
        headers["Link"] = f'<{url}>; rel="next"'
    body = b"[" + b",".join(page.documents) + b"]"
    return answer(request, body, headers=caller.headers | headers)


@ocpi_route("/ocpi/{version:str}/sender/locations", methods=_METHODS)
async def serve_locations(request: AnyRequest, version: FromPath[str]) -> Response[bytes]:
    """The list of locations."""
    return await _list(request, version, "locations", locations_page)


@ocpi_route("/ocpi/{version:str}/sender/tariffs", methods=_METHODS)
async def serve_tariffs(request: AnyRequest, version: FromPath[str]) -> Response[bytes]:
    """The list of tariffs."""
    return await _list(request, version, "tariffs", tariffs_page)


@ocpi_route("/ocpi/{version:str}/sender/locations/{rest:path}", methods=_METHODS)
async def serve_location(request: AnyRequest, version: FromPath[str]) -> Response[bytes]:
    """One Location, EVSE or Connector."""
    caller = await _admit(request, version)
    names = _segments(request)
    if not 1 <= len(names) <= 3:
        raise _refusal(404, "there is nothing at this address", caller.headers)
    party = named_party(request, "to") if version != "2.1.1" else None
    document = await in_database(
        request, lambda connection: read_one(connection, caller.speaker, names, party)
    )
    return answer(request, msgspec.json.encode(document), headers=caller.headers)


def _segments(request: AnyRequest) -> list[str]:
    """What follows `locations/`, each part decoded once: an id may hold a slash as %2F."""
    raw = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    return [unquote(part) for part in raw.partition("/sender/locations/")[2].strip("/").split("/")]


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """`app.state.ocpi_pace`: the requests of this process by connection."""
    app.state.ocpi_pace = Pace()
    yield


ROUTES = [serve_locations, serve_tariffs, serve_location]
