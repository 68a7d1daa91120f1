from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from nop import cli
from nop.commands import pull
from nop_ingest.pull import ModuleReport, PullReport
from nop_ingest.tally import Tally
from nop_registry.database import Connection
from nop_registry.store import sources

ODD = "The peer answered OCPI status 2000 (HTTP 200): [/v1] no [such] page"


def test_an_operators_words_are_listed_as_they_are(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOP_DATABASE_URL", database_url)
    connection.execute(
        """INSERT INTO source (name, kind, country_code, last_error, failures)
           VALUES ('odd', 'ocpi', 'IN', '[/v1] no', 1)"""
    )
    connection.commit()
    done = CliRunner().invoke(cli.build(), ["source", "list"], env={"COLUMNS": "200"})
    assert (done.exit_code, "[/v1] no" in done.output) == (0, True)


def test_the_reason_of_a_failed_pull_is_printed_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = ModuleReport("locations", "full", "failed", 1, 0, 0, None, 0.1, Tally(), ODD)
    pull._print(PullReport("odd", "2.2.1", datetime.now(UTC), [module]))
    assert ODD in capsys.readouterr().out.replace("\n", " ")


@pytest.fixture
def nop(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run a command on this test's database."""
    monkeypatch.setenv("NOP_DATABASE_URL", database_url)
    monkeypatch.setenv("NOP_HOME", str(tmp_path))
    connection.commit()
    return lambda *words: CliRunner().invoke(cli.build(), list(words), env={"COLUMNS": "200"})


def test_an_open_feed_is_added_by_the_urls_of_its_lists(
    connection: Connection, nop: Callable[..., Result]
) -> None:
    """P22: neither versions nor token."""
    urls = {"locations": "https://a.example/l.json", "tariffs": "https://a.example/t.json"}
    done = nop("source", "add", "open", "--ocpi-locations", urls["locations"],
               "--ocpi-tariffs", urls["tariffs"])  # fmt: skip
    assert done.exit_code == 0, done.output
    source = sources.get_source(connection, "open")
    assert (source.versions_url, source.token_sealed, source.module_urls) == (None, None, urls)


@pytest.mark.parametrize(
    "options",
    [[], ["--ocpi-tariffs", "https://a.example/t"],
     ["--ocpi", "https://a.example", "--ocpi-locations", "https://a.example/l"],
     ["--ocpi", "https://a.example", "--party", "nobody"]],
)  # fmt: skip
def test_a_source_needs_one_address(
    connection: Connection, nop: Callable[..., Result], options: list[str]
) -> None:
    done = nop("source", "add", "bad", *options)
    assert done.exit_code != 0
    assert connection.execute("SELECT count(*) FROM source").fetchone() == (0,)


def test_quirks_are_listed_set_and_forgotten(
    connection: Connection, nop: Callable[..., Result]
) -> None:
    """VE-3, VE-8, RT-3: what was found by itself, and what a person decides."""
    nop("source", "add", "odd", "--ocpi", "https://a.example/versions", "--party", "in-tpc")
    connection.execute("""UPDATE source SET quirks = quirks || '{"token_encoding": "raw"}'""")
    connection.commit()
    done = nop("source", "quirks", "odd", "--set", "version=2.1.1", "--set", "routing=party",
               "--forget", "token_encoding")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert sources.get_source(connection, "odd").quirks == {
        "party": "IN*TPC", "routing": "party", "version": "2.1.1"
    }  # fmt: skip
    listed = json.loads(nop("source", "quirks", "odd", "--json").output)
    assert [(q["name"], q["found"]) for q in listed] == [
        ("routing", True), ("party", False), ("version", False)
    ]  # fmt: skip
    assert "first CPO" in nop("source", "quirks", "odd").output
    assert nop("source", "quirks", "odd", "--forget", "nothing").exit_code != 0


def test_what_is_in_quarantine_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """PU-11."""
    tally = Tally(objects=3, quarantined=3, quarantine={"IN*XYZ": 3})
    module = ModuleReport("locations", "full", "complete", 1, 1, 9, 3, 0.1, tally, None, ["a note"])
    pull._print(PullReport("odd", "2.2.1", datetime.now(UTC), [module]))
    said = capsys.readouterr().out
    assert "IN*XYZ 3" in said and "locations: a note" in said


def test_how_long_a_source_is_believed_is_a_persons_decision(
    connection: Connection, nop: Callable[..., Result]
) -> None:
    nop("source", "add", "files", "--upload")
    connection.execute("UPDATE source SET seen_at = now() - interval '1 hour'")
    connection.commit()
    stale = "SELECT is_stale FROM source_now"
    assert connection.execute(stale).fetchone() == (True,)
    assert nop("source", "believe", "files", "90").exit_code == 0
    connection.commit()
    assert connection.execute(stale).fetchone() == (False,)
    assert nop("source", "believe", "files", "1").exit_code == 2
