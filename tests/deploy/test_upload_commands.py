from __future__ import annotations

import csv
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from click.testing import Result
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient
from typer.testing import CliRunner

from nop import sending, upload_jobs
from nop.cli import build
from nop_ingest import upload_api
from nop_ingest.upload_report import FINDING_COLUMNS
from nop_registry import settings
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

    assert set(FINDING_COLUMNS) == set(rows[0])
    assert any(row["code"] == "coordinate-unreadable" and row["row"] == "7" for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_file_of_bad_rows_only_ends_with_exit_code_1(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    header, example, *_ = run("upload", "--template", "csv").stdout.splitlines()
    bad.write_text(f"{header}\n{example.replace('28.613939', 'x')}\n")

    assert "refused" in run("upload", str(bad), "--source", "files", "--commit", code=1).stdout


def test_the_files_of_a_tar_are_taken_by_name_and_a_broken_one_stops_it(
    tmp_path: Path, connection: Connection
) -> None:
    table = run("upload", "--template", "csv").stdout
    texts = {"b.csv": table.replace("28.613939", "28.5"), "a.csv": table, "._a.csv": "x"}
    for name, text in [*texts.items(), ("c.csv", "nothing of ours\n")]:
        (tmp_path / name).write_text(text)

    def pack(name: str, *members: str) -> str:
        with tarfile.open(tmp_path / name, "w") as archive:
            for member in members:
                archive.add(tmp_path / member, f"day/{member}")
        return str(tmp_path / name)

    day = pack("day.tar", "b.csv", "._a.csv", "a.csv")
    told = run("upload", day, "--source", "files", "--commit").stdout
    again = msgspec.json.decode(run("upload", day, "--source", "files", "--json").stdout)
    assert told.index("a.csv · committed") < told.index("b.csv · committed")
    lats = connection.execute("SELECT lat FROM location WHERE lat = 28.5").fetchall()
    assert len(lats) == 1  # what the last file says stands
    connection.commit()
    assert [one["filename"] for one in again["files"]] == ["a.csv", "b.csv"]
    assert again["rows"] == sum(one["rows"] for one in again["files"]) > 0

    with pytest.raises(InvalidInput, match=r"stopped at c\.csv, after 1 files: .*known formats"):
        run("upload", pack("odd.tar", "c.csv", "a.csv"), "--source", "files")
    (tmp_path / "cut.tar").write_bytes(b"no tar at all")
    for name, sentence in (("cut.tar", "damaged"), (pack("none.tar", "._a.csv"), "no file")):
        with pytest.raises(InvalidInput, match=sentence):
            run("upload", str(tmp_path / name), "--source", "files")
    with pytest.raises(InvalidInput, match="for one file"):
        run("upload", day, "--source", "files", "--report", str(tmp_path / "report.csv"))


def test_a_missing_file_source_or_name_says_what_to_do() -> None:
    for words, error, text in (
        (("upload",), InvalidInput, "--source NAME"),
        (("upload", "nowhere.csv", "--source", "files"), InvalidInput, "no file nowhere.csv"),
        (("upload", str(LIST), "--source", "unheard-of"), NotFound, "nop source list"),
    ):
        with pytest.raises(error, match=text):
            run(*words)


def test_a_file_is_sent_to_another_platform_and_goes_on_after_a_cut(
    tmp_path: Path, database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = msgspec.json.decode(
        run("key", "add", "Asha", "--scope", "upload", "--source", "files", "--json").stdout
    )
    server = Platform(database_url)
    monkeypatch.setattr(sending.httpx2, "Client", server.client)
    monkeypatch.setattr(sending, "time", SimpleNamespace(sleep=lambda seconds: server.work()))
    monkeypatch.setattr(sending, "_PIECE", 1000)
    monkeypatch.setenv("NOP_KEY", made["key"])
    report = tmp_path / "report.csv"
    told = run("upload", str(LIST), "--url", "http://platform.example", "--commit", "--json",
               "--report", str(report)).stdout  # fmt: skip

    assert server.cut == 1
    assert msgspec.json.decode(told)["state"] == "committed"
    assert connection.execute("SELECT size FROM upload").fetchone() == (LIST.stat().st_size,)
    assert report.read_text("utf-8-sig").startswith("row,column")
    monkeypatch.setenv("NOP_KEY", "nopk_" + "a" * 43)
    with pytest.raises(sending.SendingFailed, match="401"):
        run("upload", str(LIST), "--url", "http://platform.example")


def test_a_sender_that_was_killed_goes_on_with_its_file_when_it_is_run_again(
    database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = msgspec.json.decode(
        run("key", "add", "Asha", "--scope", "upload", "--source", "files", "--json").stdout
    )
    server = Platform(database_url)
    monkeypatch.setattr(sending.httpx2, "Client", server.client)
    monkeypatch.setattr(sending, "time", SimpleNamespace(sleep=lambda seconds: server.work()))
    monkeypatch.setattr(sending, "_PIECE", 1000)
    errand = sending.Errand("http://a.example", made["key"], None, commit=True, whole=True)

    def killed(stage: str, done: int, total: int | None) -> None:
        assert done < 2000, "killed"

    with pytest.raises(AssertionError, match="killed"):
        sending.send(errand, LIST, None, killed)
    seen: list[int] = []
    report = sending.send(errand, LIST, None, lambda stage, done, total: seen.append(done))

    assert report.state == "committed" and min(seen[0], LIST.stat().st_size) >= 3000
    assert connection.execute("SELECT count(*) FROM upload").fetchone() == (1,)
    again = sending.send(errand, LIST, None, lambda stage, done, total: None)
    assert again.state == "already-committed"


class Platform:
    """Another installation: the answer to the third piece is lost, the fourth comes too soon."""

    def __init__(self, database_url: str) -> None:
        state = State({"pool": SimpleNamespace(conninfo=database_url)})
        self.app = Litestar(route_handlers=upload_api.ROUTES, state=state, openapi_config=None)
        self.url = database_url
        self.pieces = self.cut = 0

    def client(self, **given: Any) -> Any:
        opened = TestClient(self.app)
        opened.headers.update(given["headers"])
        patch = opened.patch

        def lossy_patch(*words: Any, **more: Any) -> Any:
            self.pieces += 1
            if self.pieces == 4:
                return SimpleNamespace(status_code=429)
            answer = patch(*words, **more)
            if self.pieces == 3:
                self.cut += 1
                raise sending.httpx2.ReadError("cut")
            return answer

        opened.patch = lossy_patch  # type: ignore[method-assign]
        return opened

    def work(self) -> None:
        upload_jobs.work_off_source(self.url, settings.load({}), 1)


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


def test_templates_guide_and_schema_are_printed() -> None:
    for kind in ("csv", "geojson", "json"):
        assert "Market Square" in run("upload", "--template", kind).stdout
    assert run("upload", "--template", "xlsx").stdout_bytes.startswith(b"PK")
    assert "| evse_uid | yes |" in run("upload", "--guide").stdout
    schema = msgspec.json.decode(run("upload", "--schema").stdout)
    assert schema["$defs"]["LocationRecord"]["properties"]["name"]["description"]
    with pytest.raises(NotFound, match="csv, xlsx, geojson, json"):
        run("upload", "--template", "pdf")
