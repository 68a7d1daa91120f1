"""The one way out: requests to URLs that operators name, behind a guard.

A name is resolved once per connection, every address is checked, and the connection goes to the
checked literal, so a name cannot be re-bound in between (T2). Built on httpcore2's pool, which
knows no proxies, no cookies, no redirects and no environment. Its one connection stays open for
the checked origin. Redirects are followed for GET and within the origin only (T3).

Outside this machine only https on port 443 or 80 is called; NOP_EGRESS_PORTS and NOP_EGRESS_HTTP
widen that for the whole installation.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpcore2
import httpx2
import msgspec

from nop_ingest.ocpi.addresses import Resolver, resolve
from nop_ingest.ocpi.body import Limits, read_body
from nop_ingest.ocpi.errors import EgressDenied, LimitExceeded, PeerUnreachable
from nop_ingest.ocpi.network import Call, GuardedBackend, Policy
from nop_registry import settings

_REDIRECTS = (301, 302, 307, 308)
_WRITING = ("POST", "PUT", "PATCH", "DELETE")
_KEEP_ALIVE_S = 15.0


class Answer(msgspec.Struct, frozen=True):
    """A complete answer, whatever its status."""

    status: int
    headers: httpx2.Headers
    body: bytes
    url: str
    """Where it came from, after redirects."""
    wire_bytes: int
    """Body bytes as received."""


def origin(url: httpx2.URL) -> tuple[str, str, int]:
    """Scheme, host and port: what a token may be sent to."""
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def parse_url(text: str, base: httpx2.URL | None = None) -> httpx2.URL:
    """An absolute http or https URL without user name. Raises EgressDenied."""
    try:
        url = httpx2.URL(text) if base is None else base.join(text)
    except httpx2.InvalidURL:
        raise EgressDenied("This is not a usable URL.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise EgressDenied("Only http:// and https:// URLs with a host name are called.")
    if url.userinfo:
        raise EgressDenied("A URL with a user name or password is not called; give the token only.")
    return url


class Guard:
    """Fetches for one peer, one request at a time. Close it when done."""

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        limits: Limits | None = None,
        resolver: Resolver = resolve,
        policy: Policy | None = None,
    ) -> None:
        """`policy`: where requests may go; None: as the installation's settings say."""
        self._limits = limits or Limits()
        self._backend = GuardedBackend(
            policy or _installed_policy(), allow_loopback=allow_loopback, resolver=resolver
        )
        self._pool = httpcore2.ConnectionPool(
            max_connections=1, keepalive_expiry=_KEEP_ALIVE_S, network_backend=self._backend
        )
        self._lock = threading.Lock()

    @property
    def peer_is_loopback(self) -> bool:
        """The peer last connected to runs on this machine."""
        return self._backend.connected_to_loopback

    def get(
        self, url: str, headers: Mapping[str, str], *, stop: threading.Event | None = None
    ) -> Answer:
        """Fetch `url`. Setting `stop`, then calling `cancel(stop)`, ends it from another thread.

        Raises EgressDenied, LimitExceeded, PeerUnreachable, PeerFailing or Cancelled.
        """
        with self._call(stop):
            return self._follow(parse_url(url), headers)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        stop: threading.Event | None = None,
    ) -> Answer:
        """Send one POST, PUT, PATCH or DELETE. Neither redirected nor repeated. Raises as `get`.

        After PeerUnreachable the peer may have done it nevertheless.
        """
        if method not in _WRITING:
            raise ValueError(f"request() sends {', '.join(_WRITING)}, not {method!r}")
        with self._call(stop):
            return self._once(parse_url(url), headers, method, body)

    @contextmanager
    def _call(self, stop: threading.Event | None) -> Iterator[None]:
        """One call under one budget; its failures in our words."""
        with self._lock:
            call = self._backend.call = Call(self._limits, stop)
            try:
                yield
            except httpcore2.TimeoutException:
                call.time_left(None)  # says so if it was the whole call's time that ran out
                raise PeerUnreachable("The peer did not answer in time.") from None
            except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
                call.time_left(None)
                if isinstance(error.__context__, ssl.SSLError):  # the pool drops the cause
                    raise PeerUnreachable(
                        "The peer's TLS certificate or protocol was not accepted. Check the URL."
                    ) from None
                raise PeerUnreachable(
                    "The peer cannot be reached, or broke off its answer."
                ) from None
            finally:
                self._backend.call = Call(self._limits)  # nothing left to cancel

    def cancel(self, stop: threading.Event) -> None:
        """End the request that was given this event, if it is under way."""
        self._backend.cancel(stop)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._pool.close()

    def _follow(self, url: httpx2.URL, headers: Mapping[str, str]) -> Answer:
        home = origin(url)
        for _ in range(self._limits.redirects + 1):
            answer = self._once(url, headers, "GET", None)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not target:
                return answer
            url = parse_url(target, url)
            if origin(url) != home:
                raise EgressDenied(
                    "The peer sends the request on to another address. It was not followed; "
                    "register the final URL."
                )
        raise LimitExceeded("The peer redirects the request too often.")

    def _once(
        self, url: httpx2.URL, headers: Mapping[str, str], method: str, body: bytes | None
    ) -> Answer:
        limits = self._limits
        self._backend.in_clear = url.scheme == "http"
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        timeouts = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s}
        with self._pool.stream(
            method,
            target,
            headers=[("Host", url.netloc.decode("ascii")), *headers.items()],
            content=body,
            extensions={"timeout": timeouts},
        ) as response:
            received = httpx2.Headers(response.headers)
            encoding = received.get("content-encoding", "")
            content, wire = read_body(response.iter_stream(), encoding, limits)
            return Answer(response.status, received, content, str(url), wire)


def _installed_policy() -> Policy:
    installed = settings.load()
    return Policy(ports=installed.egress_ports, plain_http=installed.egress_http)
