"""The guarded way out for doors that know no HTTP: the portal asks identity providers by it."""

from __future__ import annotations

from collections.abc import Mapping

from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.egress import Guard

_LIMITS = Limits(
    call_s=10.0, connect_s=5.0, read_s=5.0, wire_bytes=1 << 20, decoded_bytes=1 << 20, redirects=0
)


def call_out(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, allow_loopback: bool
) -> tuple[int, bytes]:
    """Status and body of the answer. Raises NopError when there is none, or it may not be asked."""
    guard = Guard(allow_loopback=allow_loopback, limits=_LIMITS)
    try:
        answer = (
            guard.get(url, headers)
            if method == "GET"
            else guard.request(method, url, headers, body)
        )
        return answer.status, answer.body
    finally:
        guard.close()
