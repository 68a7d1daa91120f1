"""`nop account`: people who may sign in. The first administrator is made here."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from nop import cluster
from nop.output import Json, console, print_json
from nop.secret import read_secret
from nop_registry import settings as settings_module
from nop_registry.access import SYSTEM, Role
from nop_registry.database import Connection, connect
from nop_registry.errors import NotFound
from nop_registry.sealing import load_key
from nop_registry.store import accounts, audit, invitations, providers
from nop_registry.store.accounts import Account

Login = Annotated[str, typer.Argument(help="The person's e-mail address.")]
Party = Annotated[
    list[str] | None, typer.Option(help="For whom an operator's account acts, such as IN*ABC.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Accounts: invite, list, recover, disable, enable, role; providers.",
        no_args_is_help=True,
    )
    for command in (invite, recover, disable, enable, role):
        group.command(command.__name__)(command)
    group.command("list")(list_)
    group.command("add-provider")(add_provider)
    group.command("remove-provider")(remove_provider)
    app.add_typer(group, name="account")


def invite(
    login: Login,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.ADMIN,
    party: Party = None,
    days: Annotated[int, typer.Option(help="How long the link opens.", min=1, max=30)] = 7,
    json: Json = False,
) -> None:
    """Make a link with which somebody makes their account. It opens once: hand it over safely."""
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        secret = invitations.invite(
            connection, login=login, role=role, parties=party or (), valid_for=timedelta(days=days)
        )
        audit.record(
            connection, SYSTEM, "invited", f"login:{accounts.plain_login(login)}",
            role=role.value, parties=party or [],
        )  # fmt: skip
    _print_link(f"{settings.public_url}/portal/invitation/{secret}", login, json)


def recover(
    login: Login,
    forget_second_factor: Annotated[
        bool, typer.Option("--forget-second-factor", help="The phone is lost: set up a new one.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a link with which somebody chooses a new password."""
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        account = _get(connection, login)
        secret = invitations.offer_recovery(connection, account, forget_totp=forget_second_factor)
        audit.record(
            connection, SYSTEM, "recovery_offered", f"account:{account.id}",
            forget_totp=forget_second_factor,
        )  # fmt: skip
    _print_link(f"{settings.public_url}/portal/invitation/{secret}", login, json)


def disable(login: Login, json: Json = False) -> None:
    """Let somebody sign in no more; their sessions end now."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        account = _get(connection, login)
        accounts.disable(connection, account.id)
        audit.record(connection, SYSTEM, "account_disabled", f"account:{account.id}")
    print_json({"disabled": account.login}) if json else console.print(f"{account.login}: locked.")


def enable(login: Login, json: Json = False) -> None:
    """Let somebody sign in again."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        account = _get(connection, login)
        accounts.enable(connection, account.id)
        audit.record(connection, SYSTEM, "account_enabled", f"account:{account.id}")
    print_json({"enabled": account.login}) if json else console.print(f"{account.login}: open.")


def role(
    login: Login,
    new: Annotated[Role, typer.Argument(help="The new role.")],
    party: Party = None,
    json: Json = False,
) -> None:
    """Change what somebody may do, and for whom; they are signed out."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        account = _get(connection, login)
        accounts.change_role(connection, account.id, new, party or ())
        audit.record(
            connection, SYSTEM, "role_changed", f"account:{account.id}", before=account.role,
            after=new.value, parties=party or [],
        )  # fmt: skip
    if json:
        print_json({"login": account.login, "role": new, "parties": party or []})
    else:
        console.print(f"{account.login}: {new.value}.")


def list_(json: Json = False) -> None:
    """All accounts."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        found = accounts.list_accounts(connection)
    if json:
        print_json([_public(account) for account in found])
        return
    table = Table("login", "name", "role", "parties", "second factor", "last sign-in", "state")
    for account in found:
        table.add_row(
            escape(account.login), escape(account.name), account.role,
            ", ".join(account.parties) or "all", "yes" if account.totp_sealed else "no",
            str(account.last_sign_in_at or "never")[:16],
            "locked" if account.disabled_at else "open",
        )  # fmt: skip
    console.print(table)


def add_provider(
    name: Annotated[str, typer.Argument(help="Lower-case name, part of the redirect address.")],
    issuer: Annotated[str, typer.Option(help="The provider's issuer URL.")],
    client_id: Annotated[str, typer.Option(help="What the provider calls us.")],
    client_secret: Annotated[
        str | None, typer.Option(help="`-` to type it; none: a public client, by PKCE alone.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="What the button says.")] = None,
    strong: Annotated[
        list[str] | None, typer.Option(help="A value of acr or amr that means a second factor.")
    ] = None,
    allow_loopback: Annotated[
        bool, typer.Option("--allow-loopback", help="It runs on this machine.")
    ] = False,
    json: Json = False,
) -> None:
    """Let people sign in with an OpenID provider."""
    settings = settings_module.load()
    secret = read_secret(client_secret, "client secret")
    with connect(cluster.ensure(settings)) as connection:
        providers.add_provider(
            connection, name=name, label=label or name, issuer=issuer, client_id=client_id,
            client_secret=secret, key=load_key(settings), allow_loopback=allow_loopback,
            strong_values=tuple(strong or ()),
        )  # fmt: skip
        audit.record(connection, SYSTEM, "provider_added", f"provider:{name}", issuer=issuer)
    redirect = f"{settings.public_url}/portal/sign-in/with/{name}/callback"
    if json:
        print_json({"provider": name, "redirect_uri": redirect})
    else:
        console.print("Register this redirect address with the provider:")
        print(redirect)


def remove_provider(name: str, json: Json = False) -> None:
    """Let nobody sign in with it any more."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        providers.remove_provider(connection, name)
        audit.record(connection, SYSTEM, "provider_removed", f"provider:{name}")
    print_json({"removed": name}) if json else console.print(f"{name}: removed.")


def _get(connection: Connection, login: str) -> Account:
    found = accounts.find_account(connection, login)
    if found is None:
        raise NotFound(f"there is no account {login!r}; `nop account list` shows those there are")
    return found


def _print_link(link: str, login: str, json: bool) -> None:
    if json:
        print_json({"login": login, "link": link})
    else:
        console.print(f"Give this link to [bold]{escape(login)}[/]; it opens once:")
        print(link)


def _public(account: Account) -> dict[str, object]:
    return {
        "login": account.login,
        "name": account.name,
        "role": account.role,
        "parties": account.parties,
        "second_factor": account.totp_sealed is not None,
        "last_sign_in_at": account.last_sign_in_at,
        "disabled_at": account.disabled_at,
    }
