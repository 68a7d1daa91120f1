"""Which addresses may be called (T1, T2)."""

from __future__ import annotations

import socket

import pytest

from nop_ingest.ocpi.addresses import is_allowed, resolve
from nop_ingest.ocpi.errors import PeerUnreachable

DENIED = [
    "0.0.0.0",  # noqa: S104 - called, not bound
    "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "168.63.129.16",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
    "4000::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1",
    "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", DENIED)
def test_an_address_that_is_not_public_is_denied(address: str) -> None:
    """T1: also those that is_global of Python 3.11 calls global."""
    assert not is_allowed(address, allow_loopback=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed(address, allow_loopback=False)


def test_allow_loopback_lets_loopback_pass_and_nothing_else() -> None:
    passed = {a for a in DENIED if is_allowed(a, allow_loopback=True)}
    assert passed == {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"}


def test_a_name_that_does_not_resolve_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", find_nothing)
    with pytest.raises(PeerUnreachable, match=r"nowhere\.invalid"):
        resolve("nowhere.invalid", 443, 5)
