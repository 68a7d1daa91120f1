from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from nop_ingest.files.errand import Errand
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import UploadBusy, upload_file
from nop_registry.database import Connection, connect
from nop_registry.errors import InvalidInput
from nop_registry.store import deliveries, sources
from nop_registry.store.sources import Source

GOLDEN = Path(__file__).parents[1] / "golden"
LIST = GOLDEN / "bee_xlsx" / "list.xlsx"
STATIONS = GOLDEN / "nop_csv" / "stations.csv"
HEADER = "country_code,party_id,location_id,lat,lon,evse_uid,connector_id,standard,address\n"


@pytest.fixture
def source(connection: Connection) -> Source:
    with connection.transaction():
        return sources.add_source(connection, name="files", kind="upload", country_code="IN")


def upload(
    connection: Connection, source: Source, path: Path, commit: bool = True, **more: Any
) -> UploadReport:
    errand = Errand(country="IN", commit=commit, **more)
    return upload_file(connection, source, path, path.name, errand)


def count(connection: Connection, table: str) -> int:
    with connection.transaction():
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        ).fetchone()
    return row[0] if row else 0


def held(connection: Connection) -> list[tuple[Any, ...]]:
    """Everything that a commit may write about Locations, without moments."""
    with connection.transaction():
        return connection.execute(
            """SELECT l.id, l.version, l.content_hash, e.id, e.content_hash, c.position, c.standard
               FROM location l JOIN evse e ON e.location_id = l.id
               JOIN connector c ON c.evse_id = e.id ORDER BY 1, 4, 6"""
        ).fetchall()


def stations(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "\n".join(rows))
    return path


def row(location: int, evse: int = 1, standard: str = "IEC_62196_T2", address: str = "Road") -> str:
    return f"IN,ABC,L{location},28.61{location},77.21{location},E{evse},1,{standard},{address}"


@pytest.mark.parametrize("path", [LIST, STATIONS], ids=lambda path: path.name)
def test_accepted_flagged_and_rejected_rows_sum_to_the_rows_by_code(
    path: Path, connection: Connection, source: Source
) -> None:
    report = upload(connection, source, path, commit=False)

    assert report.rows == {LIST: 17, STATIONS: 7}[path]
    assert report.accepted + report.flagged + report.rejected == report.rows
    assert sum(report.flagged_by_code.values()) == report.flagged > 0
    assert sum(report.rejected_by_code.values()) == report.rejected > 0
    assert sum(report.findings_by_code.values()) == len(report.findings)


def test_a_finding_tells_row_column_value_and_what_to_do(
    connection: Connection, source: Source
) -> None:
    report = upload(connection, source, LIST, commit=False)
    finding = next(f for f in report.findings if f.code == "longitude-equals-latitude")

    assert (finding.row, finding.column, finding.value) == (6, "Longitude", "28.123456")
    assert "Enter the real longitude" in finding.message
    # What the steps after parsing find carries the column's name too, not a path in our record.
    unknown = next(f for f in report.findings if f.code == "connector-standard-unknown")
    assert (unknown.row, unknown.column) == (10, "Types of Chargers Installed/ Connector")


def test_a_preview_changes_nothing_and_foretells_the_commit(
    connection: Connection, source: Source
) -> None:
    preview = upload(connection, source, LIST, commit=False)
    empty = held(connection)
    done = upload(connection, source, LIST)

    assert preview.state == "preview" and done.state == "committed"
    assert empty == [] and count(connection, "change") > 0
    assert preview.locations == done.locations and preview.evses == done.evses
    assert (done.locations.new, done.evses.new) == (
        count(connection, "location"),
        count(connection, "evse"),
    )
    assert count(connection, "site") == done.locations.new


def test_the_same_file_again_does_nothing(connection: Connection, source: Source) -> None:
    first = upload(connection, source, LIST)
    before = held(connection)
    again = upload(connection, source, LIST)

    assert (again.state, again.version) == ("already-committed", first.version)
    assert held(connection) == before
    assert count(connection, "delivery") == 1


def test_the_same_rows_in_another_file_change_nothing(
    connection: Connection, source: Source
) -> None:
    upload(connection, source, LIST)
    before = held(connection)
    report = upload(connection, source, LIST.with_suffix(".csv"))

    assert (report.locations.new, report.locations.changed, report.evses.changed) == (0, 0, 0)
    assert report.locations.unchanged == len({r[0] for r in before})
    assert held(connection) == before


def test_a_later_file_tells_new_changed_unchanged_and_missing(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    upload(connection, source, stations(tmp_path / "a.csv", *(row(n) for n in range(1, 7))))
    later = stations(
        tmp_path / "b.csv",
        *(row(n) for n in range(2, 6)), row(6, standard="CHADEMO"), row(7), row(2, evse=2),
    )  # fmt: skip
    preview = upload(connection, source, later, commit=False)
    report = upload(connection, source, later)

    assert report.locations == preview.locations
    assert (report.locations.new, report.locations.changed) == (1, 2)
    assert (report.locations.unchanged, report.locations.missing) == (3, 1)
    assert (report.evses.new, report.evses.changed) == (2, 1)
    assert (report.evses.unchanged, report.evses.missing) == (4, 1)


def test_a_row_that_turned_bad_keeps_its_last_good_version(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    upload(connection, source, stations(tmp_path / "a.csv", row(1), row(1, evse=2), row(2)))
    bad = [row(1), row(1, evse=2).replace("28.61", "?"), row(2).replace("28.61", "?")]
    report = upload(connection, source, stations(tmp_path / "b.csv", *bad))

    assert (report.accepted + report.flagged, report.rejected) == (1, 2)
    assert report.locations.missing == report.evses.missing == 0
    with connection.transaction():
        live = connection.execute("SELECT count(*) FROM evse WHERE retired_at IS NULL").fetchone()
        missing = connection.execute(
            "SELECT count(*) FROM location WHERE missing_since IS NOT NULL"
        ).fetchone()
    assert (live, missing) == ((3,), (0,))


def test_a_row_whose_uid_is_mended_is_not_told_to_be_rejected(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    odd = [row(1).replace("E1", "E  1"), row(2).replace("E1", "E&amp;1")]
    report = upload(connection, source, stations(tmp_path / "a.csv", *odd))

    assert (report.rows, report.rejected) == (2, 0)
    assert count(connection, "evse") == 2


def test_a_row_that_is_gone_takes_its_evse_with_it(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    upload(connection, source, stations(tmp_path / "a.csv", row(1), row(1, evse=2)))
    report = upload(connection, source, stations(tmp_path / "b.csv", row(1)))

    assert report.evses.missing == 1 and report.locations.missing == 0


def test_mass_removal_waits_for_a_person(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    upload(connection, source, stations(tmp_path / "a.csv", *(row(n) for n in range(1, 30))))
    small = stations(tmp_path / "b.csv", row(1), row(99))
    report = upload(connection, source, small)
    held_source = sources.get_source(connection, "files")
    sources.release_source(connection, "files", accept_removal=True)
    connection.commit()
    approved = upload(connection, sources.get_source(connection, "files"), small)

    assert report.state == "held" and held_source.state == "held"
    assert "nop source release files --accept-removal" in (report.message or "")
    assert report.locations.new == 1 and report.locations.missing == 28
    assert approved.state == "committed"
    assert connection.execute("SELECT count(*) FROM site").fetchone() == (2,)


def test_a_file_of_bad_rows_only_is_refused_and_changes_nothing(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    upload(connection, source, stations(tmp_path / "a.csv", row(1)))
    before = held(connection)
    report = upload(connection, source, stations(tmp_path / "b.csv", row(1).replace("28.6", "?")))

    assert (report.state, report.rejected) == ("refused", 1)
    assert held(connection) == before
    assert sources.get_source(connection, "files").state == "active"
    connection.commit()


def test_a_refused_file_was_never_sent(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    """Its successor is compared with its predecessor; what it was told stands."""
    upload(connection, source, stations(tmp_path / "a.csv", row(1), row(2)))
    before = sent(connection)
    bad = [row(n).replace(f"28.61{n}", "0").replace(f"77.21{n}", "0") for n in (1, 3)]
    report = upload(connection, source, stations(tmp_path / "b.csv", *bad))

    assert report.state == "refused" and count(connection, "finding") > 0
    assert sent(connection) == before
    again = upload(connection, source, stations(tmp_path / "c.csv", row(2), row(1)))
    assert (again.locations.unchanged, again.locations.missing) == (2, 0)


def sent(connection: Connection) -> list[tuple[Any, ...]]:
    with connection.transaction():
        return connection.execute(
            "SELECT id, digest, rejected, missing_pulls FROM source_object ORDER BY id"
        ).fetchall()


def test_rows_that_name_no_location_may_be_what_is_missing(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    """Nothing is retired by a file with such rows, however often it comes."""
    rows = [row(n) for n in range(1, 5)]
    upload(connection, source, stations(tmp_path / "a.csv", *rows))
    rows[3] = rows[3].replace("L4", "")
    for name in ("b", "c", "d"):
        report = upload(
            connection, source, stations(tmp_path / f"{name}.csv", *rows, row(5, ord(name)))
        )
    assert report.state == "committed" and report.locations.missing == 1
    assert "1 refused rows name no object" in (report.message or "")
    with connection.transaction():
        left = "SELECT ocpi_id FROM location WHERE retired_at IS NULL AND missing_since IS NOT NULL"
        assert connection.execute(left).fetchall() == [("L4",)]


def test_a_file_that_cannot_be_read_is_remembered_as_failed(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")

    with pytest.raises(InvalidInput, match=r"known formats.*nop_csv"):
        upload(connection, source, path)
    with connection.transaction():
        found = connection.execute("SELECT state, error FROM delivery").fetchone()
    assert found is not None and found[0] == "failed" and "known formats" in found[1]


@pytest.mark.parametrize(("content", "reason"), [("", "empty"), (HEADER, "no rows below")])
def test_an_empty_file_never_empties_a_register(
    content: str, reason: str, connection: Connection, source: Source, tmp_path: Path
) -> None:
    upload(connection, source, stations(tmp_path / "a.csv", row(1)))
    (tmp_path / "b.csv").write_text(content)

    with pytest.raises(InvalidInput, match=reason):
        upload(connection, source, tmp_path / "b.csv")
    assert len(held(connection)) == 1


def test_an_oversized_file_is_refused_unread(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate((1 << 30) + 1)

    with pytest.raises(InvalidInput, match="1024 MiB are allowed"):
        upload(connection, source, huge)
    assert count(connection, "delivery") == 0


def test_two_files_of_one_source_are_not_read_at_once(
    connection: Connection, database_url: str, source: Source
) -> None:
    with connect(database_url) as other:
        deliveries.lock_source(other, source.id, "upload")
        with pytest.raises(UploadBusy, match="another file of files"):
            upload(connection, source, LIST)
        deliveries.unlock_source(other, source.id, "upload")

    assert upload(connection, source, LIST).state == "committed"


def test_an_ocpi_source_takes_no_files(connection: Connection) -> None:
    with connection.transaction():
        ocpi = sources.add_source(
            connection, name="cpo", kind="ocpi", country_code="IN", versions_url="https://a.example"
        )

    with pytest.raises(InvalidInput, match="nop pull cpo"):
        upload(connection, ocpi, LIST)


def test_findings_of_refused_rows_stand_until_the_next_file(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    bad = row(2).replace("28.61", "?")
    upload(connection, source, stations(tmp_path / "a.csv", row(1), bad))
    upload(connection, source, stations(tmp_path / "b.csv", row(1), row(3), "", bad))
    with connection.transaction():
        rows = connection.execute(
            "SELECT row_no, path, code FROM finding WHERE outcome = 'rejected'"
        ).fetchall()

    assert rows == [(4, "lat", "cell-unusable")]


def test_progress_goes_from_reading_to_the_end(connection: Connection, source: Source) -> None:
    said: list[tuple[str, int, int | None]] = []
    upload_file(
        connection, source, LIST, LIST.name, Errand(country="IN"),
        progress=lambda stage, done, total: said.append((stage, done, total)),
    )  # fmt: skip

    assert said[0] == ("reading", 0, None)
    assert said[-1][0] == "checking" and said[-1][1] == said[-1][2]
