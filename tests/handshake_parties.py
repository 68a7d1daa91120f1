"""Two sides of a handshake for tests, over real HTTP on loopback: our server, and a small CPO."""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
import pytest
from litestar import Litestar
from litestar.datastructures import State
from loopback import listen, serve, url_of

from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.credentials_object import OurParty, our_party
from nop_ingest.ocpi.handshake import Outcome
from nop_ingest.ocpi.onboarding import Terms, find_or_add_peer, invite
from nop_ingest.ocpi_server import clientinfo, credentials, versions
from nop_ingest.ocpi_server.doorkeeper import lifespan
from nop_registry import settings as settings_module
from nop_registry.database import Connection, connect
from nop_registry.sealing import load_key
from nop_registry.settings import Settings
from nop_registry.store import peers
from nop_registry.store.peers import Peer

Register = Callable[..., Outcome]
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


class Said(NamedTuple):
    """An answer: HTTP status, headers, and the envelope (or text)."""

    http: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> int:
        return int(self.body["status_code"])

    @property
    def data(self) -> Any:
        return self.body["data"]


def ask(
    method: str, url: str, token: str | None, body: Any = None, *, raw: bool = False, **headers: str
) -> Said:
    """One request; the token goes out in Base64, or as it is with `raw`."""
    if token is not None:
        spelled = token if raw else base64.b64encode(token.encode()).decode()
        headers["Authorization"] = f"Token {spelled}"
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - loopback
            return _said(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return _said(error.code, error.headers, error.read())


def _said(status: int, headers: Any, body: bytes) -> Said:
    named = {name.lower(): value for name, value in headers.items()}
    try:
        return Said(status, named, json.loads(body))
    except ValueError:
        return Said(status, named, body.decode())


class OurServer:
    """Our OCPI server in a thread, on a database of the test."""

    def __init__(self, database_url: str, home: Path, **changes: Any) -> None:
        listener = listen()
        self.database_url = database_url
        self.settings: Settings = msgspec.structs.replace(
            settings_module.load({"NOP_HOME": str(home)}),
            public_url=url_of(listener), party_id="NAP", **changes,
        )  # fmt: skip
        self.key = load_key(self.settings)
        state = State({"pool": SimpleNamespace(conninfo=database_url), "settings": self.settings})
        app = Litestar(
            route_handlers=[*versions.ROUTES, *credentials.ROUTES, *clientinfo.ROUTES],
            state=state, lifespan=[lifespan, credentials.lifespan], openapi_config=None,
        )  # fmt: skip
        self._serving = ExitStack()
        self._serving.enter_context(serve(app, listener, log_config=None, ws="none"))

    @property
    def us(self) -> OurParty:
        return our_party(self.settings)

    @property
    def versions_url(self) -> str:
        return self.us.versions_url

    def url(self, path: str) -> str:
        return f"{self.us.public_url}/ocpi/{path}"

    def peer(self, name: str = "tpc") -> Peer:
        with connect(self.database_url) as connection:
            return peers.get_peer(connection, name)

    def invite(self, name: str = "tpc", **terms: Any) -> str:
        """A token A for a peer of that name, made when it is not there."""
        full = {"country": "IN", "allow_loopback": True, "parties": (("IN", "TPC"),)} | terms
        with connect(self.database_url) as connection:
            peer = find_or_add_peer(connection, name, Terms(**full))
            return invite(connection, peer, expires_in=timedelta(days=30))[0]

    def stop(self) -> None:
        self._serving.close()


class FakeCpo:
    """An operator's OCPI server with a credentials module; a test changes how it behaves."""

    def __init__(self) -> None:
        self.token_a = "operator-token-A-0123456789"
        self.token = "operator-token-C-9876543210"
        self.accepted: set[str] = {self.token_a}
        """The tokens that open its doors."""
        self.theirs: str | None = None
        """The token with which it calls us."""
        self.versions = list(VERSIONS)
        self.modules: list[tuple[str, str | None]] = [
            ("credentials", "SENDER"), ("locations", "SENDER"), ("tariffs", "SENDER"),
        ]  # fmt: skip
        self.roles: list[dict[str, Any]] = [_role("CPO", "IN", "TPC", "Test Power")]
        self.raw_only = False
        self.calls_back = True
        self.on: dict[str, Callable[[BaseHTTPRequestHandler], Any]] = {}
        """Other behaviour by path or method, such as `POST`; returns True when it has answered."""
        self.requests: list[tuple[str, str, Any]] = []
        self.called_back: list[Said] = []
        cpo = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                cpo.serve(self)

            do_POST = do_PUT = do_DELETE = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}/ocpi"
        self.url = f"{self.base}/versions"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # As a server, to whom we register ------------------------------------------------------------

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(length)) if length else None
        path = request.path.removeprefix("/ocpi")
        self.requests.append((request.command, path, body))
        for key in (f"{request.command} {path}", path, request.command):
            if key in self.on and self.on[key](request):
                return
        if not self._admits(request):
            return reply(request, 401, 2001)
        if path == "/versions":
            offers = [{"version": v, "url": f"{self.base}/{v}"} for v in self.versions]
            return reply(request, 200, 1000, offers)
        version, _, module = path.removeprefix("/").partition("/")
        if not module:
            return reply(request, 200, 1000, self.details(version))
        if request.command == "GET":
            return reply(request, 200, 1000, [])
        if request.command == "DELETE":
            self.accepted.clear()
            return reply(request, 200, 1000)
        return self.register_them(request, version, body)

    def details(self, version: str) -> dict[str, Any]:
        endpoints = []
        for name, role in self.modules:
            one = {"identifier": name, "url": f"{self.base}/{version}/{name}"}
            if version != "2.1.1" and role:
                one["role"] = role
            endpoints.append(one)
        return {"version": version, "endpoints": endpoints}

    def register_them(self, request: BaseHTTPRequestHandler, version: str, body: Any) -> None:
        """What a CPO does with our POST or PUT: calls back with token B, then answers with C."""
        self.theirs = body["token"]
        if self.calls_back:
            raw = version == "2.1.1"
            offers = ask("GET", body["url"], self.theirs, raw=raw)
            self.called_back.append(offers)
            url = next(o["url"] for o in offers.data if o["version"] == version)
            self.called_back.append(ask("GET", url, self.theirs, raw=raw))
        self.accepted = {self.token}
        reply(request, 200, 1000, self.credentials(version, self.token))

    def _admits(self, request: BaseHTTPRequestHandler) -> bool:
        value = request.headers.get("Authorization", "").removeprefix("Token ")
        encoded = {base64.b64encode(token.encode()).decode() for token in self.accepted}
        return value in (self.accepted if self.raw_only else encoded | self.accepted)

    # As a client, who registers with us ----------------------------------------------------------

    def credentials(self, version: str, token: str) -> dict[str, Any]:
        about: dict[str, Any] = {"token": token, "url": self.url}
        if version == "2.1.1":
            only = {k: v for k, v in self.roles[0].items() if k != "role"}
            return about | only
        return about | {"roles": self.roles}

    def send(
        self, ours: OurServer, method: str, token: str, version: str = "2.2.1", **changes: Any
    ) -> Said:
        """POST or PUT its credentials to us with a new token B."""
        b = changes.pop("token_b", "operator-token-B-5566778899")
        self.accepted.add(b)
        body = self.credentials(version, b) | changes
        url = ours.url(f"{version}/credentials")
        return ask(method, url, token, body, raw=version == "2.1.1")


def reply(
    request: BaseHTTPRequestHandler, http: int, code: int, data: Any = None, message: str = "said"
) -> bool:
    """Answer with an envelope; True, for `FakeCpo.on`."""
    about = {"status_code": code, "status_message": message, "timestamp": "2026-11-21T10:00:00Z"}
    body = json.dumps(about if data is None else about | {"data": data}).encode()
    request.send_response(http)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
    return True


def _role(role: str, country: str, party: str, name: str) -> dict[str, Any]:
    business = {"name": name, "website": "https://power.example"}
    return {
        "role": role, "country_code": country, "party_id": party, "business_details": business,
    }  # fmt: skip


@pytest.fixture
def ours(database_url: str, tmp_path: Path) -> Iterator[OurServer]:
    """Our server."""
    running = OurServer(database_url, tmp_path)
    yield running
    running.stop()


@pytest.fixture
def cpo() -> Iterator[FakeCpo]:
    """An operator."""
    running = FakeCpo()
    yield running
    running.stop()


@pytest.fixture
def peer(ours: OurServer, connection: Connection) -> Peer:
    """A supplier that is not registered yet."""
    terms = Terms(country="IN", allow_loopback=True, parties=(("IN", "TPC"),))
    with connection.transaction():
        return find_or_add_peer(connection, "tpc", terms)


@pytest.fixture
def register(ours: OurServer, cpo: FakeCpo, connection: Connection, peer: Peer) -> Register:
    """Register with `cpo`, as connection `tpc`."""

    def act(**changes: Any) -> Outcome:
        given: dict[str, Any] = {"versions_url": cpo.url, "token": cpo.token_a} | changes
        return handshake.register(connection, ours.peer(), us=ours.us, key=ours.key, **given)

    return act


def rows(connection: Connection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """What is in the tables now."""
    with connection.transaction():
        return connection.execute(sql, values).fetchall()  # type: ignore[arg-type]
