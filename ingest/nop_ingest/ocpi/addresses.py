"""Which addresses an operator's URL may lead to (reliability_security.md T1, T2)."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable

from nop_ingest.ocpi.errors import PeerUnreachable

Resolver = Callable[[str, int, float], list[str]]
"""(host, port, seconds allowed) -> addresses. Raises PeerUnreachable."""

# is_global of Python 3.11 says True for these: multicast, protocol assignments and 6to4 relays,
# clouds' metadata hosts (192.0.0.192, 168.63.129.16); of IPv6 all but global unicast (2000::/3),
# which holds multicast, NAT64, site-local and every form of embedded IPv4 address; and within that
# Teredo, 6to4 and documentation.
_ALSO_DENIED = [
    ipaddress.ip_network(network)
    for network in (
        "224.0.0.0/4", "192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32",
        "::/3", "4000::/2", "8000::/1", "2001::/32", "2002::/16", "3fff::/20",
    )
]  # fmt: skip


def is_loopback(address: str) -> bool:
    """True for 127.0.0.0/8 and ::1."""
    return _parse(address).is_loopback


def is_allowed(address: str, *, allow_loopback: bool) -> bool:
    """Whether a connection to this literal address may be opened.

    >>> is_allowed("8.8.8.8", allow_loopback=False), is_allowed("10.0.0.1", allow_loopback=True)
    (True, False)
    """
    if "%" in address:  # a zone: link-local by definition
        return False
    parsed = _parse(address)
    if parsed.is_loopback:
        return allow_loopback
    return parsed.is_global and not any(
        parsed in network for network in _ALSO_DENIED if network.version == parsed.version
    )


def resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """Every address of a name. getaddrinfo has no time-out, hence the thread.

    Raises PeerUnreachable when the name has none, or the resolver takes longer than `timeout_s`.
    """
    found: list[str] = []

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, OverflowError):
            return
        found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))

    thread = threading.Thread(target=look_up, daemon=True, name="ocpi-resolve")
    thread.start()
    thread.join(timeout_s)
    addresses = list(found)
    if not addresses:
        raise PeerUnreachable(f"The name {host!r} cannot be resolved. Check the URL.")
    return addresses


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    parsed = ipaddress.ip_address(address.split("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed
