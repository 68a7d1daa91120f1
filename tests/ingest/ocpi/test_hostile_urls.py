"""URLs that mean harm: no byte goes to a place that was not checked (T1, T2, T3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hostile_call import HEADERS, SHORT, call
from hostile_server import Hostile

from nop_ingest.ocpi.egress import Guard
from nop_ingest.ocpi.errors import (
    EgressDenied,
    LimitExceeded,
    OcpiError,
    PeerUnreachable,
)
from nop_ingest.ocpi.network import Policy


def answers(*addresses: str) -> Callable[[str, int, float], list[str]]:
    return lambda host, port, timeout_s: list(addresses)


LOOPBACK_SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "2130706433", "0x7f000001", "0x7f.1",
    "0177.0.0.1", "017700000001", "localhost", "LOCALHOST", "localhost.", "0", "0.0.0.0",  # noqa: S104 - called, not bound
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1%25lo]",
    "①②⑦.0.0.1", "127。0。0。1", "%31%32%37.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
def test_this_machine_gets_no_packet_under_any_name(operator: Any, host: str) -> None:
    """T1: decimal, octal, hexadecimal, short, mapped, zoned, percent-encoded, full-width."""
    with pytest.raises(OcpiError):
        call(f"http://{host}:{operator.port}/versions", allow_loopback=False)
    assert operator.connections == 0


INSIDE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.192",
    "168.63.129.16", "198.18.0.1", "224.0.0.1", "192.88.99.1", "255.255.255.255", "fd00::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "::127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2001::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a_public_name_for_an_address_inside_is_not_called(address: str) -> None:
    """T1, TR-34: whatever the operator's name server says."""
    with pytest.raises(EgressDenied, match="not called from here"):
        call("https://operator.example/", resolver=answers(address))


@pytest.mark.parametrize(
    "mixed",
    [("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8"), ("2606:4700::1111", "::1"),
     ("8.8.8.8", "169.254.169.254"), ("8.8.8.8", "fe80::1%1")],
)  # fmt: skip
def test_one_address_inside_condemns_a_name(mixed: tuple[str, ...]) -> None:
    """T2."""
    with pytest.raises(EgressDenied):
        call("https://operator.example/", resolver=answers(*mixed), allow_loopback=False)


@pytest.mark.parametrize("how", ["next request", "redirect"])
def test_a_name_that_is_bound_anew_is_checked_anew(operator: Any, reply: Any, how: str) -> None:
    """T2: DNS rebinding, between requests and on the way of a redirect."""
    found = [["127.0.0.1"], ["10.0.0.1"]]
    guard = Guard(allow_loopback=True, limits=SHORT, resolver=lambda *_: found.pop(0))
    close = ("Connection", "close")
    operator.routes["/a"] = lambda asked: (
        reply(b"{}", headers=[close])
        if how == "next request"
        else reply(status=302, headers=[close, ("Location", "/versions")])
    )
    url = f"http://operator.example:{operator.port}/a"
    if how == "next request":
        assert guard.get(url, HEADERS).status == 200
    with pytest.raises(EgressDenied):
        guard.get(url, HEADERS)
    guard.close()
    assert found == [] and [asked.path for asked in operator.asked] == ["/a"]


def test_a_kept_connection_is_not_used_for_another_host(operator: Any, other_host: Any) -> None:
    """T2: two names of one address are two origins."""
    asked_for = []

    def resolver(host: str, port: int, timeout_s: float) -> list[str]:
        asked_for.append(host)
        return ["127.0.0.1"]

    guard = Guard(allow_loopback=True, limits=SHORT, resolver=resolver)
    for host in ("a.example", "b.example", "a.example"):
        guard.get(f"http://{host}:{operator.port}/versions", HEADERS)
    guard.close()
    assert asked_for == ["a.example", "b.example", "a.example"]
    assert operator.connections == 3 and other_host.connections == 0


URLS = [
    "ftp://operator.example/", "file:///etc/passwd", "gopher://operator.example/", "data:,x",
    "javascript:alert(1)", "ws://operator.example/", "unix:///run/postgresql", "//operator.example",
    "http:///x", "https://", "x", "", "http://u@operator.example/", "https://u:p@operator.example/",
    "https://@:@operator.example:x/", "https://operator.example:99999/", "https://[::1/",
    "https://exa mple/", "https://operator.example\\@10.0.0.1/", "https://\x00/",
]  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_what_is_no_plain_web_address_is_not_called(url: str) -> None:
    """T1."""
    with pytest.raises(OcpiError):
        call(url, resolver=answers("10.0.0.1"))


@pytest.mark.parametrize("port", [1, 22, 25, 53, 5432, 6379, 8080, 8443, 11211])
def test_other_ports_are_not_called(port: int) -> None:
    """T1: a URL must not speak to mail, name or database servers."""
    with pytest.raises(EgressDenied, match=r"Only the ports 80 and 443 .*NOP_EGRESS_PORTS"):
        call(f"https://operator.example:{port}/", resolver=answers("8.8.8.8"))


def test_a_port_that_the_installation_allows_is_called() -> None:
    policy = Policy(ports=frozenset((8443,)))
    resolver = answers("8.8.8.8")
    with pytest.raises(EgressDenied, match="Only the ports 8443 are"):
        call("https://operator.example/", resolver=resolver, policy=policy)
    with pytest.raises((PeerUnreachable, LimitExceeded)):  # it was tried
        call("https://operator.example:8443/", resolver=answers("192.31.196.1"), policy=policy)


def test_a_token_does_not_travel_unencrypted() -> None:
    """CR-12: https outside this machine, unless the installation says otherwise."""
    with pytest.raises(EgressDenied, match=r"Only https:// is called.*NOP_EGRESS_HTTP"):
        call("http://operator.example/", resolver=answers("8.8.8.8"))


REDIRECTS = {
    "another host": "http://localhost:{port}/versions",
    "another port": "http://127.0.0.1:1/versions",
    "another scheme": "https://127.0.0.1:{port}/versions",
    "without a scheme": "//localhost:{port}/versions",
    "a user name": "http://u:p@127.0.0.1:{port}/versions",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "metadata": "http://169.254.169.254/latest/",
    "decimal": "http://2130706433:{port}/versions",
    "backslash": "http://127.0.0.1:{port}\\@localhost:{port}/",
}


@pytest.mark.parametrize("target", REDIRECTS.values(), ids=REDIRECTS)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_elsewhere_is_not_followed(
    operator: Any, other_host: Any, reply: Any, target: str, status: int
) -> None:
    """T3: the token stays with the origin it was given for."""
    location = [("Location", target.format(port=other_host.port))]
    operator.routes["/a"] = lambda asked: reply(status=status, headers=location)
    with pytest.raises(OcpiError):
        call(operator.url("/a"))
    assert other_host.connections == 0


def test_a_chain_of_redirects_ends(operator: Any, reply: Any) -> None:
    """T3: at most three."""
    for n in range(9):
        to = [("Location", f"/{n + 1}")]
        operator.routes[f"/{n}"] = lambda asked, to=to: reply(status=302, headers=to)
    with pytest.raises(LimitExceeded, match="too often"):
        call(operator.url("/0"))
    assert len(operator.asked) == 4


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_request_that_writes_is_never_redirected(method: str, status: int) -> None:
    """T3, CR-20: what a credentials object or a push leads to is not sent on."""
    seen: list[bytes] = []
    with Hostile(
        f"HTTP/1.1 {status} x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n".encode(), seen=seen
    ) as server:
        guard = Guard(allow_loopback=True, limits=SHORT)
        answer = guard.request(method, server.url, HEADERS, b'{"token":"x"}')
        guard.close()
    assert answer.status == status and len(seen) == 1
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(f"{method} /a HTTP/1.1".encode()) and body == b'{"token":"x"}'
    assert b"content-length: 13" in head.lower()


def test_get_is_not_a_request_that_writes() -> None:
    with pytest.raises(ValueError, match="POST, PUT, PATCH, DELETE"):
        Guard(allow_loopback=True).request("GET", "https://operator.example/", {})
