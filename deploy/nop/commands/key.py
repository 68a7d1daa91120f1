"""`nop key`: API keys of machines that upload."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from nop import cluster
from nop.output import Json, console, print_json
from nop_registry import settings as settings_module
from nop_registry.access import SYSTEM, Scope, make_key
from nop_registry.database import connect
from nop_registry.store import api_keys, audit, sources
from nop_registry.store.api_keys import ApiKey, state_of
from nop_registry.store.peer_parties import parse_binding


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="API keys: add, list, rotate, revoke.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("rotate")(rotate)
    group.command("revoke")(revoke)
    app.add_typer(group, name="key")


def add(
    name: Annotated[str, typer.Argument(help="Whose key it is, for people.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may be used for.")],
    source: Annotated[str | None, typer.Option(help="The only source it may write.")] = None,
    party: Annotated[
        list[str] | None, typer.Option(help="Whose data it may write: IN*ABC, or FR*.")
    ] = None,
    expires_days: Annotated[
        int | None, typer.Option(help="Days until it becomes invalid.", min=1, max=3650)
    ] = None,
    json: Json = False,
) -> None:
    """Make a key. It is shown now and never again."""
    made = make_key()
    expires_at = datetime.now(UTC) + timedelta(days=expires_days) if expires_days else None
    parties = ["*".join(parse_binding(text)) for text in party] if party else None
    with connect(cluster.ensure(settings_module.load())) as connection:
        api_keys.add_key(
            connection,
            name=name,
            prefix=made.prefix,
            digest=made.digest,
            scopes=sorted(set(scope)),
            source_id=sources.get_source(connection, source).id if source else None,
            expires_at=expires_at,
            parties=parties,
        )
        audit.record(
            connection, SYSTEM, "key_made", f"key:{made.prefix}", scopes=sorted(set(scope)),
            source=source, parties=parties,
        )  # fmt: skip
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
    table = Table("key", "name", "scopes", "source", "parties", "expires", "last used", "state")
    for key in keys:
        parties = "any" if key.parties is None else ", ".join(key.parties)
        table.add_row(
            f"{key.prefix}…", key.name, ", ".join(key.scopes), key.source_name or "any", parties,
            str(key.expires_at or "never")[:10], str(key.last_used_at or "never")[:16],
            state_of(key),
        )  # fmt: skip
    console.print(table)


def rotate(
    prefix: Annotated[str, typer.Argument(help="The key's beginning, as `nop key list` shows it.")],
    overlap_hours: Annotated[
        float, typer.Option(help="How long the old key stays valid.", min=0, max=24)
    ] = 24,
    json: Json = False,
) -> None:
    """Make a new key with the same rights; the old one ends after the overlap."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        old = prefix.removesuffix("…")
        made = api_keys.rotate_key(connection, old, overlap=timedelta(hours=overlap_hours))
        audit.record(
            connection, SYSTEM, "key_rotated", f"key:{old}", new=made.prefix,
            overlap_h=overlap_hours,
        )  # fmt: skip
    if json:
        print_json({"key": made.key, "prefix": made.prefix, "replaces": old})
    else:
        console.print(
            f"The new key, shown only now; the old one is valid {overlap_hours:g} h more:"
        )
        print(made.key)


def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's beginning, as `nop key list` shows it.")],
    json: Json = False,
) -> None:
    """Make a key invalid at once and for ever."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        api_keys.revoke_key(connection, prefix.removesuffix("…"))
        audit.record(connection, SYSTEM, "key_revoked", f"key:{prefix.removesuffix('…')}")
    if json:
        print_json({"revoked": prefix})
    else:
        console.print(f"Key [bold]{prefix}[/] is revoked.")


def _public(key: ApiKey) -> dict[str, object]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": key.scopes,
        "source": key.source_name,
        "parties": key.parties,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "state": state_of(key),
    }
