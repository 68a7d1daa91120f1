from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from nop_ingest.files import parsed_files
from nop_ingest.files.errand import Errand
from nop_ingest.files.parsed_files import ParsedFiles
from nop_ingest.sandbox import ParsedFile, parsed_in_child
from nop_ingest.uploads import upload_file
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import sources

STATIONS = Path(__file__).parents[2] / "golden/nop_csv/stations.csv"


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files for which a child was started."""
    started: list[str] = []

    def parse(path: Path, filename: str) -> ParsedFile:
        started.append(filename)
        return parsed_in_child(path, filename)

    monkeypatch.setattr(parsed_files, "parsed_in_child", parse)
    return started


def read(files: ParsedFiles, path: Path, name: str, *, keep: bool) -> int:
    with files.open(path, name, hashlib.sha256(path.read_bytes()).digest(), keep=keep) as parsed:
        return len(list(parsed))


def test_a_commit_takes_what_its_preview_parsed(connection: Connection, parses: list[str]) -> None:
    with connection.transaction():
        source = sources.add_source(connection, name="files", kind="upload", country_code="IN")
    files = ParsedFiles()

    preview, done = (
        upload_file(
            connection, source, STATIONS, "a.csv", Errand(country="IN", commit=commit),
            parsed_files=files,
        )
        for commit in (False, True)
    )  # fmt: skip

    assert parses == ["a.csv"]
    assert (done.state, done.rows, done.locations) == ("committed", preview.rows, preview.locations)
    assert done.findings == preview.findings


def test_another_file_or_name_is_parsed_by_itself(tmp_path: Path, parses: list[str]) -> None:
    files, other = ParsedFiles(), tmp_path / "a.csv"
    other.write_bytes(STATIONS.read_bytes() + b"\n")

    read(files, STATIONS, "a.csv", keep=True)
    read(files, STATIONS, "b.csv", keep=True)
    read(files, other, "a.csv", keep=True)
    read(files, STATIONS, "a.csv", keep=False)
    assert parses == ["a.csv", "b.csv", "a.csv"]
    read(files, STATIONS, "a.csv", keep=False)
    assert len(parses) == 4  # a commit took it


def test_no_more_is_kept_than_may_be_and_nothing_that_failed(
    tmp_path: Path, parses: list[str]
) -> None:
    with parsed_in_child(STATIONS, "a.csv") as parsed:
        room = parsed.size
    files, empty = ParsedFiles(most_bytes=room), tmp_path / "empty.csv"
    empty.write_text("country_code,party_id,location_id\n")

    read(files, STATIONS, "a.csv", keep=True)
    read(files, STATIONS, "b.csv", keep=True)
    for name in ("b.csv", "a.csv"):
        read(files, STATIONS, name, keep=False)
    assert parses == ["a.csv", "b.csv", "a.csv"]
    for _ in range(2):
        with pytest.raises(InvalidInput):
            read(files, empty, "empty.csv", keep=True)
    assert parses[3:] == ["empty.csv"] * 2
