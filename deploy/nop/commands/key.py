"""`nop key`: API keys of machines that upload."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from nop import cluster
from nop.output import Json, console, print_json
from nop_registry import settings as settings_module
from nop_registry.access import Scope, make_key
from nop_registry.database import connect
from nop_registry.store import api_keys, sources
from nop_registry.store.api_keys import ApiKey


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="API keys: add, list, revoke.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("revoke")(revoke)
    app.add_typer(group, name="key")


def add(
    name: Annotated[str, typer.Argument(help="Whose key it is, for people.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may be used for.")],
    source: Annotated[str | None, typer.Option(help="The only source it may write.")] = None,
    expires_days: Annotated[
        int | None, typer.Option(help="Days until it becomes invalid.", min=1, max=3650)
    ] = None,
    json: Json = False,
) -> None:
    """Make a key. It is shown now and never again."""
    made = make_key()
    expires_at = datetime.now(UTC) + timedelta(days=expires_days) if expires_days else None
    with connect(cluster.ensure(settings_module.load())) as connection:
        api_keys.add_key(
            connection,
            name=name,
            prefix=made.prefix,
            digest=made.digest,
            scopes=sorted(set(scope)),
            source_id=sources.get_source(connection, source).id if source else None,
            expires_at=expires_at,
        )
    if json:
        print_json({"key": made.key, "prefix": made.prefix, "expires_at": expires_at})
    else:
        console.print(f"Key of [bold]{name}[/], shown only now:")
        print(made.key)


def list_(json: Json = False) -> None:
    """All keys, without their secret part."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        keys = api_keys.list_keys(connection)
    if json:
        print_json([_public(key) for key in keys])
        return
    table = Table("key", "name", "scopes", "source", "expires", "last used", "state")
    for key in keys:
        table.add_row(
            f"{key.prefix}…", key.name, ", ".join(key.scopes), key.source_name or "any",
            str(key.expires_at or "never")[:10], str(key.last_used_at or "never")[:16], _state(key),
        )  # fmt: skip
    console.print(table)


def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's beginning, as `nop key list` shows it.")],
    json: Json = False,
) -> None:
    """Make a key invalid at once and for ever."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        api_keys.revoke_key(connection, prefix.removesuffix("…"))
    if json:
        print_json({"revoked": prefix})
    else:
        console.print(f"Key [bold]{prefix}[/] is revoked.")


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= datetime.now(UTC) else "valid"


def _public(key: ApiKey) -> dict[str, object]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": key.scopes,
        "source": key.source_name,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "state": _state(key),
    }
