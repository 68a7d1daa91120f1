from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient
from psycopg import sql

from nop_ingest import upload_api
from nop_registry import settings
from nop_registry.access import make_key
from nop_registry.database import Connection
from nop_registry.store import api_keys, sources

GOLDEN = Path(__file__).parents[1] / "golden"
LIST = (GOLDEN / "bee_xlsx" / "list.xlsx").read_bytes()
STATIONS = (GOLDEN / "nop_csv" / "stations.csv").read_bytes()
CSV = {"Content-Type": "text/csv"}
Client = TestClient[Litestar]
MakeHeader = Callable[..., dict[str, str]]


@pytest.fixture
def client(database_url: str) -> Iterator[Client]:
    state = State({"pool": SimpleNamespace(conninfo=database_url), "settings": settings.load({})})
    app = Litestar(route_handlers=upload_api.ROUTES, state=state, openapi_config=None)
    with TestClient(app) as opened:
        yield opened


@pytest.fixture
def make_header(connection: Connection) -> MakeHeader:
    def make(source: str | None = None, scopes: tuple[str, ...] = ("upload",)) -> dict[str, str]:
        made = make_key()
        with connection.transaction():
            source_id = sources.get_source(connection, source).id if source else None
            api_keys.add_key(
                connection, name="Asha", prefix=made.prefix, digest=made.digest,
                scopes=list(scopes), source_id=source_id, expires_at=None,
            )  # fmt: skip
        return {"Authorization": f"Bearer {made.key}"}

    with connection.transaction():
        for name in ("files", "other"):
            sources.add_source(connection, name=name, kind="upload", country_code="IN")
    return make


def count(connection: Connection, table: str) -> int:
    with connection.transaction():
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        ).fetchone()
    return row[0] if row else 0


def test_a_preview_answers_200_and_a_commit_201(
    client: Client, connection: Connection, make_header: MakeHeader
) -> None:
    key = make_header("files")
    preview = client.post("/uploads", headers=key, files={"file": ("list.xlsx", LIST)})
    before = count(connection, "location")
    done = client.post("/uploads?commit=true", headers=key, files={"file": ("list.xlsx", LIST)})
    again = client.post("/uploads?commit=true", headers=key, files={"file": ("list.xlsx", LIST)})

    assert (preview.status_code, done.status_code, again.status_code) == (200, 201, 200)
    assert preview.json()["state"] == "preview" and before == 0
    assert done.json()["accepted"] + done.json()["flagged"] + done.json()["rejected"] == 17
    assert again.json()["state"] == "already-committed"
    assert count(connection, "location") == done.json()["locations"]["new"] > 0


def test_a_bare_body_with_a_filename_is_the_same(client: Client, make_header: MakeHeader) -> None:
    url = "/uploads?source=files&filename=..%2F..%2Fstations.csv"
    answer = client.post(url, headers=make_header() | CSV, content=STATIONS)

    assert answer.status_code == 200
    assert answer.json()["filename"] == "stations.csv"
    assert answer.json()["format"] == "nop_csv"


def test_an_upload_can_be_read_again(client: Client, make_header: MakeHeader) -> None:
    key = make_header("files")
    done = client.post("/uploads?commit=1", headers=key, files={"file": ("list.xlsx", LIST)})
    answer = client.get(f"/uploads/{done.json()['upload_id']}", headers=key)

    assert answer.status_code == 200
    assert answer.json()["state"] == "complete"
    assert answer.json()["report"]["findings"] == done.json()["findings"]


def test_another_source_s_upload_is_not_there(client: Client, make_header: MakeHeader) -> None:
    key = make_header("files")
    done = client.post("/uploads", headers=key, files={"file": ("list.xlsx", LIST)})
    theirs = client.get(f"/uploads/{done.json()['upload_id']}", headers=make_header("other"))
    nobody = client.get(f"/uploads/{done.json()['upload_id']}")

    assert (theirs.status_code, nobody.status_code) == (404, 401)
    assert client.get("/uploads/99999999999999999999", headers=key).status_code == 404


@pytest.mark.parametrize(
    ("status", "authorization"),
    [(401, None), (401, "Bearer nopk_" + "a" * 43), (401, "Basic x"), (403, "no scope")],
)
def test_a_stranger_is_refused_and_leaves_no_delivery(
    status: int,
    authorization: str | None,
    client: Client,
    connection: Connection,
    make_header: MakeHeader,
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    if authorization == "no scope":
        headers = make_header(scopes=())

    answer = client.post("/uploads?source=files", headers=headers | CSV, content=b"x" * 10)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.headers.get("www-authenticate") == "Bearer") == (status == 401)
    assert count(connection, "delivery") == 0


def test_a_revoked_key_is_refused_at_once(
    client: Client, connection: Connection, make_header: MakeHeader
) -> None:
    key = make_header("files")
    assert client.post("/uploads", headers=key, files={"file": ("a.csv", b"a")}).status_code == 422
    with connection.transaction():
        api_keys.revoke_key(connection, api_keys.list_keys(connection)[0].prefix)

    assert client.post("/uploads", headers=key, files={"file": ("a.csv", b"a")}).status_code == 401


def test_a_bound_key_writes_no_other_source_and_learns_of_none(
    client: Client, make_header: MakeHeader
) -> None:
    key = make_header("files")
    answers = [
        client.post(f"/uploads?source={name}&filename=a.csv", headers=key | CSV, content=b"a")
        for name in ("other", "unheard-of")
    ]

    assert [a.status_code for a in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_a_source_that_does_not_exist_is_404(client: Client, make_header: MakeHeader) -> None:
    answer = client.post(
        "/uploads?source=unheard-of&filename=a.csv", headers=make_header() | CSV, content=b"a"
    )

    assert answer.status_code == 404 and "unheard-of" in answer.json()["detail"]


def test_a_body_over_the_limit_is_413(
    client: Client, make_header: MakeHeader, connection: Connection
) -> None:
    size = upload_api.MAX_BYTES + (1 << 20) + 1
    announced = client.post(
        "/uploads?source=files&filename=a.csv",
        headers=make_header() | CSV | {"Content-Length": str(size)},
        content=b"a",
    )

    assert announced.status_code == 413
    assert "100 MiB" in announced.json()["detail"]
    assert count(connection, "delivery") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/csv", "Content-Encoding": "gzip"},
    ],
)
def test_a_body_sent_in_a_way_that_we_do_not_read_is_415(
    headers: dict[str, str], client: Client, make_header: MakeHeader
) -> None:
    url = "/uploads?source=files&filename=a.csv"

    assert client.post(url, headers=make_header() | headers, content=b"a").status_code == 415


@pytest.mark.parametrize(
    ("query", "content", "reason"),
    [
        ("source=files", STATIONS, "name the file"),
        ("filename=a.csv", STATIONS, "which source"),
        ("source=files&filename=a.pdf", STATIONS, "known formats"),
        ("source=files&filename=a.xlsx", b"PK\x03\x04", "damaged"),
    ],
)
def test_what_cannot_be_used_is_422_and_says_why(
    query: str, content: bytes, reason: str, client: Client, make_header: MakeHeader
) -> None:
    answer = client.post(f"/uploads?{query}", headers=make_header() | CSV, content=content)

    assert answer.status_code == 422
    assert reason in answer.json()["detail"]


def test_a_file_of_bad_rows_only_is_422_with_its_report(
    client: Client, make_header: MakeHeader
) -> None:
    header, *_ = STATIONS.decode("utf-8-sig").splitlines()
    bad = f"{header}\nIN;ABC;L1;;x;y\n".encode()
    url = "/uploads?source=files&filename=a.csv&commit=true"
    answer = client.post(url, headers=make_header() | CSV, content=bad)

    assert answer.status_code == 422
    assert answer.json()["report"]["findings"][0]["row"] == 1


def test_a_body_that_does_not_arrive_in_time_is_408(
    client: Client, make_header: MakeHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive_nothing(*_: object) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(upload_api, "BODY_DEADLINE_S", 0.01)
    monkeypatch.setattr(upload_api, "_receive", receive_nothing)
    url = "/uploads?source=files&filename=a.csv"
    answer = client.post(url, headers=make_header() | CSV, content=STATIONS)

    assert answer.status_code == 408 and "did not arrive" in answer.json()["detail"]


def test_more_files_at_once_than_may_be_are_told_to_come_back(
    client: Client, make_header: MakeHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_api, "_slots", threading.BoundedSemaphore(1))
    upload_api._slots.acquire()
    answer = client.post(
        "/uploads?source=files", headers=make_header(), files={"file": ("list.xlsx", LIST)}
    )

    assert answer.status_code == 503 and answer.headers["retry-after"] == "30"


def test_the_template_needs_no_key_and_is_a_download(client: Client) -> None:
    answer = client.get("/uploads/template.csv")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.text.startswith("country_code,party_id,location_id")
