"""The team: who may sign in for one's parties, invitations, lost passwords, locked accounts.

The roles that decide for everybody, and whole countries (`FR*`), take two administrators: see
`second_administrator`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from nop_dashboards.portal.doorkeeper import AnyRequest, in_database, require_principal
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.view import see, sentence, show, texts
from nop_registry.access import Action, OutOfReach, Principal, Role, covers, names_country
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NopError
from nop_registry.store import accounts, audit, invitations, rates, role_wishes
from nop_registry.store.accounts import Account

TEAM = "/portal/team"
_OPERATORS = (Role.OPERATOR_VIEWER, Role.OPERATOR_EDITOR, Role.OPERATOR_ADMIN)
_INVITATIONS = (rates.Rate("invitation", 30, 3600),)
"""Of one person: whoever guesses who has an account by inviting them is slowed down."""
_OTHERS = (Role.REGULATOR_VIEWER, Role.REGULATOR_OFFICER, Role.ADMIN)


@get(TEAM, action=Action.MANAGE_TEAM)
async def show_team(request: AnyRequest) -> Response[Any]:
    """Everybody whom one may manage."""
    return await _page(request)


@post(f"{TEAM}/invitations", action=Action.MANAGE_TEAM)
async def invite(request: AnyRequest) -> Response[Any]:
    """Make a link for somebody new; it is shown once."""
    principal = await require_principal(request, Action.MANAGE_TEAM)
    form = await request.form()
    login = str(form.get("login", ""))[:300]
    wanted = str(form.get("role", ""))
    parties = _wanted_parties(principal, form)
    shown = {"login": login, "role": wanted, "parties": ", ".join(parties)}
    try:
        role = _assignable(principal, wanted)
        _within(principal, parties)
        await in_database(request, lambda c: rates.take(c, _INVITATIONS, str(principal.account_id)))
        secret = await in_database(request, lambda c: _invite(c, principal, login, role, parties))
    except NopError as error:
        return await _page(request, status=400, form=shown, error=sentence(texts(request), error))
    return await show_link(request, secret, login)


@post(f"{TEAM}/invitations/{{number:int}}/revoke", action=Action.MANAGE_TEAM)
async def revoke_invitation(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Take a link back."""
    principal = await require_principal(request, Action.MANAGE_TEAM)

    def revoke(connection: Connection) -> None:
        open_ones = invitations.list_open(connection, principal.parties)
        if number not in {invitation.id for invitation in open_ones}:
            raise OutOfReach("there is no such invitation")
        invitations.revoke(connection, number)
        audit.record(connection, principal, "invitation_revoked", f"invitation:{number}")

    await in_database(request, revoke)
    return see(TEAM)


@post(f"{TEAM}/{{number:int}}/role", action=Action.MANAGE_TEAM)
async def change_role(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Give a member another role; the member is signed out. One that decides is asked for."""
    wanted = str((await request.form()).get("role", ""))

    def change(connection: Connection, principal: Principal, member: Account) -> None:
        role = _assignable(principal, wanted)
        if role.is_operator != Role(member.role).is_operator:
            raise Said("team.bad_role")
        if role.needs_second_admin and role != member.role:
            assert principal.account_id is not None  # noqa: S101 - sessions are of accounts
            role_wishes.ask(connection, member.id, role, principal.account_id)
            audit.record(
                connection, principal, "role_asked_for", f"account:{member.id}", role=role.value
            )
            return
        accounts.change_role(connection, member.id, role, member.parties)
        audit.record(
            connection, principal, "role_changed", f"account:{member.id}",
            before=member.role, after=role.value,
        )  # fmt: skip

    return await _change(request, number, change)


@post(f"{TEAM}/{{number:int}}/disable", action=Action.MANAGE_TEAM)
async def disable(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Lock a member out, now."""

    def lock(connection: Connection, principal: Principal, member: Account) -> None:
        accounts.disable(connection, member.id)
        audit.record(connection, principal, "account_disabled", f"account:{member.id}")

    return await _change(request, number, lock)


@post(f"{TEAM}/{{number:int}}/enable", action=Action.MANAGE_TEAM)
async def enable(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Let a member in again."""

    def unlock(connection: Connection, principal: Principal, member: Account) -> None:
        accounts.enable(connection, member.id)
        audit.record(connection, principal, "account_enabled", f"account:{member.id}")

    return await _change(request, number, unlock)


@post(f"{TEAM}/{{number:int}}/recovery", action=Action.MANAGE_TEAM)
async def recover(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Make a link with which a member chooses a new password."""
    principal = await require_principal(request, Action.MANAGE_TEAM)
    forget = (await request.form()).get("forget_totp") == "1"

    def offer(connection: Connection) -> tuple[str, str | None]:
        member = _member(connection, principal, number)
        audit.record(
            connection, principal, "recovery_offered", f"account:{number}", forget_totp=forget
        )
        secret = invitations.offer_recovery(
            connection, member, forget_totp=forget, created_by=principal.account_id
        )
        return member.login, secret

    login, secret = await in_database(request, offer)
    return await show_link(request, secret, login)


async def _change(
    request: AnyRequest,
    number: int,
    act: Callable[[Connection, Principal, Account], None],
) -> Response[Any]:
    principal = await require_principal(request, Action.MANAGE_TEAM)
    try:
        await in_database(request, lambda c: act(c, principal, _member(c, principal, number)))
    except OutOfReach:
        raise
    except NopError as error:
        return await _page(request, status=400, error=sentence(texts(request), error))
    return see(TEAM)


def _member(connection: Connection, principal: Principal, number: int) -> Account:
    """Somebody else, who acts for none but the principal's parties. Raises OutOfReach."""
    found = [a for a in accounts.list_accounts(connection, principal.parties) if a.id == number]
    if not found or number == principal.account_id:
        raise OutOfReach("there is no such account that you may change")
    return found[0]


def _invite(
    connection: Connection, principal: Principal, login: str, role: Role, parties: list[str]
) -> str | None:
    try:
        login = accounts.plain_login(login)
    except InvalidInput:
        raise Said("team.bad_address") from None
    if accounts.find_account(connection, login) is not None:
        audit.record(connection, principal, "invited_in_vain", f"login:{login}")
        connection.commit()
        raise Said("team.taken")
    try:
        secret = invitations.invite(
            connection, login=login, role=role, parties=parties, created_by=principal.account_id
        )
    except InvalidInput:
        raise Said("team.bad_role") from None
    audit.record(
        connection, principal, "invited", f"login:{login}", role=role.value, parties=parties
    )
    return secret


def _assignable(principal: Principal, wanted: str) -> Role:
    if wanted not in _roles(principal):
        raise Said("team.bad_role")
    return Role(wanted)


def _roles(principal: Principal) -> list[str]:
    """The roles that one may give: an operator's own kind, an admin every one."""
    return [*_OPERATORS] if principal.parties is not None else [*_OPERATORS, *_OTHERS]


def _wanted_parties(principal: Principal, form: FormMultiDict) -> list[str]:
    typed = str(form.get("parties", "")).upper().replace(";", ",").split(",")
    named = [party.strip() for party in typed if party.strip()]
    if principal.parties is not None:
        return [str(party) for party in form.getall("party", [])] + named
    return named


def _within(principal: Principal, parties: list[str]) -> None:
    own = principal.parties
    if own is not None and (names_country(parties) or not covers(own, parties)):
        raise Said("team.bad_role")


async def show_link(request: AnyRequest, secret: str | None, login: str) -> Response[Any]:
    """The page with a link that is shown once. None: it waits for a second administrator."""
    if secret is None:
        return await _page(request, said=texts(request)("team.waits"))
    link = f"{request.app.state.settings.public_url}/portal/invitation/{secret}"
    return await _page(request, link=link, link_for=login)


async def _page(
    request: AnyRequest,
    status: int = 200,
    form: Mapping[str, str] | None = None,
    **values: str | None,
) -> Response[Any]:
    principal = await require_principal(request, Action.MANAGE_TEAM)

    def read(connection: Connection) -> dict[str, Any]:
        links = invitations.list_open(connection, principal.parties)
        return {
            "accounts": accounts.list_accounts(connection, principal.parties),
            "invitations": [link for link in links if not link.waits],
            "waiting": [link for link in links if link.waits],
            "wishes": role_wishes.list_open(connection) if principal.parties is None else [],
        }

    found = await in_database(request, read)
    return await show(
        request, "team.html", status=status, **found,
        **{"error": None, "said": None, "link": None, "link_for": None, **values},
        form=form or {"login": "", "role": Role.OPERATOR_EDITOR.value, "parties": ""},
        parties=principal.named_parties,
        for_country=names_country(principal.parties or ()), assignable=_roles(principal),
        names={account.id: account.name for account in found["accounts"]},
    )  # fmt: skip


ROUTES = [show_team, invite, revoke_invitation, change_role, disable, enable, recover]
