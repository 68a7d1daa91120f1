"""A file sent with an API key is on the coverage page; its bad rows are told by row and reason."""

from __future__ import annotations

import csv
import io

from litestar import Litestar
from litestar.testing import TestClient

from nop import upload_jobs
from nop_ingest.template.files import find_template
from nop_registry import settings
from nop_registry.access import make_key
from nop_registry.database import Connection
from nop_registry.store import api_keys, sources
from nop_registry.store.areas import load_builtin


def a_file() -> bytes:
    """The template's good rows, and one without coordinates."""
    rows = list(csv.reader(io.StringIO(find_template("csv").build().decode("utf-8-sig"))))
    head = next(row for row in rows if "location_id" in row)
    bad = list(rows[-1])
    bad[head.index("location_id")], bad[head.index("lat")] = "LOC-9", "north"
    text = io.StringIO()
    csv.writer(text).writerows([*rows, bad])
    return text.getvalue().encode()


def test_a_file_sent_with_a_key_is_on_the_coverage_page(
    database_url: str, connection: Connection, client: TestClient[Litestar]
) -> None:
    load_builtin(connection, "IN")
    source = sources.add_source(connection, name="mine", kind="upload", country_code="IN")
    key = make_key()
    api_keys.add_key(
        connection, name="test", prefix=key.prefix, digest=key.digest, scopes=["upload"],
        source_id=source.id, expires_at=None,
    )  # fmt: skip
    connection.commit()
    send = {
        "content": a_file(),
        "headers": {"Authorization": f"Bearer {key.key}", "Content-Type": "text/csv"},
    }
    here = client.post("/uploads?source=mine&filename=mine.csv", **send).headers["location"]
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    assert client.get(here, headers=send["headers"]).json()["state"] == "previewed"
    assert connection.execute("SELECT count(*) FROM location").fetchone() == (0,)
    connection.commit()
    assert client.post(f"{here}/commit", headers=send["headers"]).status_code == 202
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    answer = client.get(here, headers=send["headers"])
    assert answer.json()["state"] == "committed", answer.text
    report = answer.json()["report"]
    assert (report["accepted"] + report["flagged"], report["rejected"]) == (3, 1), report
    refused = next(f for f in report["findings"] if f["severity"] == "ERROR")
    assert refused["column"] == "lat" and refused["value"] == "north" and refused["message"]
    evses = connection.execute("SELECT sum(n_evse) FROM site").fetchone()
    assert evses is not None and evses[0] > 0
    delhi = next(
        line for line in client.get("/coverage.csv?by=state").text.splitlines() if ",Delhi," in line
    )
    assert f",{evses[0]}," in delhi


def test_without_a_key_nothing_is_read(client: TestClient[Litestar]) -> None:
    answer = client.post("/uploads?source=mine&filename=mine.csv", content=b"x")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")
