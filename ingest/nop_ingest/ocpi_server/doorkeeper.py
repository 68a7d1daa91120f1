"""Who calls: the token of a request and whom it admits (ocpi.md TR-1 to TR-8).

And the registry that every handler asks.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from litestar import Litestar

from nop_ingest.ocpi.tokens import token_digest
from nop_ingest.ocpi_server.envelope import CLIENT_ERROR, INVALID, AnyRequest, OcpiRefusal
from nop_ingest.ocpi_server.failures import Failures
from nop_registry.database import Connection
from nop_registry.database_threads import DatabaseThreads
from nop_registry.store.peers import Admission, admit

T = TypeVar("T")
_CONNECTIONS = 6  # and threads: more would only wait for PostgreSQL's processors

_failures = Failures()
_LONGEST = 4096  # a JWT, agreed by hand (TR-6)


def candidates(header: str) -> list[str]:
    """The tokens that an Authorization header may mean: as it is, and decoded (TR-2 to TR-4).

    >>> candidates("Token bm9wX2E=")
    ['bm9wX2E=', 'nop_a']
    """
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() != "token" or not value or len(value) > _LONGEST:
        return []
    found = [value]
    padded = value.rstrip("=").replace("-", "+").replace("_", "/")
    with contextlib.suppress(binascii.Error, ValueError):
        decoded = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
        text = decoded.decode("ascii").strip()
        if text and text.isprintable():
            found.append(text)
    return found


def presented_token(request: AnyRequest, admission: Admission) -> str:
    """The token in clear that admitted: for the one answer that repeats it (CR-15)."""
    found = candidates(request.headers.get("authorization", ""))
    return next(token for token in found if token_digest(token) == admission.digest)


def require_admission(
    connection: Connection, request: AnyRequest, *, registration: bool = False
) -> Admission:
    """Whom the request's token admits.

    `registration`: token A is enough (versions and credentials only, TR-7).
    Raises OcpiRefusal 401, or 429 after many wrong tokens from one address (TR-8).
    """
    caller = request.client.host if request.client else None
    if _failures.too_many(caller):
        raise OcpiRefusal(429, CLIENT_ERROR, "too many wrong tokens: wait", retry_after="60")
    headers = request.headers.getall("authorization", [])
    tokens = candidates(headers[0]) if len(headers) == 1 else []
    found = admit(connection, [token_digest(token) for token in tokens]) if tokens else None
    if found is None or (found.kind == "registration" and not registration):
        _failures.note(caller, tokens[0] if tokens else "")
        raise OcpiRefusal(401, INVALID, "unknown token: send the header `Authorization: Token …`")
    return found


async def in_database(request: AnyRequest, act: Callable[[Connection], T]) -> T:
    """Run `act` in one transaction for this request. What it raises comes through."""
    database: DatabaseThreads = request.app.state.ocpi_database
    return await database.run(act)


@contextlib.asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """`app.state.ocpi_database` while the application runs."""
    url = str(app.state.pool.conninfo)
    async with DatabaseThreads(
        url, "ocpi", size=_CONNECTIONS, statement_timeout_ms=30_000
    ) as app.state.ocpi_database:
        yield
