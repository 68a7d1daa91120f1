from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from nop.cli import build
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.store import sources

LIST = Path(__file__).parents[1] / "golden" / "bee_xlsx" / "list.xlsx"


@pytest.fixture(autouse=True)
def _environment(
    database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOP_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    with connection.transaction():
        sources.add_source(connection, name="files", kind="upload", country_code="IN")


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(build(), words, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def test_an_upload_is_a_preview_until_it_is_committed() -> None:
    preview = msgspec.json.decode(run("upload", str(LIST), "--source", "files", "--json").stdout)
    told = run("upload", str(LIST), "--source", "files", "--commit").stdout
    again = run("upload", str(LIST), "--source", "files", "--commit").stdout

    assert preview["state"] == "preview" and preview["rows"] == 17
    assert "rejected" in told and "longitude-equals-latitude 1" in told
    assert "Nothing to do: this file was committed as upload" in again


def test_the_whole_report_is_written_without_formulas(tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    run("upload", str(LIST), "--source", "files", "--report", str(report))
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    assert {"row", "column", "value", "code", "severity", "message"} == set(rows[0])
    assert any(row["code"] == "coordinate-unreadable" and row["row"] == "7" for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_file_of_bad_rows_only_ends_with_exit_code_1(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    header, example, _ = run("upload", "--template").stdout.splitlines()
    bad.write_text(f"{header}\n{example.replace('28.613939', 'x')}\n")

    assert "refused" in run("upload", str(bad), "--source", "files", "--commit", code=1).stdout


def test_a_missing_file_source_or_name_says_what_to_do() -> None:
    for words, error, text in (
        (("upload",), InvalidInput, "--source NAME"),
        (("upload", "nowhere.csv", "--source", "files"), InvalidInput, "no file nowhere.csv"),
        (("upload", str(LIST), "--source", "unheard-of"), NotFound, "nop source list"),
    ):
        with pytest.raises(error, match=text):
            run(*words)


def test_a_key_is_shown_once_listed_and_revoked() -> None:
    made = msgspec.json.decode(
        run("key", "add", "Asha", "--scope", "upload", "--source", "files",
            "--expires-days", "30", "--json").stdout
    )  # fmt: skip
    listed = run("key", "list", "--json").stdout
    run("key", "revoke", made["prefix"])
    after = msgspec.json.decode(run("key", "list", "--json").stdout)

    assert made["key"].startswith(made["prefix"]) and made["key"] not in listed
    assert msgspec.json.decode(listed)[0]["state"] == "valid"
    assert (after[0]["source"], after[0]["state"]) == ("files", "revoked")


def test_a_key_of_an_unknown_source_is_not_made() -> None:
    with pytest.raises(NotFound, match="unheard-of"):
        run("key", "add", "Asha", "--scope", "upload", "--source", "unheard-of")
    assert msgspec.json.decode(run("key", "list", "--json").stdout) == []
