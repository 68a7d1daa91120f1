"""An invitation's link: whoever has it chooses a password, and has the account."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nop_dashboards.portal.doorkeeper import AnyRequest, in_database
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.sign_in import caller_of, let_in
from nop_dashboards.portal.view import sentence, show, texts
from nop_registry.access import NOBODY, Action
from nop_registry.database import Connection
from nop_registry.errors import NopError, NotFound
from nop_registry.sign_in.passwords import WeakPassword, check_new
from nop_registry.store import accounts, audit, invitations, signing_in
from nop_registry.store.invitations import Invitation
from nop_registry.store.providers import list_providers
from nop_registry.store.signing_in import Begun, Caller


@get("/portal/invitation/{secret:str}", action=Action.SIGN_IN)
async def show_invitation(request: AnyRequest, secret: FromPath[str]) -> Response[Any]:
    """What the link opens. Looking at it does not use it: mail programs look at links too."""
    return await _page(request, secret, await find_invitation(request, secret))


@post("/portal/invitation/{secret:str}", action=Action.SIGN_IN)
async def accept_invitation(request: AnyRequest, secret: FromPath[str]) -> Response[Any]:
    """Choose name and password; the link is then used up and the person signed in."""
    found = await find_invitation(request, secret)
    form = await request.form()
    name = str(form.get("name", ""))[:200]
    password, again = str(form.get("password", "")), str(form.get("again", ""))
    caller = caller_of(request)
    try:
        if password != again:
            raise Said("invitation.differ")
        check_password(password, found.login, name)
        begun = await in_database(request, lambda c: _accept(c, found, name, password, caller))
    except NotFound:
        raise Said("invitation.closed") from None
    except NopError as error:
        return await _page(request, secret, found, name=name, error=sentence(texts(request), error))
    return let_in(request, begun, None)


async def find_invitation(request: AnyRequest, secret: str) -> Invitation:
    """What the link opens. Raises Said when it opens nothing, or was tried too often."""
    caller = caller_of(request)
    await in_database(request, lambda c: signing_in.count_link(c, caller))
    found = await in_database(request, lambda c: invitations.find_open(c, secret))
    if found is None:
        raise Said("invitation.closed")
    return found


def check_password(password: str, *about: str) -> None:
    """Whether it may be chosen. Raises Said."""
    try:
        check_new(password, *about)
    except WeakPassword as error:
        raise Said(f"password.{error.reason}") from None


def _accept(
    connection: Connection, found: Invitation, name: str, password: str, caller: Caller
) -> Begun:
    account = invitations.accept(connection, found.id, name)
    accounts.set_password(connection, account, password)
    audit.record(
        connection, NOBODY, "recovered" if found.account_id else "invitation_accepted",
        f"account:{account.id}", invitation=found.id,
    )  # fmt: skip
    now = accounts.get_account(connection, account.id)
    return signing_in.begin(connection, now, caller, strong=False, how="invitation")


async def _page(
    request: AnyRequest, secret: str, found: Invitation, name: str = "", error: str | None = None
) -> Response[Any]:
    providers = await in_database(request, list_providers)
    return await show(
        request, "invitation.html", status=400 if error else 200, invitation=found, secret=secret,
        name=name, error=error, providers=providers,
    )  # fmt: skip


ROUTES = [show_invitation, accept_invitation]
