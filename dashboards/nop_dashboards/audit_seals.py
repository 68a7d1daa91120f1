"""`/audit/seals`: whoever keeps a copy of the seals can show whether the log was rewritten."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import QueryParameter

from nop_dashboards.answers import ANSWERS
from nop_dashboards.templating import page
from nop_registry.access import Action
from nop_registry.queries.audit_seals import list_seals
from nop_registry.sealing import load_key
from nop_registry.store.audit_seals import public_key

AnyRequest = Request[Any, Any, Any]
_SHOWN = 48
_MOST = 1000
After = Annotated[int, QueryParameter(name="after", ge=0, le=2**31 - 1)]


@get("/audit/seals", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def show_seals(request: AnyRequest) -> Response[Any]:
    """The newest seals."""
    async with request.app.state.pool.connection() as connection:
        seals = await list_seals(connection, after=None, limit=_SHOWN)
    return page(request, "audit_seals.html", seals=seals, public_key=_public_key(request))


@get("/audit/seals.json", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def list_all(request: AnyRequest, after: After = 0) -> Response[bytes]:
    """Every seal from the first on, 1,000 at a time: `next_after` is null at the end."""
    async with request.app.state.pool.connection() as connection:
        seals = await list_seals(connection, after=after, limit=_MOST)
    body = {
        "public_key": _public_key(request),
        "seals": seals,
        "next_after": seals[-1]["number"] if len(seals) == _MOST else None,
    }
    return Response(
        msgspec.json.encode(body), media_type="application/json",
        headers={"Cache-Control": "public, max-age=60"},
    )  # fmt: skip


def _public_key(request: AnyRequest) -> str:
    """In hexadecimal digits, to check the signatures with (Ed25519)."""
    return public_key(load_key(request.app.state.settings)).hex()


ROUTES = [show_seals, list_all]
