"""Answers that mean harm: they cost one failed call, soon, and no memory (T4, T5).

Every scenario ends in an OcpiError.
"""

from __future__ import annotations

import gzip
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hostile_call import HEADERS, OK, SHORT, call
from hostile_server import Hostile

from nop_ingest.ocpi.egress import Guard
from nop_ingest.ocpi.errors import LimitExceeded, OcpiError, PeerFailing, PeerUnreachable

SLOW = {
    "a status line, a byte at a time": (b"HTTP", b"/", 0.03),
    "headers, a byte at a time": (OK + b"X-Slow: ", b"x", 0.03),
    "headers, a line at a time": (OK, b"X-Slow: x\r\n", 0.03),
    "a body, a byte at a time": (OK + b"Content-Length: 100000\r\n\r\n", b"x", 0.03),
    "chunks, a byte at a time": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.03),
    "a chunk size, a digit at a time": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0", 0.03),
    "a body without end": (OK + b"\r\n", b"x", 0.03),
    "103 again and again": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.03),
    "100 again and again": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.03),
    "a compressed body": (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x")[:10], b"\0",
                          0.03),
}  # fmt: skip


@pytest.mark.parametrize(("said", "more", "every_s"), SLOW.values(), ids=SLOW)
def test_an_answer_that_drips_is_ended(said: bytes, more: bytes, every_s: float) -> None:
    """T5: each byte restarts a time-out, but the whole call has one of its own."""
    with Hostile(said, more, every_s=every_s) as server, pytest.raises(OcpiError):
        call(server.url)


SILENT = {
    "at once": b"",
    "in the status line": b"HTTP/1.1 20",
    "in the headers": OK + b"X-A: b",
    "before the body": OK + b"Content-Length: 10\r\n\r\n",
    "in the body": OK + b"Content-Length: 10\r\n\r\nabc",
    "between chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "before the last chunk's end": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
    "after 103": b"HTTP/1.1 103 Early Hints\r\n\r\n",
}


@pytest.mark.parametrize("said", SILENT.values(), ids=SILENT)
def test_an_answer_that_falls_silent_is_ended(said: bytes) -> None:
    """T5."""
    with Hostile(said, keep_open=True) as server, pytest.raises((PeerUnreachable, LimitExceeded)):
        call(server.url)


FLOODS = {
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 200),
    "headers": (OK, b"X-Flood: y\r\n" * 500),
    "one header": (OK + b"X-Flood: ", b"y" * 10_000),
    "a status line": (b"HTTP/1.1 200 ", b"y" * 10_000),
    "a body": (OK + b"\r\n", b"[" * 10_000),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 2_000),
    "chunk extensions": (OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"y" * 10_000),
    "trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-T: y\r\n" * 500),
    "a declared terabyte": (OK + b"Content-Length: 1099511627776\r\n\r\n", b"y" * 10_000),
}


@pytest.mark.parametrize(("said", "more"), FLOODS.values(), ids=FLOODS)
def test_a_flood_is_cut_off_and_takes_no_memory(said: bytes, more: bytes) -> None:
    """T4: bytes are counted as they arrive, headers and interim answers too."""
    tracemalloc.start()
    try:
        with Hostile(said, more) as server, pytest.raises(OcpiError):
            call(server.url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKED = {
    "a gzip bomb": ("gzip", gzip.compress(bytes(60 << 20), 9)),
    "a deflate bomb": ("deflate", zlib.compress(bytes(60 << 20), 9)),
    "a bomb behind a true start": ("gzip", gzip.compress(b"[" + bytes(40 << 20), 9)),
    "two members": ("gzip", gzip.compress(b"a") * 2),
    "a thousand members": ("gzip", gzip.compress(b"a") * 1000),
    "gzip in gzip": ("gzip, gzip", gzip.compress(gzip.compress(b"a"))),
    "deflate in gzip": ("deflate, gzip", gzip.compress(zlib.compress(b"a"))),
    "br": ("br", b"\x0b\x02\x80[]\x03"),
    "zstd": ("zstd", b"\x28\xb5\x2f\xfd"),
    "compress": ("compress", b"\x1f\x9d"),
    "a name that nobody knows": ("x-secret", b"[]"),
    "truncated": ("gzip", gzip.compress(b'{"data":[]}' * 99)[:-9]),
    "without its check sum": ("gzip", gzip.compress(b'{"data":[]}')[:-8]),
    "with a wrong check sum": ("gzip", gzip.compress(b"abc")[:-8] + bytes(8)),
    "with something behind it": ("gzip", gzip.compress(b"abc") + b"behind"),
    "a bare header": ("gzip", gzip.compress(b"")[:10]),
    "not compressed at all": ("gzip", b'{"data":[]}'),
    "deflate without its wrapper": ("deflate", raw_deflate(b"[]")),
}  # fmt: skip


@pytest.mark.parametrize(("encoding", "body"), PACKED.values(), ids=PACKED)
def test_a_hostile_compression_is_an_error(encoding: str, body: bytes) -> None:
    """T4: never a crash, never a short list that looks whole."""
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    tracemalloc.start()
    try:
        with Hostile(OK + head + body) as server, pytest.raises((LimitExceeded, PeerFailing)):
            call(server.url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 << 20


BROKEN = {
    "nothing": b"",
    "garbage": b"\x00\x01\x02" * 100,
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/0.9": b"<html>hello</html>",
    "HTTP/2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
    "a status that is no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a header without a colon": OK + b"nonsense\r\n\r\n",
    "a header with NUL": OK + b"X: a\x00b\r\n\r\n",
    "a space before the colon": OK + b"X : a\r\n\r\n",
    "a negative length": OK + b"Content-Length: -1\r\n\r\n",
    "a length that is no number": OK + b"Content-Length: ten\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]x",
    "a body shorter than its length": OK + b"Content-Length: 100\r\n\r\n[]",
    "a chunk size that is no number": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n",
    "a negative chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n[]\r\n",
    "a giant chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n[]",
    "chunks without an end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
    "a chunk longer than it says": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[]\r\n0\r\n\r\n",
    "an unknown transfer": OK + b"Transfer-Encoding: gzip\r\n\r\n[]",
}


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_an_error(said: bytes) -> None:
    """T5: a cut or ambiguous answer is no answer."""
    with Hostile(said) as server, pytest.raises(OcpiError):
        call(server.url)


def test_a_connection_that_is_reset_is_an_error() -> None:
    said = OK + b"Content-Length: 9\r\n\r\n["
    with Hostile(said, reset=True) as server, pytest.raises(PeerUnreachable):
        call(server.url)


def test_a_port_where_nobody_listens_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(PeerUnreachable, match="cannot be reached"):
        call(f"http://127.0.0.1:{port}/")


def test_what_was_said_unasked_before_hanging_up_does_not_answer_another_question() -> None:
    """T5: a connection that the peer has closed is not read again."""
    said = OK + b"Content-Length: 2\r\n\r\n[]" + OK + b"Content-Length: 6\r\n\r\nforged"
    with Hostile(said, keep_open=True) as server:
        guard = Guard(allow_loopback=True, limits=SHORT)
        assert guard.get(server.url, HEADERS).body == b"[]"
        server.hang_up()
        assert guard.get(server.url, HEADERS).body == b"[]"  # over a new connection
        guard.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A certificate that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "operator.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    yield path


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    """T3: before a token is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen: list[bytes] = []
    with (
        Hostile(OK + b"Content-Length: 2\r\n\r\n[]", wrap=context, seen=seen) as server,
        pytest.raises(PeerUnreachable, match="TLS certificate"),
    ):
        call(server.url)
    assert seen == []


TLS = {
    "plain HTTP": OK + b"Content-Length: 2\r\n\r\n[]",
    "garbage": b"\x16\x03\x01" + b"\xff" * 500,
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "nothing": b"",
}


@pytest.mark.parametrize("said", TLS.values(), ids=TLS)
def test_a_failing_tls_handshake_is_an_error(said: bytes) -> None:
    with Hostile(said) as server, pytest.raises(PeerUnreachable):
        call(server.url.replace("http://", "https://"))


def test_a_tls_handshake_that_falls_silent_is_ended() -> None:
    """T5: the handshake has the call's deadline too."""
    with Hostile(keep_open=True) as server, pytest.raises((PeerUnreachable, LimitExceeded)):
        call(server.url.replace("http://", "https://"))


JSON = {
    "deep lists": b'{"status_code":1000,"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"status_code":1000,"data":[' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000
                    + b"]}",
    "a number of 5,000 digits": b'{"status_code":1' + b"0" * 5000 + b',"data":[]}',
    "an infinite status": b'{"status_code":1e999,"data":[]}',
    "not a number": b'{"status_code":NaN,"data":[]}',
    "not UTF-8": b'{"status_code":2000,"data":[],"status_message":"\xff\xfe"}',
    "half a surrogate": b'{"status_code":"\\ud800","data":[]}',
    "a list around it": b"[" + b'{"status_code":1000,"data":[]}' + b"]",
    "two values": b'{"status_code":1000,"data":[]}{"status_code":1000}',
    "a status that is a list": b'{"status_code":[1000],"data":[]}',
    "only blanks": b"   ",
    "null": b"null",
}  # fmt: skip


@pytest.mark.parametrize("body", JSON.values(), ids=JSON)
def test_hostile_json_is_an_error_and_no_crash(operator: Any, reply: Any, body: bytes) -> None:
    """TR-14 (7)."""
    operator.routes["/locations"] = lambda asked: reply(body)
    with operator.peer() as peer:
        crawl = peer.pages("locations")
        try:
            found = [item for page in crawl for item in page.items]
        except OcpiError:
            found = []
    assert len(found) <= 1  # one object of whatever depth is the decoder's business
