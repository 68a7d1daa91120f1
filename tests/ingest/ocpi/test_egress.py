"""The guard against hostile URLs and hostile answers (T1 to T5)."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.egress import Guard
from nop_ingest.ocpi.errors import (
    Cancelled,
    EgressDenied,
    LimitExceeded,
    OcpiError,
    PeerFailing,
    PeerUnreachable,
)

HEADERS = {"Authorization": "Token czNjcmV0LXRva2Vu"}  # GIVEN of conftest in Base64


def fetch(url: str, **limits: Any) -> bytes:
    guard = Guard(allow_loopback=True, limits=Limits(**limits))
    try:
        return guard.get(url, HEADERS).body
    finally:
        guard.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_a_private_address_gets_a_packet(operator: Any, host: str) -> None:
    """T1: decimal, hexadecimal, short and mapped forms; nothing connects."""
    guard = Guard()
    with pytest.raises(EgressDenied):
        guard.get(f"http://{host}:{operator.port}/versions", HEADERS)
    assert operator.connections == 0


def test_open_and_closed_ports_of_a_denied_address_look_alike(operator: Any) -> None:
    """T1: the platform is no port scanner."""
    texts = set()
    for port in (operator.port, 9, 80):
        with pytest.raises(EgressDenied) as caught:
            Guard().get(f"http://127.0.0.1:{port}/", HEADERS)
        texts.add(str(caught.value))
    assert len(texts) == 1 and "127" not in texts.pop()


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "file:///etc/passwd", "http://u:p@example.com/", "http:///x", "x"]
)
def test_other_schemes_and_user_names_are_not_called(url: str) -> None:
    """T1."""
    with pytest.raises(EgressDenied):
        Guard(allow_loopback=True).get(url, HEADERS)


def test_an_odd_port_is_called_on_loopback_only() -> None:
    """T1: ports 80 and 443, so that a URL cannot speak to mail or database servers."""
    guard = Guard(allow_loopback=True, resolver=lambda host, port, timeout_s: ["8.8.8.8"])
    with pytest.raises(EgressDenied, match="80 and 443"):
        guard.get("http://operator.example:25/", HEADERS)


def test_one_private_address_condemns_the_name(operator: Any) -> None:
    """T2: a mixed DNS answer."""
    guard = Guard(resolver=lambda host, port, timeout_s: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(EgressDenied):
        guard.get("https://operator.example/", HEADERS)


def test_a_name_is_checked_again_for_each_connection(operator: Any, reply: Any) -> None:
    """T2: DNS rebinding. The literal that was checked is the one that is called."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    guard = Guard(allow_loopback=True, resolver=lambda host, port, timeout_s: answers.pop(0))
    operator.routes["/versions"] = lambda asked: reply(b"{}", headers=[("Connection", "close")])
    url = f"http://operator.example:{operator.port}/versions"
    assert guard.get(url, HEADERS).status == 200
    with pytest.raises(EgressDenied):
        guard.get(url, HEADERS)
    guard.close()


def test_the_connection_is_kept_for_the_next_request(operator: Any) -> None:
    guard = Guard(allow_loopback=True)
    for _ in range(3):
        assert guard.get(operator.url("/versions"), HEADERS).status == 200
    guard.close()
    assert operator.connections == 1


def test_a_redirect_within_the_origin_is_followed_with_the_token(operator: Any, reply: Any) -> None:
    """TR-14 (9): a missing trailing slash."""
    operator.routes["/a"] = lambda asked: reply(status=307, headers=[("Location", "/versions")])
    assert b"2.2.1" in fetch(operator.url("/a"))


def test_a_redirect_to_another_host_is_refused(operator: Any, other_host: Any, reply: Any) -> None:
    """T3: the token goes nowhere else."""
    target = [("Location", other_host.url("/versions"))]
    operator.routes["/a"] = lambda asked: reply(status=302, headers=target)
    with pytest.raises(EgressDenied):
        fetch(operator.url("/a"))
    assert other_host.connections == 0


def test_a_redirect_loop_ends(operator: Any, reply: Any) -> None:
    operator.routes["/a"] = lambda asked: reply(status=302, headers=[("Location", "/a")])
    with pytest.raises(LimitExceeded):
        fetch(operator.url("/a"))
    assert len(operator.asked) == 4


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_one_compression_is_understood(operator: Any, reply: Any, encoding: str) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes
    }  # fmt: skip
    body = packers[encoding](b"x" * 2_000_000 if encoding == "identity" else b"hello")
    operator.routes["/a"] = lambda asked: reply(body, headers=[("Content-Encoding", encoding)])
    assert fetch(operator.url("/a"))[:5] in (b"hello", b"xxxxx")


@pytest.mark.parametrize(
    ("body", "encoding", "error"),
    [
        (gzip.compress(bytes(60 << 20), 9), "gzip", LimitExceeded),
        (gzip.compress(b"a") + gzip.compress(b"b"), "gzip", LimitExceeded),
        (gzip.compress(gzip.compress(b"a")), "gzip, gzip", LimitExceeded),
        (b"anything", "br", LimitExceeded),
        (gzip.compress(b'{"data":[]}')[:-9], "gzip", PeerFailing),
        (b"not gzip at all", "gzip", PeerFailing),
    ],
    ids=["bomb", "members", "stacked", "brotli", "truncated", "damaged"],
)
def test_a_bad_compression_is_an_error(
    operator: Any, reply: Any, body: bytes, encoding: str, error: type[OcpiError]
) -> None:
    """T4. A cut gzip must not pass as a short list."""
    operator.routes["/a"] = lambda asked: reply(body, headers=[("Content-Encoding", encoding)])
    with pytest.raises(error):
        fetch(operator.url("/a"))


def test_received_and_decoded_bytes_are_capped(operator: Any, reply: Any) -> None:
    """T4."""
    operator.routes["/a"] = lambda asked: reply(bytes(300_000))
    with pytest.raises(LimitExceeded):
        fetch(operator.url("/a"), wire_bytes=200_000)
    with pytest.raises(LimitExceeded):
        fetch(operator.url("/a"), decoded_bytes=200_000)


def drip(operator: Any, head: bytes, piece: bytes) -> Callable[[Any], None]:
    def write(file: Any) -> None:
        file.write(head)
        while not operator.stopping.wait(0.02):
            file.write(piece)
            file.flush()

    return write


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"", b""),
    ],
    ids=["header drip", "body drip", "endless 103", "silence"],
)
def test_the_deadline_is_for_the_whole_call(
    operator: Any, reply: Any, head: bytes, piece: bytes
) -> None:
    """T5: httpx time-outs never end these."""
    operator.routes["/a"] = lambda asked: reply(write=drip(operator, head, piece))
    with pytest.raises(LimitExceeded, match="took too long"):
        fetch(operator.url("/a"), call_s=0.4, read_s=3600, grace_s=3600)


def test_a_body_below_the_least_rate_is_given_up(operator: Any, reply: Any) -> None:
    """T5: long before the deadline."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    operator.routes["/a"] = lambda asked: reply(write=drip(operator, head, b"x"))
    with pytest.raises(LimitExceeded, match="slowly"):
        fetch(operator.url("/a"), grace_s=0.2, call_s=3600)


def test_a_body_shorter_than_declared_is_an_error(operator: Any, reply: Any) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"
    operator.routes["/a"] = lambda asked: reply(write=lambda file: file.write(cut))
    with pytest.raises(PeerUnreachable):
        fetch(operator.url("/a"))


def test_a_request_under_way_can_be_cancelled(operator: Any, reply: Any) -> None:
    operator.routes["/a"] = lambda asked: reply(write=drip(operator, b"HTTP/1.1 ", b""))
    patient = Limits(call_s=3600, read_s=3600)
    guard, stop = Guard(allow_loopback=True, limits=patient), threading.Event()

    def cancel() -> None:
        stop.set()
        guard.cancel(stop)

    timer = threading.Timer(0.2, cancel)
    timer.start()
    with pytest.raises(Cancelled):
        guard.get(operator.url("/a"), HEADERS, stop=stop)
    timer.join()
    guard.close()
