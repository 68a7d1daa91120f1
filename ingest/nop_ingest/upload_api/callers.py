"""Who calls, and whether the upload or source is theirs. Another's does not exist."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import msgspec

from nop_ingest.upload_api.problems import AnyRequest
from nop_registry.access import (
    NOBODY,
    Action,
    NotAuthenticated,
    OutOfReach,
    Principal,
    bearer_digest,
    require,
)
from nop_registry.database import Connection, connect
from nop_registry.errors import AccessDenied, InvalidInput
from nop_registry.store import api_keys, audit, rates, sessions, source_parties, upload_files
from nop_registry.store.source_parties import OwnedSource
from nop_registry.store.upload_files import Upload

T = TypeVar("T")
_NOT_THERE = "there is no such source that you may see"


async def in_database(request: AnyRequest, act: Callable[[Connection], T]) -> T:
    """Run `act` in a transaction of its own, away from the event loop."""
    url = database_url(request)

    def run() -> T:
        with connect(url) as connection:
            return act(connection)

    return await asyncio.to_thread(run)


def database_url(request: AnyRequest) -> str:
    """Of the pool that serves reads."""
    return str(request.app.state.pool.conninfo)


def caller(connection: Connection, request: AnyRequest) -> Principal:
    """Who calls: by API key or, to read only, by the session of a browser. Raises AccessDenied."""
    address = request.client.host if request.client else None
    authorization = list(request.headers.getall("authorization", []))
    if not authorization and request.method in ("GET", "HEAD"):
        is_https = request.app.state.settings.public_url.startswith("https:")
        # As the portal names it: over https no other host of the domain can have set this one.
        session = request.cookies.get("__Host-nop_session" if is_https else "nop_session", "")
        if session:
            return sessions.principal_of_session(connection, session[:200], address)
    try:
        return api_keys.principal_of_key(connection, authorization, address)
    except NotAuthenticated:
        with suppress(NotAuthenticated):
            digest = bearer_digest(authorization)  # well-formed: a key that is over, or made up
            known = api_keys.find_key(connection, digest)
            nobody = msgspec.structs.replace(NOBODY, address=address)
            audit.record_refusal(
                connection, nobody, f"key:{known.prefix if known else 'unknown'}",
                asked_for=request.scope["path"][:100],
            )  # fmt: skip
        raise


def own_source(
    connection: Connection, request: AnyRequest, action: Action, name: str | None
) -> tuple[Principal, OwnedSource]:
    """The source of that name, or the only one of the caller's key. Raises NopError."""
    principal = caller(connection, request)
    connection.commit()  # the key's use is noted, whatever comes of it
    with _refusals_noted(connection, principal, action, f"source:{name or principal.source_id}"):
        require(principal, action)
        if name is None:
            if principal.source_id is None:
                raise InvalidInput("say which source the file is of: ?source=NAME")
            found = source_parties.find_owned_by_id(connection, principal.source_id)
        else:
            found = source_parties.find_owned(connection, name)
        if found is None:
            raise OutOfReach(_NOT_THERE)
        require(principal, action, source=found)
        return principal, found


def own_upload(
    connection: Connection,
    request: AnyRequest,
    action: Action,
    upload_id: int,
    rate: rates.Rate | None = None,
) -> tuple[Principal, Upload]:
    """The upload of that number; counts as a try at `rate`. Raises NopError."""
    principal = caller(connection, request)
    count(connection, principal, rate)
    with _refusals_noted(connection, principal, action, f"upload {upload_id}"):
        return principal, _find_own(connection, principal, action, upload_id)


def count(connection: Connection, principal: Principal, rate: rates.Rate | None) -> None:
    """Count a try of the caller, whatever comes of it, and note its key's use. Raises TooMany."""
    try:
        if rate is not None:
            who = principal.key_id or principal.account_id
            rates.take(connection, [rate], f"{principal.kind}:{who}")
    finally:
        connection.commit()


def finish(connection: Connection, request: AnyRequest, upload_id: int, *, commit: bool) -> None:
    """All has come. A key that was revoked while it came finishes nothing. Raises NopError."""
    own_upload(connection, request, Action.UPLOAD, upload_id)
    upload_files.finish_receiving(connection, upload_id, commit=commit)


def _find_own(
    connection: Connection, principal: Principal, action: Action, upload_id: int
) -> Upload:
    require(principal, action)
    upload = upload_files.find_upload(connection, upload_id) if upload_id < 1 << 63 else None
    source = source_parties.find_owned_by_id(connection, upload.source_id) if upload else None
    if upload is None or source is None:
        raise OutOfReach(f"there is no upload {upload_id} that you may see")
    try:
        require(principal, action, source=source)
    except OutOfReach:
        raise OutOfReach(f"there is no upload {upload_id} that you may see") from None
    return upload


@contextmanager
def _refusals_noted(
    connection: Connection, principal: Principal, action: Action, object_: str
) -> Iterator[None]:
    """Write a refusal to the log, in a transaction of its own: nothing was changed before it."""
    try:
        yield
    except AccessDenied as error:
        connection.rollback()
        audit.record_refusal(
            connection, principal, object_, asked_for=action, why=type(error).__name__
        )
        raise
