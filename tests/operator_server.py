"""A small operator for tests: an OCPI 2.2.1 server on loopback, whose words a test can change."""

from __future__ import annotations

import contextlib
import functools
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.retrying import Patience
from nop_ingest.pull import PullReport, pull
from nop_registry.database import Connection
from nop_registry.store import sources
from nop_registry.store.peer_parties import agree
from nop_registry.store.peers import Peer, add_peer

KEY = bytes(32)
TOKEN = "operator-token"


class Operator:
    """Lists that a test edits; each request is answered from what they hold then."""

    def __init__(self) -> None:
        self.locations: list[dict[str, Any]] = []
        self.tariffs: list[dict[str, Any]] = []
        self.page_size = 10
        self.fail_after: int | None = None  # answer HTTP 500 to list pages after so many
        self.pages_served = 0
        self.delay_s = 0.0  # before each list page
        self.hold_after: int | None = None  # leave list pages unanswered after so many
        self.released = threading.Event()
        self.modules = ["locations", "tariffs"]
        self.cursors = False  # link by an opaque cursor instead of an offset
        self.forgotten: set[str] = set()  # cursors that are refused
        self.queries: list[dict[str, str]] = []
        operator = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                operator.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}/ocpi"
        self.url = f"{self.base}/versions"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        url = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path.endswith("/versions"):
            return send(request, [{"version": "2.2.1", "url": f"{self.base}/2.2.1"}])
        if url.path.endswith("/2.2.1"):
            ends = [
                {"identifier": name, "role": "SENDER", "url": f"{self.base}/{name}"}
                for name in self.modules
            ]
            return send(request, {"version": "2.2.1", "endpoints": ends})
        self.pages_served += 1
        time.sleep(self.delay_s)
        if self.hold_after is not None and self.pages_served > self.hold_after:
            self.released.wait()
            return None
        if self.fail_after is not None and self.pages_served > self.fail_after:
            request.send_error(500)
            return None
        name = url.path.rstrip("/").rsplit("/", 1)[1]
        self.queries.append({"module": name, **query})
        objects = getattr(self, name)
        if since := query.get("date_from"):
            objects = [o for o in objects if o["last_updated"] >= since]
        cursor = query.get("cursor", "")
        if cursor in self.forgotten:
            request.send_error(404)
            return None
        offset = int(query.get("offset", cursor.removeprefix("after-") or 0))
        headers = {"X-Total-Count": str(len(objects))}
        if offset + self.page_size < len(objects):
            way = "cursor=after-" if self.cursors else "offset="
            following = f"{self.base}/{name}?{way}{offset + self.page_size}"
            if since:
                following += f"&date_from={since}"
            headers["Link"] = f'<{following}>; rel="next"'
        return send(request, objects[offset : offset + self.page_size], headers)

    def stop(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def send(request: BaseHTTPRequestHandler, data: Any, headers: dict[str, str] | None = None) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = json.dumps({"data": data, "status_code": 1000, "timestamp": now}).encode()
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    with contextlib.suppress(ConnectionError):  # a test may kill who asked
        request.end_headers()
        request.wfile.write(body)


def a_location(number: int, **changes: Any) -> dict[str, Any]:
    """An OCPI 2.2.1 Location in Delhi with two EVSEs; clean, so that no finding hides another."""
    location = {
        "country_code": "IN",
        "party_id": "TPC",
        "id": f"LOC{number}",
        "publish": True,
        "name": f"Station {number}",
        "address": f"{number} Janpath",
        "city": "New Delhi",
        "postal_code": "110001",
        "country": "IND",
        "coordinates": {"latitude": f"{28.500123 + number / 1000:.6f}", "longitude": "77.209012"},
        "operator": {"name": "Test Power"},
        "time_zone": "Asia/Kolkata",
        "opening_times": {"twentyfourseven": True},
        "evses": [an_evse(number, n) for n in (1, 2)],
        "last_updated": "2026-11-20T10:00:00Z",
    }
    return location | changes


def an_evse(location: int, number: int, **changes: Any) -> dict[str, Any]:
    """An EVSE with one CCS2 connector of 60 kW."""
    evse = {
        "uid": f"{location}-{number}",
        "evse_id": f"IN*TPC*E{location}*{number}",
        "status": "AVAILABLE",
        "connectors": [
            {
                "id": "1",
                "standard": "IEC_62196_T2_COMBO",
                "format": "CABLE",
                "power_type": "DC",
                "max_voltage": 500,
                "max_amperage": 120,
                "max_electric_power": 60000,
                "tariff_ids": ["T1"],
                "last_updated": "2026-11-20T10:00:00Z",
            }
        ],
        "last_updated": "2026-11-20T10:00:00Z",
    }
    return evse | changes


def a_tariff(**changes: Any) -> dict[str, Any]:
    """17 rupees a kilowatt-hour and 18 % GST."""
    tariff = {
        "country_code": "IN",
        "party_id": "TPC",
        "id": "T1",
        "currency": "INR",
        "type": "AD_HOC_PAYMENT",
        "elements": [
            {"price_components": [{"type": "ENERGY", "price": 17.0, "vat": 18.0, "step_size": 1}]}
        ],
        "last_updated": "2026-11-20T10:00:00Z",
    }
    return tariff | changes


@pytest.fixture
def operator() -> Iterator[Operator]:
    """An operator with three stations and a tariff."""
    running = Operator()
    running.locations = [a_location(n) for n in (1, 2, 3)]
    running.tariffs = [a_tariff()]
    yield running
    running.stop()


@pytest.fixture
def pull_now(
    connection: Connection, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., PullReport]:
    """Pull the operator as source `tpc`."""
    hasty = functools.partial(OcpiPeer, patience=Patience(attempts=2, first_wait_s=0.01))
    monkeypatch.setattr("nop_ingest.pull.OcpiPeer", hasty)

    def act(**options: Any) -> PullReport:
        connection.commit()
        with connection.transaction():
            sources.add_source(
                connection, name="tpc", kind="ocpi", country_code="IN", versions_url=operator.url,
                token=TOKEN, key=KEY, allow_loopback=True,
            )  # fmt: skip
            source = sources.get_source(connection, "tpc")
        return pull(connection, source, key=KEY, country="IN", **options)

    return act


def intercept(operator: Operator, path: str, act: Callable[[BaseHTTPRequestHandler], bool]) -> None:
    """Before a request below this path is answered; True: it was answered by the test."""
    usual = operator.answer

    def answer(request: BaseHTTPRequestHandler) -> None:
        if not (request.path.split("?")[0].startswith(f"/ocpi{path}") and act(request)):
            usual(request)

    operator.answer = answer  # type: ignore[method-assign]


def agree_on(connection: Connection, source: sources.Source, *parties: str, **more: Any) -> Peer:
    """A connection that may deliver these parties' objects."""
    with connection.transaction():
        peer = add_peer(
            connection, name="tpc-peer", purpose="supplier", source_id=source.id, **more
        )
        agree(connection, peer, [(party[:2], party[2:]) for party in parties])
    return peer


@pytest.fixture
def source_of(
    connection: Connection, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., sources.Source]:
    """Register the operator as source `tpc`, with what the test adds."""
    hasty = functools.partial(OcpiPeer, patience=Patience(attempts=2, first_wait_s=0.01))
    monkeypatch.setattr("nop_ingest.pull.OcpiPeer", hasty)

    def act(**options: Any) -> sources.Source:
        usual = {"versions_url": operator.url, "token": TOKEN, "key": KEY}
        with connection.transaction():
            sources.add_source(
                connection, name="tpc", kind="ocpi", country_code="IN", allow_loopback=True,
                **{**usual, **options},
            )  # fmt: skip
        return sources.get_source(connection, "tpc")

    return act


@pytest.fixture
def pull_it(connection: Connection) -> Callable[..., PullReport]:
    """Pull source `tpc` as it is registered now."""

    def act(**options: Any) -> PullReport:
        source = sources.get_source(connection, "tpc")
        connection.commit()
        return pull(connection, source, key=KEY, country="IN", **options)

    return act


def read(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """What a query finds now; the transaction is over."""
    found = connection.execute(query).fetchall()  # type: ignore[arg-type]
    connection.commit()
    return found
