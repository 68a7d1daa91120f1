from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from nop.cli import build
from nop_graphql import schema


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(build(), ["sdl", *words])
    return result.exit_code, result.stdout


def test_the_committed_schema_is_the_schema_of_the_code() -> None:
    assert run("--check") == (0, "")


def test_the_schema_is_printed_as_text_and_as_json() -> None:
    code, text = run()
    _, as_json = run("--json")

    assert code == 0 and "type Query {" in text and "type Evse {" in text
    assert msgspec.json.decode(as_json) == {"sdl": text, "is_committed": True}


def test_a_difference_is_shown_and_exits_1_and_write_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = tmp_path / "schema.graphql"
    committed.write_text(schema.SDL_PATH.read_text().replace("type Evse {", "type Changed {"))
    monkeypatch.setattr(schema, "SDL_PATH", committed)

    code, text = run("--check")
    assert code == 1 and "+type Evse {" in text and "nop sdl --write" in text
    assert run("--write")[0] == run("--check")[0] == 0
