"""API keys of one's programs: make, renew with an overlap, revoke."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from nop_dashboards.portal.doorkeeper import AnyRequest, in_database, require_principal
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.view import see, sentence, show, texts
from nop_registry.access import Action, OutOfReach, Principal, Scope, make_key
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NopError
from nop_registry.store import api_keys, audit, source_parties
from nop_registry.store.api_keys import ApiKey, list_reachable_keys, state_of

KEYS = "/portal/keys"
_DAYS = ("30", "90", "365")


@get(KEYS, action=Action.MANAGE_KEYS)
async def show_keys(request: AnyRequest) -> Response[Any]:
    """The keys of one's parties."""
    return await _page(request)


@post(KEYS, action=Action.MANAGE_KEYS)
async def add_key(request: AnyRequest) -> Response[Any]:
    """Make a key; it is shown once."""
    principal = await require_principal(request, Action.MANAGE_KEYS)
    form = await request.form()
    try:
        key = await in_database(request, lambda c: _add(c, principal, form))
    except OutOfReach:
        raise
    except NopError as error:
        return await _page(request, status=400, error=sentence(texts(request), error))
    return await _page(request, made=key)


@post(f"{KEYS}/{{prefix:str}}/rotate", action=Action.MANAGE_KEYS)
async def rotate_key(request: AnyRequest, prefix: FromPath[str]) -> Response[Any]:
    """A new key with the same rights; the old one goes on for some hours."""
    principal = await require_principal(request, Action.MANAGE_KEYS)
    hours = str((await request.form()).get("hours", ""))
    overlap = timedelta(hours=int(hours) if hours in ("0", "1", "8", "24") else 24)

    def rotate(connection: Connection) -> str:
        old = _own_key(connection, principal, prefix)
        try:
            made = api_keys.rotate_key(
                connection, old.prefix, overlap=overlap, created_by=principal.account_id
            )
        except InvalidInput:
            raise Said("keys.over") from None
        audit.record(
            connection, principal, "key_rotated", f"key:{old.prefix}", new=made.prefix,
            overlap_h=overlap.total_seconds() / 3600,
        )  # fmt: skip
        return made.key

    try:
        key = await in_database(request, rotate)
    except OutOfReach:
        raise
    except NopError as error:
        return await _page(request, status=400, error=sentence(texts(request), error))
    return await _page(request, made=key)


@post(f"{KEYS}/{{prefix:str}}/revoke", action=Action.MANAGE_KEYS)
async def revoke_key(request: AnyRequest, prefix: FromPath[str]) -> Response[Any]:
    """Make a key invalid, now."""
    principal = await require_principal(request, Action.MANAGE_KEYS)

    def revoke(connection: Connection) -> None:
        found = _own_key(connection, principal, prefix)
        api_keys.revoke_key(connection, found.prefix)
        audit.record(connection, principal, "key_revoked", f"key:{found.prefix}")

    await in_database(request, revoke)
    return see(KEYS)


def _add(connection: Connection, principal: Principal, form: FormMultiDict) -> str:
    scopes = sorted({str(scope) for scope in form.getall("scope", [])} & set(Scope))
    name = str(form.get("name", "")).strip()[:100]
    days = str(form.get("days", ""))
    if not scopes or not name:
        raise Said("keys.no_scope")
    source_name = str(form.get("source", ""))
    source = source_parties.find_owned(connection, source_name) if source_name else None
    reachable = {owned.id for owned in source_parties.list_reachable(connection, principal)}
    # A key is never wider than who makes it; an admin's is bound to a source.
    if (source_name or principal.parties is None) and (
        source is None or source.id not in reachable
    ):
        raise OutOfReach("there is no such source that you may see")
    lifetime = timedelta(days=int(days) if days in _DAYS else 90)
    made = make_key()
    api_keys.add_key(
        connection, name=name, prefix=made.prefix, digest=made.digest, scopes=scopes,
        source_id=source.id if source else None, expires_at=datetime.now(UTC) + lifetime,
        parties=principal.parties if principal.parties is not None else (source or _NONE).parties,
        created_by=principal.account_id,
    )  # fmt: skip
    audit.record(
        connection, principal, "key_made", f"key:{made.prefix}", scopes=scopes,
        source=source.name if source else None,
    )  # fmt: skip
    return made.key


_NONE = source_parties.OwnedSource(0, "", frozenset())


def _own_key(connection: Connection, principal: Principal, prefix: str) -> ApiKey:
    for key in list_reachable_keys(connection, principal):
        if key.prefix == prefix:
            return key
    raise OutOfReach("there is no such key")


async def _page(request: AnyRequest, status: int = 200, **values: str | None) -> Response[Any]:
    principal = await require_principal(request, Action.MANAGE_KEYS)

    def read(connection: Connection) -> dict[str, Any]:
        return {
            "keys": list_reachable_keys(connection, principal),
            "sources": source_parties.list_reachable(connection, principal),
        }

    return await show(
        request, "keys.html", status=status, **await in_database(request, read),
        **{"error": None, "made": None, **values}, scopes=list(Scope), state=state_of,
    )  # fmt: skip


ROUTES = [show_keys, add_key, rotate_key, revoke_key]
