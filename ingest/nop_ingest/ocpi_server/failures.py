"""Who keeps knocking with wrong tokens must wait (ocpi.md TR-8)."""

from __future__ import annotations

import ipaddress
import threading
import time

PER_MINUTE = 60
_MOST_ADDRESSES = 20_000


class Failures:
    """Counts refused tokens by address, within one process and minute.

    The same token again counts once: a connection that ended and does not know it yet must not
    keep out its neighbours on one platform.
    """

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._counts: dict[str, int] = {}
        self._newest: dict[str, int] = {}
        self._minute = 0
        self._lock = threading.Lock()

    def too_many(self, address: str | None) -> bool:
        """This address has had its share of this minute."""
        with self._lock:
            self._turn()
            return self._counts.get(_network(address), 0) >= self._per_minute

    def note(self, address: str | None, token: str = "") -> None:
        """This token from this address was refused.

        This machine is not counted: behind a proxy that names no client, everyone comes from it.
        """
        network, mark = _network(address), hash(token)
        if not network:
            return
        with self._lock:
            self._turn()
            known = network in self._counts
            if (known or len(self._counts) < _MOST_ADDRESSES) and (
                not token or self._newest.get(network) != mark
            ):
                self._counts[network] = self._counts.get(network, 0) + 1
                self._newest[network] = mark

    def _turn(self) -> None:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
            self._newest.clear()


def _network(address: str | None) -> str:
    """What is counted as one caller: an IPv4 address, or the 2^64 that each IPv6 customer has.

    Empty for this machine.
    """
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:  # a Unix socket
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if parsed.is_loopback:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
