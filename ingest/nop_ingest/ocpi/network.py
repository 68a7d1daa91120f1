"""Sockets under guard: checked addresses, one deadline and one byte budget for a whole call.

httpx time-outs restart with every packet, so a peer that drips a byte a second holds a worker for
ever (T5). Here every read, write, connect and TLS handshake gets what is left of the call's time.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore2
import msgspec

from nop_ingest.ocpi.addresses import Resolver, is_allowed, is_loopback
from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.errors import Cancelled, EgressDenied, LimitExceeded

_TRIED_ADDRESSES = 3


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Where requests may go, this machine excepted (that is each source's own exception)."""

    ports: frozenset[int] = frozenset((80, 443))
    """So that a URL cannot speak to mail or database servers."""
    plain_http: bool = False
    """Tokens may travel unencrypted."""


class Call:
    """What is left of one call's time and bytes."""

    def __init__(self, limits: Limits, stop: threading.Event | None = None) -> None:
        self._deadline = time.monotonic() + limits.call_s
        self._bytes_left = limits.wire_bytes
        self._stop = stop

    def time_left(self, wanted_s: float | None) -> float:
        """Seconds a socket may wait now. Raises LimitExceeded or Cancelled."""
        if self._stop is not None and self._stop.is_set():
            raise Cancelled("The request was ended because its result is no longer wanted.")
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise LimitExceeded("The peer took too long to answer; the call was ended.")
        return left if wanted_s is None else min(left, wanted_s)

    def count(self, received: int) -> None:
        """Book received bytes. Raises LimitExceeded."""
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise LimitExceeded("The peer's answer is too large. Ask for smaller pages.")

    def belongs_to(self, stop: threading.Event) -> bool:
        """Whether this event ends the call."""
        return self._stop is stop


class GuardedBackend(httpcore2.NetworkBackend):
    """Opens connections to checked addresses only. Set `call`, `in_clear` before each request."""

    def __init__(self, policy: Policy, *, allow_loopback: bool, resolver: Resolver) -> None:
        self.call = Call(Limits())
        self.in_clear = False
        self.connected_to_loopback = False
        self._policy = policy
        self._allow_loopback = allow_loopback
        self._resolve = resolver
        self._sockets = httpcore2.SyncBackend()
        self._stream: _GuardedStream | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Resolve, check every address, connect to a checked literal."""
        addresses = self._resolve(host, port, self.call.time_left(timeout))
        # One bad address condemns the name: which one answers is the name owner's choice.
        if not all(is_allowed(a, allow_loopback=self._allow_loopback) for a in addresses):
            raise EgressDenied("This URL leads to an address that is not called from here.")
        self.connected_to_loopback = all(map(is_loopback, addresses))
        if not self.connected_to_loopback:
            self._check_policy(port)
        for address in addresses[:_TRIED_ADDRESSES]:
            try:
                inner = self._sockets.connect_tcp(
                    address, port, timeout=self.call.time_left(timeout)
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
            self._stream = _GuardedStream(inner, self)
            return self._stream
        raise httpcore2.ConnectError("no address accepted the connection")

    def _check_policy(self, port: int) -> None:
        if port not in self._policy.ports:
            ports = " and ".join(map(str, sorted(self._policy.ports)))
            raise EgressDenied(f"Only the ports {ports} are called (NOP_EGRESS_PORTS).")
        if self.in_clear and not self._policy.plain_http:
            raise EgressDenied(
                "Only https:// is called: a token must not travel unencrypted. Ask the operator "
                "for its https URL (NOP_EGRESS_HTTP=1 allows http:// to the whole installation)."
            )

    def cancel(self, stop: threading.Event) -> None:
        """Wake the thread that waits in a call ended by this event."""
        if self.call.belongs_to(stop) and self._stream is not None:
            self._stream.shut_down()


class _GuardedStream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, backend: GuardedBackend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._acknowledge_at_once()
        data = self._inner.read(max_bytes, self._backend.call.time_left(timeout))
        self._backend.call.count(len(data))
        return data

    def _acknowledge_at_once(self) -> None:
        # Servers that write headers and body apart otherwise wait 40 ms for our delayed ACK, on
        # every page of a kept connection. The kernel forgets the option, so it is set again.
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # a closed socket: the read will say so
                connection = self._inner.get_extra_info("socket")
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._backend.call.time_left(timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        time_left = self._backend.call.time_left(timeout)
        self._inner = self._inner.start_tls(ssl_context, server_hostname, time_left)
        return self

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def shut_down(self) -> None:
        """Make a blocked read return. The socket stays to be closed by its own thread."""
        with contextlib.suppress(OSError):  # already closed
            # Not the method of an SSLSocket: that would take the TLS state from under the reader.
            socket.socket.shutdown(self._inner.get_extra_info("socket"), socket.SHUT_RDWR)
