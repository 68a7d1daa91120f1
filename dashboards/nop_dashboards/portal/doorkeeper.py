"""Who is at the door of the portal: every request passes here before its handler runs.

`enter` asks for the action that the handler declares, and for the token of a form. A handler calls
`require_principal` for who asks, and for the source that the page is about.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
from litestar import Litestar, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect
from litestar.types import Message, Scope

from nop_dashboards.portal import cookies
from nop_dashboards.portal.language import LANGUAGES, Said
from nop_registry import access
from nop_registry.access import Action, NotAuthenticated, OutOfReach, Principal
from nop_registry.database import Connection
from nop_registry.database_threads import DatabaseThreads
from nop_registry.errors import AccessDenied
from nop_registry.store import audit, sessions, source_parties

T = TypeVar("T")
_CONNECTIONS = 4  # and threads
AnyRequest = Request[Any, Any, Any]
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
SIGN_IN = "/portal/sign-in"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PRINCIPAL = "portal_principal"
_log = structlog.get_logger(__name__)


class ForgedForm(Said, AccessDenied):
    """The request does not come from a form of ours that this browser was given."""


async def in_database(
    request: ASGIConnection[Any, Any, Any, Any], act: Callable[[Connection], T]
) -> T:
    """Run `act` in one transaction for this request. What it raises comes through."""
    database: DatabaseThreads = request.app.state.portal_database
    return await database.run(act)


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """`app.state.portal_database` while the application runs."""
    url = str(app.state.pool.conninfo)
    async with DatabaseThreads(
        url, "portal", size=_CONNECTIONS, statement_timeout_ms=15_000
    ) as app.state.portal_database:
        yield


async def enter(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of every page of the portal."""
    action = handler.opt.get("action")
    if not isinstance(action, Action):
        raise AccessDenied("this page declares no action: it opens to nobody")
    if action is not Action.SIGN_IN:
        await require_principal(connection, action)
    if connection.scope.get("method") not in _SAFE:
        await _check_form(connection)


async def require_principal(
    request: ASGIConnection[Any, Any, Any, Any], action: Action, source: str | None = None
) -> Principal:
    """Who asks, if they may do that (with the source of that name).

    Raises NotAuthenticated, OutOfReach or AccessDenied; the portal answers each with a page.
    """
    principal = await find_principal(request)
    if principal is None:
        raise NotAuthenticated("sign in")
    owned = None
    if source is not None:
        owned = await in_database(request, lambda c: source_parties.find_owned(c, source))
    try:
        if source is not None and owned is None:
            raise OutOfReach("there is no such source that you may see")
        access.require(principal, action, source=owned)
    except AccessDenied as error:
        kind = type(error).__name__
        await in_database(
            request,
            lambda c: audit.record_refusal(
                c, principal, f"source:{source}" if source else "portal",
                asked_for=action, why=kind,
            ),
        )  # fmt: skip
        raise
    return principal


async def find_principal(request: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
    """Who asks; None: nobody who signed in. The table is asked once a request."""
    state = request.scope["state"]
    if _PRINCIPAL not in state:
        state[_PRINCIPAL] = await _look_up(request)
    found: Principal | None = state[_PRINCIPAL]
    return found


def caller_address(request: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The network address of the caller, as the server or its trusted proxy tells."""
    return request.client.host if request.client else None


async def _look_up(request: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
    session_id = cookies.session_id(request)
    address = caller_address(request)

    def ask(connection: Connection) -> Principal | None:
        try:
            return sessions.principal_of_session(connection, session_id, address)
        except NotAuthenticated:
            return None

    return await in_database(request, ask) if session_id else None


async def _check_form(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    token = connection.headers.get(CSRF_HEADER, "")
    if not token and isinstance(connection, Request):
        token = str((await connection.form()).get(CSRF_FIELD, ""))
    if not cookies.is_same_origin(connection) or not cookies.is_own_token(connection, token):
        raise ForgedForm("sign_in.form_is_old")


async def before_send(message: Message, scope: Scope) -> None:
    """Answers of the portal are kept by no cache; a new browser gets its cookie for forms."""
    if message["type"] != "http.response.start" or not scope["path"].startswith("/portal"):
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["Cache-Control"] = "no-store"
    headers.setdefault("Referrer-Policy", "same-origin")
    cookie = cookies.new_form_cookie(scope["state"], ASGIConnection(scope))
    if cookie is not None:
        headers.add("Set-Cookie", cookie.to_header(header=""))


def _to_sign_in(request: AnyRequest, _: Exception) -> Response[Any]:
    if request.method not in _SAFE:
        return Redirect(SIGN_IN, status_code=303)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = {"next": target}
    if (chosen := request.query_params.get("lang")) in LANGUAGES:
        query["lang"] = str(chosen)
    return Redirect(f"{SIGN_IN}?{urlencode(query)}", status_code=303)


ANSWERS: dict[int | type[Exception], Any] = {NotAuthenticated: _to_sign_in}
"""For `exception_handlers`: whoever is not signed in is asked to."""
