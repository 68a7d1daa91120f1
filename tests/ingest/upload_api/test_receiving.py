from __future__ import annotations

import threading
from typing import Any

import pytest
from application import client_of
from litestar.exceptions import InternalServerException
from upload_sending import CSV, HEADER, LIST, STATIONS, Client, MakeHeader, Work, count, row, send

from nop_ingest.upload_api import documents, problems, receiving
from nop_registry.database import Connection
from nop_registry.store import source_parties


def test_a_file_is_checked_told_and_taken_when_somebody_says_so(
    client: Client, connection: Connection, make_header: MakeHeader, work: Work
) -> None:
    key = make_header("files")
    begun = client.post("/uploads", headers=key, files={"file": ("list.xlsx", LIST)})
    work()
    here = begun.headers["location"]
    preview = client.get(here, headers=key).json()
    before = count(connection, "location")
    wanted = client.post(f"{here}/commit", headers=key)
    again = client.post(f"{here}/commit", headers=key)
    work()
    done = client.get(here, headers=key).json()

    assert (begun.status_code, begun.json()["state"]) == (202, "received")
    assert (preview["state"], preview["report"]["state"]) == ("previewed", "preview")
    report = preview["report"]
    assert report["accepted"] + report["flagged"] + report["rejected"] == 17
    assert before == 0 and (wanted.status_code, again.status_code) == (202, 202)
    assert (done["state"], done["version"], done["accepted_by"]) == ("committed", 1, "Asha")
    assert count(connection, "location") == done["report"]["locations"]["new"] > 0


def test_who_waits_gets_the_outcome_at_once(
    client: Client, make_header: MakeHeader, work: Work
) -> None:
    key = make_header("files") | {"Prefer": "wait=30"}
    files = {"file": ("list.xlsx", LIST)}

    def post(url: str) -> Any:
        stopped = threading.Event()

        def keep_working() -> None:
            while not stopped.wait(0.05):
                work()

        worker = threading.Thread(target=keep_working)
        worker.start()
        try:
            return client.post(url, headers=key, files=files)
        finally:
            stopped.set()
            worker.join()

    preview, done, again = post("/uploads"), post("/uploads?commit=1"), post("/uploads?commit=1")

    assert (preview.status_code, done.status_code, again.status_code) == (200, 201, 201)
    assert again.json()["report"]["state"] == "already-committed"
    assert again.json()["version"] == done.json()["version"] == 1


def test_a_bare_body_with_a_filename_is_the_same(
    client: Client, make_header: MakeHeader, work: Work
) -> None:
    key = make_header()
    url = "/uploads?source=files&filename=..%2F..%2Fstations.csv"
    answer = client.post(url, headers=key | CSV, content=STATIONS)
    work()

    found = client.get(answer.headers["location"], headers=key).json()
    assert (found["filename"], found["format"]) == ("stations.csv", "nop_csv")


def test_another_source_s_upload_is_not_there(client: Client, make_header: MakeHeader) -> None:
    key = make_header("files")
    here = f"/uploads/{send(client, key, STATIONS)['id']}"
    for path in ("", "/findings", "/findings.csv", "/annotated-copy"):
        assert client.get(here + path, headers=make_header("other")).status_code == 404
        assert client.get(here + path).status_code == 401
    assert client.post(f"{here}/commit", headers=make_header("other")).status_code == 404
    assert client.delete(here, headers=make_header("other")).status_code == 404
    assert client.get("/uploads/99999999999999999999", headers=key).status_code == 404


@pytest.mark.parametrize(
    ("status", "authorization"),
    [(401, None), (401, "Bearer nopk_" + "a" * 43), (401, "Basic x"), (403, "no scope")],
)
def test_a_stranger_is_refused_and_leaves_no_upload(
    status: int,
    authorization: str | None,
    client: Client,
    connection: Connection,
    make_header: MakeHeader,
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    if authorization == "no scope":
        headers = make_header(scopes=("read",))

    answer = client.post("/uploads?source=files", headers=headers | CSV, content=b"x" * 10)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.headers.get("www-authenticate") == "Bearer") == (status == 401)
    assert count(connection, "upload") == 0


def test_a_bound_key_writes_no_other_source_and_learns_of_none(
    client: Client, make_header: MakeHeader
) -> None:
    key = make_header("files")
    answers = [
        client.post(f"/uploads?source={name}&filename=a.csv", headers=key | CSV, content=b"a")
        for name in ("other", "unheard-of")
    ]

    assert [a.status_code for a in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


def test_rows_of_another_party_are_refused_one_by_one(
    client: Client, connection: Connection, make_header: MakeHeader, work: Work
) -> None:
    with connection.transaction():
        source_parties.bind_source(connection, 1, ["IN*ABC"])
    key = make_header(parties=["IN*ABC"])
    sent = send(client, key, HEADER + row(1) + row(2, party="XYZ"), "&commit=true")
    work()
    found = client.get(f"/uploads/{sent['id']}", headers=key).json()

    assert found["state"] == "committed", found
    assert found["report"]["rejected_by_code"] == {"foreign-party": 1}
    assert connection.execute("SELECT party_id, ocpi_id FROM location").fetchall() == [
        ("ABC", "L1")
    ]


def test_a_body_over_the_limit_is_413_and_says_how_to_send_it(
    client: Client, make_header: MakeHeader, connection: Connection
) -> None:
    size = receiving.ONE_REQUEST_BYTES + (1 << 20) + 1
    answer = client.post(
        "/uploads?source=files&filename=a.csv",
        headers=make_header() | CSV | {"Content-Length": str(size)},
        content=b"a",
    )

    assert answer.status_code == 413 and "in pieces" in answer.json()["detail"]


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
        ("source=files&filename=a.csv", b"", "empty"),
    ],
)
def test_what_cannot_be_used_is_422_and_says_why(
    query: str, content: bytes, reason: str, client: Client, make_header: MakeHeader
) -> None:
    answer = client.post(f"/uploads?{query}", headers=make_header() | CSV, content=content)

    assert answer.status_code == 422
    assert reason in answer.json()["detail"]


def test_a_file_that_cannot_be_read_or_has_no_good_row_ends_as_a_problem(
    client: Client, make_header: MakeHeader, work: Work
) -> None:
    key = make_header()
    broken = send(client, key, b"PK\x03\x04")
    bad = send(client, key, f"{HEADER}IN,ABC,L1,,x,y,1,a,b\n", "&commit=true")
    work()
    states = [client.get(f"/uploads/{u['id']}", headers=key).json() for u in (broken, bad)]

    assert [s["state"] for s in states] == ["failed", "refused"]
    assert "damaged" in states[0]["error"]
    assert states[1]["report"]["findings"][0]["row"] == 1


def test_the_same_request_with_an_idempotency_key_is_one_upload(
    client: Client, connection: Connection, make_header: MakeHeader
) -> None:
    url = "/uploads?source=files&filename=stations.csv"
    key = make_header() | CSV | {"Idempotency-Key": "a-1"}
    first, again = (client.post(url, headers=key, content=STATIONS) for _ in range(2))
    other_file = client.post(url, headers=key, content=STATIONS + b"\n")
    stranger = client.post(
        url, headers=make_header() | CSV | {"Idempotency-Key": "a-1"}, content=STATIONS
    )

    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert (other_file.status_code, stranger.status_code) == (422, 202)
    assert count(connection, "upload") == 2


def test_a_commit_does_not_hide_behind_the_key_of_a_preview(
    client: Client, make_header: MakeHeader
) -> None:
    key = make_header("files") | CSV | {"Idempotency-Key": "a-2"}
    url = "/uploads?filename=stations.csv"
    first = client.post(url, headers=key, content=STATIONS)
    other = client.post(f"{url}&commit=true", headers=key, content=STATIONS)
    client.post(f"/uploads/{first.json()['id']}/commit", headers=key)
    again = client.post(url, headers=key, content=STATIONS)

    assert (first.status_code, other.status_code, again.status_code) == (202, 422, 202)


def test_a_file_that_is_cut_off_is_not_waited_for(
    client: Client, connection: Connection, make_header: MakeHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*words: object) -> int:
        raise InternalServerException("client disconnected prematurely")

    key = make_header("files") | CSV | {"Idempotency-Key": "a-3"}
    with monkeypatch.context() as broken:
        broken.setattr(receiving, "append_all", gone)
        client.post("/uploads?filename=stations.csv", headers=key, content=STATIONS)
    again = client.post("/uploads?filename=stations.csv", headers=key, content=STATIONS)

    assert again.status_code == 202 and "idempotency-replayed" not in again.headers
    with connection.transaction():
        states = connection.execute("SELECT state FROM upload ORDER BY id").fetchall()
    assert states == [("withdrawn",), ("received",)]


def test_whatever_goes_wrong_is_a_problem_with_a_sentence(
    database_url: str, make_header: MakeHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("of our own")

    monkeypatch.setattr(documents, "document", fail)
    with client_of(database_url, raise_server_exceptions=False) as opened:
        key = make_header()
        opened.post("/uploads?source=files&filename=a.csv", headers=key | CSV, content=STATIONS)
        answers = {
            405: opened.put("/uploads"),
            404: opened.get("/uploads/abc", headers=key),
            422: opened.get("/uploads?source=a%00b", headers=key),
            400: opened.get("/uploads?source=files&limit=many", headers=key),
            500: opened.get("/uploads/1", headers=key),
        }
    for status, answer in answers.items():
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert "POST" in answers[405].headers["allow"]
    assert "uploads and versions have numbers" in answers[404].json()["detail"]
    assert answers[400].json()["detail"].startswith("limit: Expected `int`")


def test_a_body_that_does_not_arrive_in_time_is_408(
    client: Client, make_header: MakeHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive_nothing(*_: object) -> int:
        raise TimeoutError

    monkeypatch.setattr(problems, "BODY_DEADLINE_S", 0.01)
    monkeypatch.setattr(receiving, "append_all", receive_nothing)
    url = "/uploads?source=files&filename=a.csv"
    answer = client.post(url, headers=make_header() | CSV, content=STATIONS)

    assert answer.status_code == 408 and "did not arrive" in answer.json()["detail"]
