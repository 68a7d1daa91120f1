from __future__ import annotations

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from nop import cli
from nop.commands import pull
from nop_ingest.pull import ModuleReport, PullReport
from nop_ingest.tally import Tally
from nop_registry.database import Connection

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
