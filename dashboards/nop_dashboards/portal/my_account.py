"""One's own account: password, second factor, where one is signed in."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from nop_dashboards.portal import cookies
from nop_dashboards.portal.doorkeeper import AnyRequest, in_database, require_principal
from nop_dashboards.portal.invitation import check_password
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.sign_in import caller_of
from nop_dashboards.portal.view import see, sentence, show, texts
from nop_registry.access import Action, Principal
from nop_registry.database import Connection
from nop_registry.errors import NopError
from nop_registry.store import accounts, audit, sessions, signing_in
from nop_registry.store.accounts import Account
from nop_registry.store.sessions import Session


@get("/portal/account", action=Action.MANAGE_OWN_ACCOUNT)
async def show_account(request: AnyRequest) -> Response[Any]:
    """The account."""
    return await _page(request)


@post("/portal/account/password", action=Action.MANAGE_OWN_ACCOUNT)
async def change_password(request: AnyRequest) -> Response[Any]:
    """Another password; every other session of the account ends, and this one is renewed."""
    principal = await require_principal(request, Action.MANAGE_OWN_ACCOUNT)
    account = await _account(request, principal)
    form = await request.form()
    old, new = str(form.get("old", "")), str(form.get("password", ""))
    caller = caller_of(request)
    try:
        await in_database(request, lambda c: signing_in.count_code(c, account.id))
        check_password(new, account.login, account.name)

        def change(connection: Connection) -> str:
            if accounts.check_password(connection, account.login, old) is None:
                raise Said("sign_in.wrong")
            accounts.set_password(connection, account, new)
            audit.record(connection, principal, "password_changed", f"account:{account.id}")
            return sessions.open_session(
                connection, account.id, stage="full", strong=principal.strong,
                address=caller.address, agent=caller.agent,
            )  # fmt: skip

        session_id = await in_database(request, change)
    except NopError as error:
        return await _page(request, status=400, error=sentence(texts(request), error))
    answer = see("/portal/account?done=password")
    answer.set_cookie(cookies.session_cookie(request, session_id))
    return answer


@post("/portal/account/sign-out-everywhere", action=Action.MANAGE_OWN_ACCOUNT)
async def sign_out_everywhere(request: AnyRequest) -> Response[Any]:
    """End every session of the account."""
    principal = await require_principal(request, Action.MANAGE_OWN_ACCOUNT)
    account = await _account(request, principal)

    def end(connection: Connection) -> None:
        ended = sessions.end_sessions(connection, account.id)
        audit.record(connection, principal, "signed_out", f"account:{account.id}", sessions=ended)

    await in_database(request, end)
    answer = see("/portal/sign-in")
    answer.set_cookie(cookies.no_session_cookie(request))
    return answer


async def _account(request: AnyRequest, principal: Principal) -> Account:
    number = principal.account_id
    assert number is not None  # noqa: S101 - sessions are of accounts
    return await in_database(request, lambda c: accounts.get_account(c, number))


async def _page(request: AnyRequest, status: int = 200, error: str | None = None) -> Response[Any]:
    principal = await require_principal(request, Action.MANAGE_OWN_ACCOUNT)
    account = await _account(request, principal)

    def read(connection: Connection) -> tuple[list[Session], int]:
        codes = accounts.count_recovery_codes(connection, account.id)
        return sessions.list_sessions(connection, account.id), codes

    listed, codes = await in_database(request, read)
    changed = request.query_params.get("done") == "password"
    return await show(
        request, "my_account.html", status=status, account=account, sessions=listed,
        codes_left=codes, error=error,
        said=texts(request)("my.password_changed") if changed else None,
    )  # fmt: skip


ROUTES = [show_account, change_password, sign_out_everywhere]
