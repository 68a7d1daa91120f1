"""Asking identity providers: their description, their keys, a code's token. By the guarded way out.

Descriptions and keys are kept for an hour; through an outage of the provider, for a day.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol

import structlog
from joserfc.jwk import KeySet
from litestar import Request

from nop_registry.errors import NopError
from nop_registry.sign_in import openid
from nop_registry.sign_in.openid import Endpoints, Untrusted
from nop_registry.store.providers import Provider

_FRESH_S = 3600.0
_KEPT_S = 86_400.0
_ASK_AGAIN_S = 60.0
_log = structlog.get_logger(__name__)


class CallOut(Protocol):
    """The application's guarded way to other servers (`app.state.call_out`)."""

    def __call__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        allow_loopback: bool,
    ) -> tuple[int, bytes]:
        """Status and body. Raises NopError when there is no answer. Blocks."""


class _Known:
    def __init__(self, endpoints: Endpoints, keys: KeySet) -> None:
        self.endpoints = endpoints
        self.keys = keys
        self.asked_at = time.monotonic()


_known: dict[tuple[int, str], _Known] = {}


async def find_endpoints(request: Request[Any, Any, Any], provider: Provider) -> Endpoints:
    """Where the provider is to be asked. Raises NopError."""
    return (await _ask(request, provider)).endpoints


async def find_keys(
    request: Request[Any, Any, Any], provider: Provider, *, again: bool = False
) -> KeySet:
    """The provider's keys. `again`: it may have new ones; it is asked at most once a minute."""
    return (await _ask(request, provider, again=again)).keys


async def exchange(
    request: Request[Any, Any, Any],
    provider: Provider,
    endpoints: Endpoints,
    headers: Mapping[str, str],
    body: bytes,
) -> bytes:
    """The provider's answer to a code. Raises NopError."""
    status, answer = await _call(request, provider, "POST", endpoints.token_endpoint, headers, body)
    if status != 200:
        raise Untrusted("the provider does not accept the code")
    return answer


async def _ask(
    request: Request[Any, Any, Any], provider: Provider, *, again: bool = False
) -> _Known:
    name = (provider.id, provider.issuer)
    known = _known.get(name)
    age = time.monotonic() - known.asked_at if known else 0.0
    if known is not None and age < (_ASK_AGAIN_S if again else _FRESH_S):
        return known
    try:
        found = await _fetch(request, provider)
    except NopError as error:
        if known is None or age > _KEPT_S:
            raise
        _log.warning("provider_unreachable", provider=provider.name, reason=str(error))
        return known
    _known[name] = found
    return found


async def _fetch(request: Request[Any, Any, Any], provider: Provider) -> _Known:
    url = openid.discovery_url(provider.issuer)
    endpoints = openid.read_endpoints(await _get(request, provider, url), provider.issuer)
    keys = openid.read_keys(await _get(request, provider, endpoints.jwks_uri))
    return _Known(endpoints, keys)


async def _get(request: Request[Any, Any, Any], provider: Provider, url: str) -> bytes:
    status, body = await _call(request, provider, "GET", url, {"Accept": "application/json"}, None)
    if status != 200:
        raise Untrusted("the provider does not answer as it should")
    return body


async def _call(
    request: Request[Any, Any, Any],
    provider: Provider,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> tuple[int, bytes]:
    call_out: CallOut = request.app.state.call_out
    return await asyncio.to_thread(
        call_out, method, url, headers, body, allow_loopback=provider.allow_loopback
    )
