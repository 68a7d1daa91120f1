"""`nop sdl`: the text of the public GraphQL schema."""

from __future__ import annotations

import difflib
import json
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sdl")(sdl)


def sdl(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the committed file; 1 when it differs.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the committed file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Print the public GraphQL schema (SDL)."""
    # Here, because every other command would wait half a second for it.
    from nop_graphql.schema import SCHEMA, SDL_PATH

    text = SCHEMA.as_str() + "\n"
    if write:
        SDL_PATH.write_text(text, encoding="utf-8")
    committed = SDL_PATH.read_text(encoding="utf-8") if SDL_PATH.exists() else ""
    same = committed == text
    if as_json:
        print(json.dumps({"sdl": text, "is_committed": same}))
    elif check and not same:
        print("".join(_difference(committed, text)), end="")
        print(f"{SDL_PATH.name} is out of date: run `nop sdl --write` and commit it")
    elif not check and not write:
        print(text, end="")
    if check and not same:
        raise typer.Exit(1)


def _difference(committed: str, text: str) -> list[str]:
    return list(
        difflib.unified_diff(
            committed.splitlines(keepends=True), text.splitlines(keepends=True), "committed", "code"
        )
    )
