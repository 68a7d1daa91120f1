"""Signing in and out: password, then second factor; the second factor's first set-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import segno
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.response import Redirect
from markupsafe import Markup

from nop_dashboards.portal import cookies
from nop_dashboards.portal.doorkeeper import AnyRequest, caller_address, find_principal, in_database
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.view import see, sentence, show, texts
from nop_registry.access import Action, NotAuthenticated
from nop_registry.database import Connection
from nop_registry.errors import NopError
from nop_registry.sealing import load_key
from nop_registry.sign_in.second_factor import provisioning_uri
from nop_registry.store import accounts, audit, sessions, signing_in
from nop_registry.store.providers import list_providers
from nop_registry.store.rates import TooMany
from nop_registry.store.sessions import Session, Stage
from nop_registry.store.signing_in import Begun, Caller

HOME = "/portal"
_SIGN_IN = "/portal/sign-in"
_NEXT = "next"
_FRESH = timedelta(minutes=10)


@get("/portal/sign-in", action=Action.SIGN_IN)
async def show_sign_in(request: AnyRequest) -> Response[Any]:
    """The form; whoever is signed in goes on to the portal."""
    if await find_principal(request) is not None:
        return see(safe_next(request.query_params.get(_NEXT)))
    return await _form(request, request.query_params.get(_NEXT))


@post("/portal/sign-in", action=Action.SIGN_IN)
async def sign_in(request: AnyRequest) -> Response[Any]:
    """Try a password."""
    form = await request.form()
    login, password = _text(form, "login"), _text(form, "password")
    caller, before = caller_of(request), cookies.session_id(request)

    def attempt(connection: Connection) -> Begun | None:
        begun = signing_in.by_password(connection, login, password, caller)
        if begun is not None:
            sessions.end_session(connection, before)  # of this browser: it has the new one
        return begun

    try:
        await in_database(request, lambda c: signing_in.count_sign_in(c, login, caller))
        begun = await in_database(request, attempt)
        if begun is None:
            raise Said("sign_in.wrong")
    except NopError as error:
        return await _form(request, _text(form, _NEXT), error=error, login=login[:300])
    return let_in(request, begun, _text(form, _NEXT))


@get("/portal/sign-in/second-factor", action=Action.SIGN_IN)
async def show_second_factor(request: AnyRequest) -> Response[Any]:
    """Ask for the code."""
    await require_session(request, "second_factor")
    return await show(
        request, "second_factor.html", next=request.query_params.get(_NEXT, ""), error=None
    )


@post("/portal/sign-in/second-factor", action=Action.SIGN_IN)
async def give_second_factor(request: AnyRequest) -> Response[Any]:
    """Try a code of the authenticator, or a recovery code."""
    session = await require_session(request, "second_factor")
    form = await request.form()
    key = load_key(request.app.state.settings)
    caller, now, code = caller_of(request), datetime.now(UTC), _text(form, "code")
    try:
        await in_database(request, lambda c: signing_in.count_code(c, session.account_id))
        begun = await in_database(
            request, lambda c: signing_in.by_second_factor(c, session, code, caller, now, key)
        )
        if begun is None:
            raise Said("sign_in.wrong_code")
    except NopError as error:
        return await show(
            request, "second_factor.html", status=_status(error), next=_text(form, _NEXT),
            error=sentence(texts(request), error),
        )  # fmt: skip
    return let_in(request, begun, _text(form, _NEXT))


@get("/portal/sign-in/set-up", action=Action.SIGN_IN)
async def show_set_up(request: AnyRequest) -> Response[Any]:
    """A QR code for the authenticator."""
    session = await _require_fresh_session(request)
    return await _set_up(request, session, request.query_params.get(_NEXT), None)


@post("/portal/sign-in/set-up", action=Action.SIGN_IN)
async def confirm_set_up(request: AnyRequest) -> Response[Any]:
    """The first code: from now on it is asked for. Shows the recovery codes, once."""
    session = await _require_fresh_session(request)
    form = await request.form()
    key = load_key(request.app.state.settings)
    caller, now, code = caller_of(request), datetime.now(UTC), _text(form, "code")
    try:
        await in_database(request, lambda c: signing_in.count_code(c, session.account_id))
        done = await in_database(
            request, lambda c: signing_in.enrol(c, session, code, caller, now, key)
        )
        if done is None:
            raise Said("sign_in.wrong_code")
    except NopError as error:
        return await _set_up(request, session, _text(form, _NEXT), error)
    begun, codes = done
    answer = await show(
        request, "recovery_codes.html", codes=codes, next=safe_next(_text(form, _NEXT))
    )
    answer.set_cookie(cookies.session_cookie(request, begun.session_id))
    return answer


@post("/portal/sign-out", action=Action.SIGN_IN)
async def sign_out(request: AnyRequest) -> Response[Any]:
    """End the session, here and on the server."""
    principal = await find_principal(request)
    session_id = cookies.session_id(request)

    def end(connection: Connection) -> None:
        sessions.end_session(connection, session_id)
        if principal is not None:
            audit.record(connection, principal, "signed_out", f"account:{principal.account_id}")

    await in_database(request, end)
    answer = see("/portal/sign-in")
    answer.set_cookie(cookies.no_session_cookie(request))
    return answer


async def require_session(request: AnyRequest, *stages: Stage) -> Session:
    """The browser's session, if it is at one of these stages. Raises NotAuthenticated."""
    session_id = cookies.session_id(request)
    found = await in_database(request, lambda c: sessions.find_session(c, session_id))
    if found is None or found.stage not in stages:
        raise NotAuthenticated("sign in")
    return found


def let_in(request: AnyRequest, begun: Begun, target: str | None) -> Redirect:
    """Set the new session's cookie, and on to what is still to be done."""
    where = safe_next(target)
    if begun.stage != "full":
        page = "second-factor" if begun.stage == "second_factor" else "set-up"
        where = f"/portal/sign-in/{page}?{urlencode({_NEXT: where})}"
    answer = see(where)
    answer.set_cookie(cookies.session_cookie(request, begun.session_id))
    return answer


def caller_of(request: AnyRequest) -> Caller:
    """Where the request came from."""
    return Caller(caller_address(request), request.headers.get("user-agent"))


def safe_next(target: str | None) -> str:
    """A page of the portal to go on to; anything else is the first page.

    >>> safe_next("/portal/team"), safe_next("//evil.example"), safe_next("/portal/../graphql")
    ('/portal/team', '/portal', '/portal')
    """
    if not target or not target.startswith("/portal") or ".." in target or len(target) > 500:
        return HOME
    if target.startswith(_SIGN_IN) and target != f"{_SIGN_IN}/set-up":
        return HOME  # whoever is signed in would be sent to and fro
    plain = all(mark not in target for mark in "\\\r\n#") and target.isprintable()
    return target if plain else HOME


async def _require_fresh_session(request: AnyRequest) -> Session:
    """A session in which a second factor may be set up: whoever finds a browser open may not."""
    session = await require_session(request, "enrolment", "full")
    if datetime.now(UTC) - session.created_at > _FRESH:
        raise Said("set_up.sign_in_again")
    return session


async def _form(
    request: AnyRequest, target: str | None, error: NopError | None = None, login: str = ""
) -> Response[Any]:
    providers = await in_database(request, list_providers)
    return await show(
        request, "sign_in.html", status=200 if error is None else _status(error),
        next=safe_next(target), error=error and sentence(texts(request), error),
        providers=providers, login=login,
    )  # fmt: skip


async def _set_up(
    request: AnyRequest, session: Session, target: str | None, error: NopError | None
) -> Response[Any]:
    settings = request.app.state.settings
    key = load_key(settings)

    def propose(connection: Connection) -> tuple[str, str]:
        account = accounts.get_account(connection, session.account_id)
        return account.login, accounts.propose_totp(connection, session.digest, account, key)

    login, secret = await in_database(request, propose)
    code = segno.make(provisioning_uri(secret, login, settings.party_name), error="m")
    picture = code.svg_inline(scale=5, omitsize=True, svgclass="qr", lineclass=None)
    return await show(
        request, "set_up.html", status=200 if error is None else _status(error),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        picture=Markup(picture),  # noqa: S704 - drawn by us
        next=safe_next(target), error=error and sentence(texts(request), error),
    )  # fmt: skip


def _status(error: NopError) -> int:
    return 429 if isinstance(error, TooMany) else 400


def _text(form: FormMultiDict, name: str) -> str:
    return str(form.get(name, ""))[:2000]


ROUTES = [
    show_sign_in,
    sign_in,
    show_second_factor,
    give_second_factor,
    show_set_up,
    confirm_set_up,
    sign_out,
]
