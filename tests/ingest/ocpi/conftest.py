"""An operator's OCPI server on loopback that misbehaves as told."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.retrying import Patience

GIVEN = "s3cret-token"
CLOCK = "2026-11-21T10:00:00Z"


@dataclass
class Asked:
    """A request the operator got."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class Reply:
    """What the operator answers. `write` replaces everything: it gets the bare socket file."""

    body: bytes = b""
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    write: Callable[[Any], None] | None = None


class Operator:
    """Serves versions, details, locations and tariffs. Tests replace `routes` and `accepts`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.accepts = lambda value: value == base64.b64encode(GIVEN.encode()).decode()
        self.refusal = Reply(b'{"detail":"no"}', 401)
        self.objects = [{"id": f"L{n:04}"} for n in range(25)]
        self.page_size = 10
        self.routes: dict[str, Callable[[Asked], Reply]] = {
            "/versions": lambda asked: self.data([{"version": "2.2.1", "url": self.url("/2.2.1")}]),
            "/2.2.1": lambda asked: self.details("/locations"),
            "/locations": self.list_page,
        }
        self.stopping = threading.Event()
        operator = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet per answer

            def setup(self) -> None:
                operator.connections += 1
                super().setup()

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                operator.answer(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        split = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        asked = Asked(split.path, query, {k.lower(): v for k, v in handler.headers.items()})
        self.asked.append(asked)
        scheme, _, value = asked.headers.get("authorization", "").partition(" ")
        route = self.routes.get(split.path, lambda asked: Reply(b"{}", 404))
        reply = route(asked) if scheme == "Token" and self.accepts(value) else self.refusal
        if reply.write:
            reply.write(handler.wfile)
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        for name, text in [*reply.headers, ("Content-Length", str(len(reply.body)))]:
            handler.send_header(name, text)
        handler.end_headers()
        handler.wfile.write(reply.body)

    def data(self, data: Any, *headers: tuple[str, str], **more: Any) -> Reply:
        """An OCPI envelope."""
        envelope = {"status_code": 1000, "timestamp": CLOCK, "data": data, **more}
        return Reply(json.dumps(envelope).encode(), headers=list(headers))

    def details(self, path: str) -> Reply:
        endpoint = {"identifier": "locations", "role": "SENDER", "url": self.url(path)}
        return self.data({"version": "2.2.1", "endpoints": [endpoint]})

    def slice(self, asked: Asked) -> tuple[list[Any], int]:
        """The objects of the page that is asked for, and where the next one starts."""
        start = int(asked.query.get("offset", 0))
        end = start + min(self.page_size, int(asked.query.get("limit", self.page_size)))
        return self.objects[start:end], end

    def list_page(self, asked: Asked) -> Reply:
        """A page as the specification has it."""
        chunk, end = self.slice(asked)
        headers = [("X-Total-Count", str(len(self.objects))), ("X-Limit", str(self.page_size))]
        if end < len(self.objects):
            headers.append(("Link", f'<{self.url("/locations")}?offset={end}>; rel="next"'))
        return self.data(chunk, *headers)

    def pages_asked(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == "/locations"]

    def peer(self, token: str = GIVEN, **options: Any) -> OcpiPeer:
        """Our client for this operator, with short waits."""
        defaults: dict[str, Any] = {
            "allow_loopback": True,
            "patience": Patience(first_wait_s=0.01, factor=1.5, longest_wait_s=0.3),
            "limits": Limits(call_s=60, read_s=60),
        }
        return OcpiPeer(self.url("/versions"), token, **{**defaults, **options})

    def close(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def operator() -> Iterator[Operator]:
    server = Operator()
    yield server
    server.close()


@pytest.fixture
def other_host() -> Iterator[Operator]:
    """A second server: nothing may ever ask it."""
    server = Operator()
    server.accepts = lambda value: True
    yield server
    server.close()


@pytest.fixture
def packed() -> Callable[[Reply], Reply]:
    """Compress an answer with gzip."""

    def pack(reply: Reply) -> Reply:
        return Reply(
            gzip.compress(reply.body), reply.status, [*reply.headers, ("Content-Encoding", "gzip")]
        )

    return pack


@pytest.fixture
def reply() -> type[Reply]:
    return Reply
