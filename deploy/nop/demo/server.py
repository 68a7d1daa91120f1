"""The operators' OCPI 2.2.1 servers: one process, a base path and a token for each.

Versions, version details, and the Sender lists of locations and tariffs with `Link`,
`X-Total-Count`, `X-Limit`, `date_from`, `date_to` and gzip. Plain ASGI: it has to cost next to
nothing beside the platform that it feeds.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

from nop.demo.live import Entry, LiveOperator
from nop.list_query import WrongParameter, instant, number

VERSION = "2.2.1"
PAGE, LONGEST_PAGE = 100, 500
_WORTH_COMPRESSING = 1_000  # bytes
_OK, _WRONG_PARAMETER, _NOT_FOUND = 1000, 2001, 2000

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Answer(NamedTuple):
    """An HTTP answer: OCPI's envelope around `data` (JSON), or around nothing."""

    data: bytes | None = None
    http: int = 200
    code: int = _OK
    message: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class DemoServer:
    """The ASGI application."""

    def __init__(
        self,
        operators: Iterable[LiveOperator],
        base_url: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._operators = {live.operator.party_id.lower(): live for live in operators}
        self._base_url = base_url
        self._clock = clock

    def versions_url(self, party_id: str) -> str:
        """Where the platform begins."""
        return versions_url(self._base_url, party_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            answer = self._answer(scope, headers)
        except WrongParameter as error:
            answer = Answer(code=_WRONG_PARAMETER, message=str(error))
        body = _envelope(answer, self._clock())
        sent = [("content-type", "application/json"), *answer.headers]
        sent += [
            (name, headers[name])
            for name in ("x-request-id", "x-correlation-id")
            if name in headers
        ]
        if len(body) > _WORTH_COMPRESSING and "gzip" in headers.get("accept-encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            sent.append(("content-encoding", "gzip"))
        sent.append(("content-length", str(len(body))))
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in sent]
        await send({"type": "http.response.start", "status": answer.http, "headers": encoded})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Scope, headers: dict[str, str]) -> Answer:
        party, _, path = scope["path"].strip("/").partition("/")
        live = self._operators.get(party)
        if live is None:
            return Answer(http=404, code=_NOT_FOUND, message="no operator has this address")
        if not _is_allowed(headers.get("authorization", ""), live.operator.token):
            return Answer(http=401, code=_WRONG_PARAMETER, message="unknown token")
        if scope["method"] != "GET":
            refusal = "only GET"
            return Answer(http=405, code=_NOT_FOUND, message=refusal, headers=(("allow", "GET"),))
        url = f"{self._base_url}/{party}/ocpi"
        match path.split("/"):
            case ["ocpi", "versions"]:
                return Answer(
                    msgspec.json.encode([{"version": VERSION, "url": f"{url}/{VERSION}"}])
                )
            case ["ocpi", "2.2.1"]:
                return Answer(_details(f"{url}/{VERSION}"))
            case ["ocpi", "2.2.1", ("locations" | "tariffs") as module]:
                entries = live.entries(module, int(self._clock()))
                return _list(entries, f"{url}/{VERSION}/{module}", scope["query_string"].decode())
        return Answer(http=404, code=_NOT_FOUND, message="there is nothing under this address")


def versions_url(base_url: str, party_id: str) -> str:
    """The versions URL of an operator."""
    return f"{base_url}/{party_id.lower()}/ocpi/versions"


def _details(url: str) -> bytes:
    endpoints = [
        {"identifier": module, "role": "SENDER", "url": f"{url}/{module}"}
        for module in ("locations", "tariffs")
    ]
    return msgspec.json.encode({"version": VERSION, "endpoints": endpoints})


def _list(entries: list[Entry], url: str, query: str) -> Answer:
    asked = dict(parse_qsl(query))
    since, until = instant(asked, "date_from"), instant(asked, "date_to")
    offset = number(asked, "offset", 0, least=0)
    limit = min(number(asked, "limit", PAGE, least=1), LONGEST_PAGE)
    found = [
        entry
        for entry in entries
        if (since is None or entry.last_updated >= since)
        and (until is None or entry.last_updated < until)
    ]
    page = found[offset : offset + limit]
    headers = [("x-total-count", str(len(found))), ("x-limit", str(LONGEST_PAGE))]
    if offset + limit < len(found):
        dates = {name: asked[name] for name in ("date_from", "date_to") if name in asked}
        following = urlencode(dates | {"offset": offset + limit, "limit": limit})
        headers.append(("link", f'<{url}?{following}>; rel="next"'))
    return Answer(b"[" + b",".join(entry.body for entry in page) + b"]", headers=tuple(headers))


def _envelope(answer: Answer, now: float) -> bytes:
    about: dict[str, Any] = {
        "status_code": answer.code,
        "timestamp": datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if answer.message:
        about["status_message"] = answer.message
    encoded = msgspec.json.encode(about)
    return encoded if answer.data is None else encoded[:-1] + b',"data":' + answer.data + b"}"


def _is_allowed(header: str, token: str) -> bool:
    """OCPI 2.2.1 sends the token in Base64; the raw token is understood too."""
    scheme, _, value = header.partition(" ")
    value = value.strip()
    try:
        decoded = base64.b64decode(value, validate=True).strip()
    except (binascii.Error, ValueError):
        decoded = b""
    expected = token.encode()
    matches = [compare_digest(value.encode(), expected), compare_digest(decoded, expected)]
    return scheme.lower() == "token" and any(matches)
