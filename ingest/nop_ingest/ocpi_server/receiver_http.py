"""The Receiver's requests and answers on the wire."""

from __future__ import annotations

import asyncio
import secrets
import time
from itertools import count
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec
from litestar.types import Receive, Scope, Send

from nop_ingest.ocpi_server.envelope import CLIENT_ERROR, INVALID, OK, OcpiRefusal, envelope
from nop_ingest.ocpi_server.versions import require_version
from nop_ingest.push_rules import Address

MOST_BYTES = 2_000_000
"""Of a body (RE-14)."""
_BODY_S = 60.0
_METHODS = {
    ("locations", False): ("GET", "PUT", "PATCH"),
    ("locations", True): ("GET", "PUT", "PATCH"),
    ("tariffs", False): ("GET", "PUT", "DELETE"),
    ("tariffs", True): ("GET", "PUT", "PATCH", "DELETE"),  # 2.1.1
}
_ROUTING = (
    (b"ocpi-to-party-id", b"OCPI-from-party-id"),
    (b"ocpi-to-country-code", b"OCPI-from-country-code"),
    (b"ocpi-from-party-id", b"OCPI-to-party-id"),
    (b"ocpi-from-country-code", b"OCPI-to-country-code"),
)


class Target(NamedTuple):
    """The object that a URL names."""

    version: str
    module: str
    address: Address
    depth: int
    """3: a Location or Tariff, 4: an EVSE, 5: a Connector."""


class Reply(msgspec.Struct, frozen=True):
    """An answer: HTTP status, OCPI code and what comes with them. `data` is JSON already."""

    http: int = 200
    code: int = OK
    message: str | None = None
    data: bytes | None = None
    headers: dict[str, str] = {}


TAKEN = Reply()
"""Done, and nothing more to say."""
_last_taken = (0, b"")


def _taken() -> bytes:
    """The body of that, made once a second."""
    global _last_taken
    second = int(time.time())
    if second != _last_taken[0]:
        _last_taken = (second, envelope(None, OK, None))
    return _last_taken[1]


class Exchange:
    """A request's line and headers."""

    def __init__(self, scope: Scope) -> None:
        self.method: str = str(scope["method"])  # type: ignore[typeddict-item]
        self._path: bytes = scope.get("raw_path") or scope["path"].encode()
        self._headers: dict[bytes, bytes] = dict(scope["headers"])

    def header(self, name: bytes) -> bytes:
        """A header by its name in small letters; empty when it is not there."""
        return self._headers.get(name, b"")

    def target(self) -> Target:
        """What the URL names, each segment decoded once (RE-18). Raises OcpiRefusal."""
        path = self._path.partition(b"?")[0].partition(b"/ocpi/")[2]
        segments = [part for part in path.split(b"/") if part]  # slashes may double (VE-7)
        try:
            version, _, module, *words = [unquote_to_bytes(part).decode() for part in segments]
        except ValueError:  # not UTF-8, or slashes of the route itself in percent-encoding
            raise OcpiRefusal(404, INVALID, "there is nothing at this address") from None
        require_version(version)
        methods = _METHODS.get((module, version == "2.1.1"), ())
        if not methods:
            raise OcpiRefusal(404, INVALID, "there is nothing at this address")
        if self.method not in methods:
            raise OcpiRefusal(
                405, CLIENT_ERROR, f"{self.method} is not defined here", allow=", ".join(methods)
            )
        if not 3 <= len(words) <= (5 if module == "locations" else 3) or not all(words):
            raise OcpiRefusal(404, CLIENT_ERROR, "the URL names no object: country/party/id")
        country, party, *rest = words
        return Target(version, module, Address(country.upper(), party.upper(), *rest), len(words))

    def answer_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that answer the request's (TR-17, RT-1)."""
        heard = self._headers
        told = [
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"X-Request-ID", heard.get(b"x-request-id") or _new_id()),
            (b"X-Correlation-ID", heard.get(b"x-correlation-id") or _new_id()),
        ]
        told += [(ours, heard[theirs]) for theirs, ours in _ROUTING if theirs in heard]
        return told


_process = secrets.token_hex(8)
_requests = count(secrets.randbits(32))


def _new_id() -> bytes:
    return f"{_process}{next(_requests):016x}".encode()


async def read_body(exchange: Exchange, receive: Receive) -> bytes:
    """The whole body. Raises OcpiRefusal 415, 413, 408, or 400 when the sender went away."""
    if exchange.header(b"content-encoding").strip().lower() not in (b"", b"identity"):
        raise OcpiRefusal(415, INVALID, "send the body as it is, without a Content-Encoding")
    length = exchange.header(b"content-length")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise _too_long()
    try:
        async with asyncio.timeout(_BODY_S):
            return await _read(receive)
    except TimeoutError:
        raise OcpiRefusal(408, INVALID, "the body took too long") from None


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise OcpiRefusal(400, INVALID, "the body did not arrive whole")
        part: bytes = message.get("body", b"")  # type: ignore[assignment]
        size += len(part)
        if size > MOST_BYTES:
            raise _too_long()
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_long() -> OcpiRefusal:
    return OcpiRefusal(413, INVALID, f"a body has at most {MOST_BYTES} bytes")


async def respond(send: Send, exchange: Exchange, reply: Reply) -> None:
    """Send the answer."""
    body = _taken() if reply is TAKEN else envelope(reply.data, reply.code, reply.message)
    headers = exchange.answer_headers()
    headers.append((b"content-length", str(len(body)).encode()))
    headers += [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    await send({"type": "http.response.start", "status": reply.http, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
