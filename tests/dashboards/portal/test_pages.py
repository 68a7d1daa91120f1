"""What operators see in the portal: theirs, in their language, and nothing of another's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from application import client_of
from litestar import Litestar
from litestar.testing import TestClient
from portal_world import COOKIE, HEADER, Worker, add_file_source, form_token, row, sign_in
from small_nation import SmallNation
from structlog.testing import capture_logs

from nop_registry.access import Role
from nop_registry.database import Connection
from nop_registry.queries import source_health
from nop_registry.store.source_parties import bind_source

PAGES = (
    "/portal", "/portal/sources/abc-files", "/portal/sources/abc-files/uploads",
    "/portal/sources/abc-files/history", "/portal/stations", "/portal/stations/new",
    "/portal/tariffs", "/portal/tariffs/new", "/portal/findings", "/portal/connect",
    "/portal/sources/abc-ocpi", "/portal/connect/abc-ocpi",
)  # fmt: skip


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient[Litestar]]:
    """A browser without anybody."""
    with client_of(database_url) as opened:
        yield opened


@pytest.fixture
def worker(database_url: str) -> Worker:
    """Somebody who does what is asked for, when told to."""
    return Worker(database_url)


def test_our_own_fault_is_a_page_without_its_details_and_a_line_in_the_log(
    client: TestClient[Litestar], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.cookies.set(COOKIE, sign_in(connection))

    def fail(*_: object) -> None:
        raise RuntimeError("row 7 of the secret table")

    monkeypatch.setattr(source_health, "list_health", fail)
    with capture_logs() as lines:
        answer = client.get("/portal?lang=hi")
    assert answer.status_code == 500 and "गलती मंच की है" in answer.text
    assert "secret table" not in answer.text
    assert [(line["event"], line["path"]) for line in lines] == [("request failed", "/portal")]


def test_every_page_is_there_in_both_languages(
    client: TestClient[Litestar], connection: Connection
) -> None:
    nation = SmallNation(connection)
    add_file_source(connection)
    source_id = nation.add_source("abc-ocpi")
    nation.add_station(source_id, 7, party_id="ABC")
    bind_source(connection, source_id, ["IN*ABC"])
    connection.commit()
    client.cookies.set(COOKIE, sign_in(connection))
    for language in ("en", "hi"):
        for path in PAGES:
            answer = client.get(path, params={"lang": language})
            assert answer.status_code == 200, path
            assert f'<html lang="{language}">' in answer.text
            assert ("स्रोत" in answer.text) == (language == "hi")
            assert answer.headers["cache-control"] == "no-store"
            assert not re.search(r"<script>|\sstyle=|\sonclick=", answer.text)
    assert "<strong>भारत ·" in answer.text
    # The choice is remembered, and else the browser's languages count.
    assert '<html lang="hi">' in client.get("/portal").text
    client.cookies.delete("nop_lang")
    answer = client.get("/portal", headers={"Accept-Language": "fr;q=0.9, hi-IN;q=0.8"})
    assert '<html lang="hi">' in answer.text


def test_an_empty_portal_tells_the_next_step_and_one_click_makes_the_source(
    client: TestClient[Litestar], connection: Connection
) -> None:
    client.cookies.set(COOKIE, sign_in(connection, Role.OPERATOR_EDITOR))
    first = client.get("/portal").text
    assert re.search(r'aria-current="step">.*Say how your data come', first)
    answer = client.post("/portal/sources", data={"csrf": form_token(client), "way": "file"})
    assert answer.url.path == "/portal/sources/in-abc-files/uploads"
    again = client.post("/portal/sources", data={"csrf": form_token(client), "way": "hand"})
    assert again.url.path == "/portal/stations/new"
    names = connection.execute("SELECT name FROM source").fetchall()
    assert names == [("in-abc-files",)]
    assert re.search(r'aria-current="step">.*Send the first stations', client.get("/portal").text)


def test_anothers_sources_uploads_and_stations_do_not_exist(
    client: TestClient[Litestar], connection: Connection
) -> None:
    source = add_file_source(connection)
    nation = SmallNation(connection)
    nation.add_station(source.id, 7, party_id="ABC")
    row = connection.execute(
        """INSERT INTO upload (source_id, kind, filename, whole, state, actor_kind, actor)
           VALUES (%s, 'file', 'a.csv', true, 'previewed', 'account', 'Asha') RETURNING id""",
        (source.id,),
    ).fetchone()
    connection.execute(
        "INSERT INTO connect_run (source_id, act, asked_by) VALUES (%s, 'probe', 'Asha')",
        (source.id,),
    )
    connection.commit()
    assert row
    client.cookies.set(COOKIE, sign_in(connection, parties=["IN*XYZ"]))
    token = form_token(client)
    for path in (
        "/portal/sources/abc-files", "/portal/sources/abc-files/uploads",
        "/portal/sources/abc-files/history", "/portal/sources/abc-files/diff?a=1&b=2",
        "/portal/sources/abc-files/objects/7", f"/portal/uploads/{row[0]}",
        f"/portal/uploads/{row[0]}/offset", "/portal/stations/7/edit",
        "/portal/connect/abc-files", "/portal/connect/runs/1",
        "/portal/sources/abc-files/roll-back/1", "/portal/findings?source=abc-files",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path
    for path in (
        "/portal/sources/abc-files/uploads/begin", f"/portal/uploads/{row[0]}/commit",
        f"/portal/uploads/{row[0]}/withdraw", f"/portal/uploads/{row[0]}/finish",
        "/portal/stations/7/edit", "/portal/sources/abc-files/roll-back/1",
        "/portal/connect/abc-files/probe", "/portal/connect/runs/1/connect",
        "/portal/sources/abc-files/accept-removal",
    ):  # fmt: skip
        sent = {"csrf": token, "filename": "a.csv", "size": "1"}
        assert client.post(path, data=sent).status_code == 404, path
    assert "Market" not in client.get("/portal/stations").text
    assert connection.execute("SELECT state FROM upload").fetchall() == [("previewed",)]


def test_who_sends_too_often_is_told_to_wait(
    client: TestClient[Litestar], connection: Connection
) -> None:
    add_file_source(connection)
    client.cookies.set(COOKIE, sign_in(connection))
    begin = "/portal/sources/abc-files/uploads/begin"
    sent = {"csrf": form_token(client), "filename": "a.csv", "size": "1"}
    begun = client.post(begin, data=sent).json()["id"]
    connection.execute("UPDATE rate_bucket SET level = 600 WHERE name LIKE 'upload:account:%'")
    connection.execute(
        """INSERT INTO rate_bucket (name, level)
           SELECT replace(name, 'upload:', 'upload-piece:'), 6000 FROM rate_bucket
           WHERE name LIKE 'upload:account:%'"""
    )
    connection.commit()
    assert client.post(begin, data=sent).status_code == 429
    headers = {"Upload-Offset": "0", "X-CSRF-Token": sent["csrf"]}
    piece = client.patch(f"/portal/uploads/{begun}/bytes", content=b"x", headers=headers)
    assert piece.status_code == 429
    assert "Please wait 1 min." in piece.text
    assert connection.execute("SELECT size FROM upload").fetchall() == [(0,)]


def test_a_viewer_reads_and_changes_nothing(
    client: TestClient[Litestar], connection: Connection
) -> None:
    add_file_source(connection)
    client.cookies.set(COOKIE, sign_in(connection, Role.OPERATOR_VIEWER))
    page = client.get("/portal/sources/abc-files/uploads").text
    assert 'type="file"' not in page
    token = form_token(client)
    for path in ("/portal/sources/abc-files/uploads/begin", "/portal/sources", "/portal/connect"):
        answer = client.post(path, data={"csrf": token, "filename": "a", "size": "1"})
        assert (answer.status_code, 'role="alert"' in answer.text) == (403, True), path
    assert client.get("/portal/stations/new").status_code == 403


def test_after_a_registration_that_failed_the_address_need_not_be_typed_again(
    client: TestClient[Litestar], connection: Connection
) -> None:
    client.cookies.set(COOKIE, sign_in(connection))
    url = "https://ocpi.abc.example/versions"
    sent = {"csrf": form_token(client), "act": "register", "versions_url": url, "token": "a"}
    assert client.post("/portal/connect", data=sent, follow_redirects=False).status_code == 303
    connection.execute("UPDATE connect_run SET state = 'failed'")
    connection.commit()
    assert f'value="{url}"' in client.get("/portal/connect").text


def test_a_form_of_another_site_changes_nothing(
    client: TestClient[Litestar], connection: Connection
) -> None:
    add_file_source(connection)
    client.cookies.set(COOKIE, sign_in(connection))
    path, sent = "/portal/sources", {"way": "file", "csrf": form_token(client)}
    assert client.post(path, data={"way": "file"}).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    assert client.post(path, data=sent, headers=foreign).status_code == 403
    assert client.post(path, data=sent).status_code == 200


def test_a_file_goes_without_javascript_from_the_form_to_the_map_and_back(
    client: TestClient[Litestar], connection: Connection, worker: Worker
) -> None:
    add_file_source(connection)
    client.cookies.set(COOKIE, sign_in(connection))
    token = form_token(client)
    bad = HEADER + row(1) + row(2, lat="north") + row(3, standard="")
    sent = client.post(
        "/portal/sources/abc-files/uploads",
        data={"csrf": token, "extent": "whole"},
        files={"file": ("my stations.csv", bad.encode(), "text/csv")},
    )
    assert "waits for the check" in client.get(sent.url.path).text
    worker.work()
    preview = client.get(sent.url.path).text
    assert re.findall(r'data-count="(\w+)">(\d+)', preview) == [
        ("accepted", "0"), ("flagged", "1"), ("rejected", "2"),
    ]  # fmt: skip
    assert "Take 1 good row" in preview and "north" in preview
    assert connection.execute("SELECT count(*) FROM location").fetchone() == (0,)
    connection.commit()
    client.post(f"{sent.url.path}/commit", data={"csrf": token})
    worker.work()
    outcome = client.get(sent.url.path).text
    assert "The good rows are in" in outcome
    link = re.search(r'href="/(\?bbox=[^"]+)">See it on the public map', outcome)
    assert link and "Market 1" in client.get(f"/{link[1]}").text  # not the whole nation
    assert connection.execute("SELECT ocpi_id FROM location").fetchall() == [("L1",)]
    connection.commit()
    history = client.get("/portal/sources/abc-files/history").text
    assert "my stations.csv" in history and "Asha Rao" in history
    overview = client.get("/portal").text
    assert "2 errors" in overview and "is-next" not in overview
    assert "Market 1" in client.get("/portal/stations", params={"q": "market"}).text
    assert "Market 1" not in client.get("/portal/stations", params={"q": "mark_t"}).text
    found = client.get("/portal/findings").text
    assert "Completeness" in found and "cell-missing" in found


def test_a_file_of_no_use_says_why_and_where_to_send_the_next(
    client: TestClient[Litestar], connection: Connection, worker: Worker
) -> None:
    add_file_source(connection)
    client.cookies.set(COOKIE, sign_in(connection))
    form = "/portal/sources/abc-files/uploads"
    sent = client.post(
        form, data={"csrf": form_token(client)}, files={"file": ("a.pdf", b"%PDF-1.4 none")}
    )
    worker.work()
    page = client.get(sent.url.path, params={"lang": "hi"}).text
    assert "इसे सुधारकर फ़ाइल फिर भेजें" in page and "फ़ाइल PDF है" in page
    assert page.count(f'href="{form}"') == 2  # where one is, and what to do


def test_pieces_are_resumed_where_they_broke_off(
    client: TestClient[Litestar], connection: Connection, worker: Worker
) -> None:
    add_file_source(connection)
    client.cookies.set(COOKIE, sign_in(connection))
    headers = {"X-CSRF-Token": form_token(client)}
    data = (HEADER + row(1)).encode()
    begun = client.post(
        "/portal/sources/abc-files/uploads/begin", headers=headers,
        data={"filename": "a.csv", "size": str(len(data)), "extent": "part"},
    ).json()  # fmt: skip
    place = f"/portal/uploads/{begun['id']}"

    def send(offset: int, piece: bytes) -> tuple[int, int]:
        answer = client.patch(
            f"{place}/bytes", content=piece, headers={**headers, "Upload-Offset": str(offset)}
        )
        return answer.status_code, answer.json()["offset"]

    assert send(0, data[:40]) == (200, 40)
    assert send(0, data[:40]) == (409, 40)  # its answer had been lost: it is told where to go on
    assert client.post(f"{place}/finish", headers=headers).status_code == 400  # not all of it
    assert client.get(f"{place}/offset").json()["offset"] == 40
    assert send(40, data[40:]) == (200, len(data))
    assert client.post(f"{place}/finish", headers=headers).json() == {"location": place}
    worker.work()
    assert "Take 1 good row" in client.get(place).text
    assert client.patch(f"{place}/bytes", content=b"x").status_code == 403  # without a token


def test_what_was_refused_is_shown_as_it_was_sent(
    client: TestClient[Litestar], connection: Connection
) -> None:
    source = add_file_source(connection)
    connection.execute(
        """WITH d AS (INSERT INTO delivery (source_id, module, mode, state)
                      VALUES (%(s)s, 'locations', 'full', 'complete') RETURNING id),
           f AS (INSERT INTO finding (delivery_id, source_id, object_id, object_kind, object_key,
                     outcome, severity, code, path, value, message)
                 SELECT id, %(s)s, 42, 'location', 'IN*ABC*L9', 'rejected', 'ERROR',
                     'coordinate-unreadable', 'coordinates', '<b>', 'send degrees' FROM d)
           INSERT INTO refused_object (object_id, source_id, delivery_id, raw)
           SELECT 42, %(s)s, id, '{"id":"L9","name":"<script>"}' FROM d""",
        {"s": source.id},
    )
    connection.commit()
    client.cookies.set(COOKIE, sign_in(connection))
    shown = client.get("/portal/sources/abc-files/objects/42", params={"lang": "hi"}).text
    assert "&lt;script&gt;" in shown and "<script>" not in shown and "<b>" not in shown
    assert "निर्देशांक" in shown and '<span lang="en">send degrees</span>' in shown
    log = client.get("/portal/sources/abc-files", params={"lang": "en"}).text
    assert "coordinate-unreadable" in log and "keep data out: 1" in log
