"""What goes wrong is told in a line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from nop import cli
from nop_registry.database import Connection


def run(*words: str, monkeypatch: pytest.MonkeyPatch, home: Path, url: str) -> int:
    monkeypatch.setenv("NOP_DATABASE_URL", url)
    monkeypatch.setenv("NOP_HOME", str(home))
    monkeypatch.setattr("sys.argv", ["nop", *words])
    monkeypatch.setattr("nop.cli.logs.configure", lambda: None)  # for the whole process
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_without_a_database_no_command_ends_in_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://nop@127.0.0.1:1/nop"
    assert run("account", "list", monkeypatch=monkeypatch, home=tmp_path, url=url) == 1
    told = capsys.readouterr().err
    assert "the database cannot be reached" in told and told.count("\n") == 1


def test_a_database_without_our_tables_is_told_how_it_gets_them(
    connection: Connection,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    connection.execute("ALTER TABLE account RENAME TO account_of_another_program")
    connection.commit()
    assert run("account", "list", monkeypatch=monkeypatch, home=tmp_path, url=database_url) == 1
    assert "`nop migrate`" in capsys.readouterr().err
