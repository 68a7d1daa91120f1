"""What one administrator asked for, and a second one confirms: links and roles that decide."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from nop_dashboards.portal.doorkeeper import AnyRequest, in_database, require_principal
from nop_dashboards.portal.team import TEAM, show_link
from nop_dashboards.portal.view import see
from nop_registry.access import Action, Principal
from nop_registry.database import Connection
from nop_registry.errors import NotFound
from nop_registry.store import audit, invitations, role_wishes


@post(f"{TEAM}/invitations/{{number:int}}/confirm", action=Action.MANAGE_ACCOUNTS)
async def confirm_invitation(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Agree to another administrator's invitation, and hand its link over: it is shown once."""
    principal = await require_principal(request, Action.MANAGE_ACCOUNTS)

    def confirm(connection: Connection) -> tuple[str, str]:
        link, secret = invitations.confirm(connection, number, _own_id(principal))
        audit.record(
            connection, principal, "invitation_confirmed", f"invitation:{number}",
            role=link.role, asked_by=link.created_by,
        )  # fmt: skip
        return secret, link.login

    return await show_link(request, *await in_database(request, confirm))


@post(f"{TEAM}/{{number:int}}/role/confirm", action=Action.MANAGE_ACCOUNTS)
async def confirm_role(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Agree to another administrator's wish; the account is signed out and has the role."""
    principal = await require_principal(request, Action.MANAGE_ACCOUNTS)

    def confirm(connection: Connection) -> None:
        wish = role_wishes.confirm(connection, number, _own_id(principal))
        audit.record(
            connection, principal, "role_changed", f"account:{number}", after=wish.role,
            asked_by=wish.asked_by,
        )  # fmt: skip

    await in_database(request, confirm)
    return see(TEAM)


@post(f"{TEAM}/{{number:int}}/role/withdraw", action=Action.MANAGE_ACCOUNTS)
async def withdraw_wish(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """The role is not to be given."""
    principal = await require_principal(request, Action.MANAGE_ACCOUNTS)

    def withdraw(connection: Connection) -> None:
        if not role_wishes.withdraw(connection, number):
            raise NotFound("there is no such wish")
        audit.record(connection, principal, "role_wish_withdrawn", f"account:{number}")

    await in_database(request, withdraw)
    return see(TEAM)


def _own_id(principal: Principal) -> int:
    assert principal.account_id is not None  # noqa: S101 - sessions are of accounts
    return principal.account_id


ROUTES = [confirm_invitation, confirm_role, withdraw_wish]
