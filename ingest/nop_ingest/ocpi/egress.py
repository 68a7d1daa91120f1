"""The one way out: GET requests to URLs that operators name, behind a guard.

A name is resolved once per connection, every address is checked, and the connection goes to the
checked literal, so a name cannot be re-bound in between (T2). Built on httpcore2's pool, which
knows no proxies, no cookies, no redirects and no environment. Its one connection stays open for
the checked origin. Redirects are followed within the origin only (T3).
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping

import httpcore2
import httpx2
import msgspec

from nop_ingest.ocpi.addresses import Resolver, resolve
from nop_ingest.ocpi.body import Limits, read_body
from nop_ingest.ocpi.errors import EgressDenied, LimitExceeded, PeerUnreachable
from nop_ingest.ocpi.network import Call, GuardedBackend

_REDIRECTS = (301, 302, 307, 308)
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
    ) -> None:
        self._limits = limits or Limits()
        self._backend = GuardedBackend(allow_loopback=allow_loopback, resolver=resolver)
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
        with self._lock:
            call = self._backend.call = Call(self._limits, stop)
            try:
                return self._follow(parse_url(url), headers)
            except httpcore2.TimeoutException:
                call.time_left(None)  # says so if it was the whole call's time that ran out
                raise PeerUnreachable("The peer did not answer in time.") from None
            except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
                call.time_left(None)
                if isinstance(error.__cause__, ssl.SSLError):
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
            answer = self._once(url, headers)
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

    def _once(self, url: httpx2.URL, headers: Mapping[str, str]) -> Answer:
        limits = self._limits
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        timeouts = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s}
        with self._pool.stream(
            "GET",
            target,
            headers=[("Host", url.netloc.decode("ascii")), *headers.items()],
            extensions={"timeout": timeouts},
        ) as response:
            received = httpx2.Headers(response.headers)
            encoding = received.get("content-encoding", "")
            body, wire = read_body(response.iter_stream(), encoding, limits)
            return Answer(response.status, received, body, str(url), wire)
