"""Senders whose bodies drip in or never end do not hold a request for ever (T5)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from application import serve_application
from pusher import TOKEN

from nop import body_deadline
from nop_ingest.ocpi_server import receiver_http
from nop_registry.database import Connection

SOON_S = 20.0  # a busy machine included


@pytest.fixture
def address(
    registry: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    monkeypatch.setattr(body_deadline, "BODY_S", 0.4)
    monkeypatch.setattr(receiver_http, "_BODY_S", 0.4)
    assert not registry.closed
    with serve_application(database_url, timeout_graceful_shutdown=1) as url:
        yield url


@pytest.mark.parametrize(
    "line",
    [
        "POST /graphql",
        "POST /ocpi/2.2.1/credentials",
        "PUT /ocpi/2.3.0/credentials",
        "PUT /ocpi/2.2.1/receiver/locations/IN/TPC/LOC1",
    ],
)
def test_a_body_that_drips_in_is_given_up(address: str, line: str) -> None:
    """TR-13: 408, although a byte comes again and again."""
    parts = urlsplit(address)
    began = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=SOON_S) as sender:
        sender.sendall(
            f"{line} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Token {TOKEN}\r\n"
            "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{".encode()
        )
        sender.settimeout(0.05)
        answer = b""
        while not answer and time.monotonic() - began < SOON_S:
            try:
                answer = sender.recv(4096)
            except TimeoutError:
                sender.sendall(b" ")
    assert answer.split(b" ")[1] == b"408"


def test_a_stream_of_events_outlives_the_deadline(address: str) -> None:
    with httpx.stream("GET", f"{address}/events", timeout=SOON_S) as stream:
        time.sleep(0.6)
        assert stream.status_code == 200 and not stream.is_closed
        assert next(stream.iter_raw())
