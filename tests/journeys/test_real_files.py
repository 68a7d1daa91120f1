"""Whole national files, odd as they are, end in the registry or in the report, by row and code."""

from __future__ import annotations

import csv
import gzip
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from psycopg import sql

from nop.replay import replay
from nop_ingest.files import statuses
from nop_ingest.files.errand import Errand
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import upload_file
from nop_registry.database import Connection
from nop_registry.store import source_parties, sources

DATA = Path(__file__).parents[3] / "shared/data"
POINTS = DATA / "fr/irve_static_2026-04.csv.gz"
DAY = DATA / "fr/irve_event_files_2026-08-22.tar"
LIST, LIST_AS_CSV = DATA / "in/EV_PCS_Data_29277.xlsx", DATA / "in/EV_PCS_Data_29277.csv.gz"
_STATUS = {"libre": "AVAILABLE", "occupe": "CHARGING", "reserve": "RESERVED", "inconnu": "UNKNOWN"}
_REPLAYED = 6  # of 115 files

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not DATA.exists(), reason="the real national files are not beside the checkout"
    ),
]
Take = Callable[..., UploadReport]


class Claim(NamedTuple):
    """What a file says of a point."""

    since: datetime
    status: str


@pytest.fixture
def take(connection: Connection) -> Take:
    """`take(file, country)`: commit it as the country's own source."""

    def begin(file: Path, country: str, *, commit: bool = True) -> UploadReport:
        name = f"list-{country.lower()}"
        with connection.transaction():
            if source_parties.find_owned(connection, name) is None:
                sources.add_source(connection, name=name, kind="upload", country_code=country)
            source = sources.get_source(connection, name)
        return upload_file(
            connection, source, file, file.name, Errand(country=country, commit=commit)
        )

    return begin


def test_all_french_points_and_a_morning_of_their_statuses(
    connection: Connection, take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statuses, "OLD", timedelta.max)  # of a day in August
    static = take(POINTS, "FR")
    assert (static.rows, static.rejected) == (63_120, 0)
    assert static.accepted + static.flagged == static.rows
    assert (static.locations.new, static.evses.new) == (14_459, 63_120)
    assert static.findings_by_code["coordinates-swapped"] == 27
    with gzip.open(POINTS, "rt", encoding="utf-8", newline="") as text:
        secrets = {row["num_pdl"] for row in csv.DictReader(text)}
    secrets = {secret for secret in secrets if len(secret) == 14 and secret.isdigit()}
    with connection.transaction():
        shown = {
            word
            for table in ("location", "evse")
            for (word,) in connection.execute(
                sql.SQL("SELECT (regexp_matches(t::text, '\\d{{14}}', 'g'))[1] FROM {} t").format(
                    sql.Identifier(table)
                )
            )
        }
    assert secrets and not secrets & shown

    morning, claims = tmp_path / "morning.tar", {}
    with tarfile.open(DAY) as day, tarfile.open(morning, "w") as cut:
        members = sorted((m for m in day if m.isfile()), key=lambda m: m.name)[:_REPLAYED]
        for member in reversed(members):  # the order in the archive is nobody's promise
            cut.addfile(member, day.extractfile(member))
        for member in members:
            claims |= _claims(day, member, claims)
    told: list[str] = []
    done = replay(morning, lambda file: take(file, "FR"), lambda one: told.append(one.filename))

    assert told == sorted(told) and len(told) == _REPLAYED
    assert done.rows == done.accepted + done.flagged + done.rejected
    assert done.rejected_by_code == {"evse-unknown": done.statuses.unknown}
    with connection.transaction():
        held = connection.execute(
            """SELECT e.evse_id_canonical, s.status::text, s.claimed_at
               FROM evse e JOIN evse_status s ON s.evse_id = e.id WHERE s.claimed_at < %s""",
            (datetime(2026, 8, 23, tzinfo=UTC),),
        ).fetchall()
    assert len(held) > 1500
    assert {point: Claim(at, status) for point, status, at in held} == {
        point: claim for point, claim in claims.items() if point in {row[0] for row in held}
    }
    with connection.transaction():
        live = connection.execute(
            """SELECT count(*), (SELECT sum(n_available + n_busy + n_out) FROM site_now)
               FROM evse_status_now WHERE NOT is_stale AND status <> 'UNKNOWN'"""
        ).fetchone()
    assert live == (0, 0)  # what was true in August is nobody's present


def _claims(
    day: tarfile.TarFile, member: tarfile.TarInfo, before: dict[str, Claim]
) -> dict[str, Claim]:
    """The newest claim of each point, reckoned without the platform."""
    newest = dict(before)
    stream = day.extractfile(member)
    assert stream is not None
    for row in csv.DictReader(gzip.decompress(stream.read()).decode().splitlines()):
        point, since = row["id_pdc_itinerance"], datetime.fromisoformat(row["horodatage"])
        out = row["etat_pdc"] == "hors_service"
        status = "OUTOFORDER" if out else _STATUS[row["occupation_pdc"]]
        if row["etat_pdc"] == "inconnu" and status == "AVAILABLE":
            status = "UNKNOWN"
        if point not in newest or since >= newest[point].since:
            newest[point] = Claim(since, status)
    return newest


def test_the_indian_list_leaves_out_what_it_cannot_place_and_says_why(take: Take) -> None:
    report = take(LIST, "IN", commit=False)
    assert (report.rows, report.locations.new, report.evses.new) == (39_640, 29_069, 40_139)
    assert report.rejected_by_code == {
        "longitude-equals-latitude": 104, "coordinates-outside-country": 12,
        "coordinate-unreadable": 1,
    }  # fmt: skip
    assert report.accepted + report.flagged == report.rows - 117
    wrong = [one for one in report.findings if one.severity.value == "ERROR"]
    assert len(wrong) == 117 and all(one.row and one.what_to_do for one in wrong)

    same = take(LIST_AS_CSV, "IN", commit=False)
    assert (same.locations, same.evses) == (report.locations, report.evses)
    assert same.rejected_by_code == report.rejected_by_code
