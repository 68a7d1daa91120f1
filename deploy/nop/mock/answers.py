"""What the mock answers, and how the faults of a server under strain change it on its way out."""

from __future__ import annotations

import asyncio
import codecs
import gzip
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from nop.mock.switches import Switches

OK, INVALID, CLIENT_ERROR, UNKNOWN_LOCATION = 1000, 2001, 2000, 2003
SERVER_ERROR, UNUSABLE_API, UNSUPPORTED_VERSION, NO_ENDPOINTS = 3000, 3001, 3002, 3003
NOTHING: Final = msgspec.UNSET
"""No `data` in the envelope."""
_WORTH_COMPRESSING = 1_000  # bytes
_CLOCK_AHEAD_S = 3600

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Request(NamedTuple):
    """A request to the mock."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class Answer(NamedTuple):
    """An HTTP answer with OCPI's envelope; `raw` replaces the envelope."""

    data: Any = NOTHING
    http: int = 200
    code: int = OK
    message: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    is_page: bool = False
    """A page of a list: what the faults of a server under strain hit."""
    raw: bytes | None = None
    content_type: str = "application/json"


async def send_answer(
    answer: Answer, request: Request, switches: Switches, now: float, send: Send
) -> None:
    """Write an answer, spoilt by the faults that are on."""
    breaks_off = False
    if answer.is_page:
        await asyncio.sleep(switches.number("slow"))
        answer = _under_strain(answer, switches)
        breaks_off = answer.http == 200 and switches.due("truncated")
    body = answer.raw if answer.raw is not None else _envelope(answer, switches, now)
    if "byte-order-mark" in switches and answer.raw is None:
        body = codecs.BOM_UTF8 + body
    content_type = "text/plain" if "plain-text" in switches else answer.content_type
    sent = [("content-type", content_type), *answer.headers]
    if "no-request-ids" not in switches:
        names = ("x-request-id", "x-correlation-id")
        sent += [(name, request.headers[name]) for name in names if name in request.headers]
    if _is_compressed(len(body), request, switches):
        body = gzip.compress(body, compresslevel=1)
        sent.append(("content-encoding", "gzip"))
    sent.append(("content-length", str(len(body))))
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in sent]
    await send({"type": "http.response.start", "status": answer.http, "headers": encoded})
    if breaks_off:  # returning without the rest makes the server close the connection
        await send({"type": "http.response.body", "body": body[: len(body) // 2],
                    "more_body": True})  # fmt: skip
        return
    await send({"type": "http.response.body", "body": body})


def _under_strain(answer: Answer, switches: Switches) -> Answer:
    if switches.due("busy"):
        return Answer(http=429, code=CLIENT_ERROR, message="slow down",
                      headers=(("retry-after", "1"),))  # fmt: skip
    if switches.due("server-error"):
        return Answer(http=500, code=SERVER_ERROR, message="the database is away")
    if switches.due("html-error"):
        page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
        return Answer(http=502, raw=page, content_type="text/html")
    return answer


def _envelope(answer: Answer, switches: Switches, now: float) -> bytes:
    envelope: dict[str, Any] = {"status_code": answer.code}
    if "code-as-text" in switches:
        envelope["status_code"] = str(answer.code)
    if answer.message:
        envelope["status_message"] = answer.message
    if "no-timestamp" not in switches:
        moment = int(now) + (_CLOCK_AHEAD_S if "clock-ahead" in switches else 0)
        envelope["timestamp"] = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if answer.data is not NOTHING:
        is_null = answer.data == [] and "null-list" in switches
        envelope["data"] = None if is_null else answer.data
    return msgspec.json.encode(envelope)


def _is_compressed(size: int, request: Request, switches: Switches) -> bool:
    if "gzip-unasked" in switches:
        return True
    asked = "gzip" in request.headers.get("accept-encoding", "")
    return asked and size > _WORTH_COMPRESSING and "no-gzip" not in switches
