"""Who calls the upload API: refusals are known, and a key that ended opens nothing anywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from application import client_of
from litestar import Litestar
from litestar.testing import TestClient
from portal_world import COOKIE, HEADER, add_file_source, row, sign_in

from nop_registry.access import Role, make_key
from nop_registry.database import Connection
from nop_registry.store import api_keys, audit, sessions, upload_files

Client = TestClient[Litestar]
CSV = {"Content-Type": "text/csv"}
FILE = "/uploads?source=abc-files&filename=a.csv"


@pytest.fixture
def workers(database_url: str) -> Iterator[tuple[Client, Client]]:
    """Two applications with pools of their own, as two processes have them."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(client_of(database_url, raise_server_exceptions=False))
            for _ in range(2)
        ]
        yield made[0], made[1]


def a_key(connection: Connection, *scopes: str, party: str = "IN*ABC") -> tuple[str, str]:
    """Its prefix and the key."""
    made = make_key()
    api_keys.add_key(
        connection, name="prog", prefix=made.prefix, digest=made.digest,
        scopes=list(scopes or ("upload",)), source_id=None, expires_at=None, parties=[party],
    )  # fmt: skip
    connection.commit()
    return made.prefix, made.key


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_revoked_key_or_session_opens_nothing_in_any_process_within_a_second(
    workers: tuple[Client, Client], connection: Connection
) -> None:
    add_file_source(connection)
    prefix, key = a_key(connection)
    session = sign_in(connection)

    def statuses() -> set[int]:
        found = set()
        for client in workers:
            client.cookies.clear()
            found.add(client.get("/uploads?source=abc-files", headers=bearer(key)).status_code)
            client.cookies.set(COOKIE, session)
            found.add(client.get("/portal/account", follow_redirects=False).status_code)
            found.add(client.get("/uploads?source=abc-files").status_code)
        return found

    assert statuses() == {200}  # every process has seen both, and could remember them
    api_keys.revoke_key(connection, prefix)
    sessions.end_session(connection, session)
    connection.commit()
    began = time.monotonic()
    assert statuses() == {401, 303}
    assert time.monotonic() - began < 1


def test_a_file_whose_key_is_revoked_while_it_comes_is_not_taken(
    workers: tuple[Client, Client], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_file_source(connection)
    prefix, key = a_key(connection)
    append = upload_files.append_chunk

    def revoked_meanwhile(own: Connection, upload_id: int, offset: int, data: bytes) -> int:
        api_keys.revoke_key(connection, prefix)
        connection.commit()
        return append(own, upload_id, offset, data)

    monkeypatch.setattr(upload_files, "append_chunk", revoked_meanwhile)
    answer = workers[0].post(
        f"{FILE}&commit=true", headers=bearer(key) | CSV, content=HEADER + row(1)
    )
    assert answer.status_code == 401
    states = connection.execute("SELECT state, commit_wanted FROM upload").fetchall()
    assert [state for state, _ in states] == ["receiving"]


def test_refused_calls_are_in_the_log(
    workers: tuple[Client, Client], connection: Connection
) -> None:
    add_file_source(connection)
    add_file_source(connection, "xyz-files", ["IN*XYZ"])
    prefix, key = a_key(connection)
    _, reader = a_key(connection, "read")
    client = workers[0]
    for headers, method, path, status in (
        (bearer(key), "POST", FILE.replace("abc", "xyz"), 404),
        (bearer(key), "GET", "/uploads/7", 404),
        (bearer(reader), "POST", FILE, 403),
        (bearer(reader), "POST", "/uploads?source=%00&filename=a.csv", 403),
        (bearer("nopk_" + "a" * 43), "GET", "/uploads/7", 401),
        (bearer("nonsense"), "GET", "/uploads/7", 401),
        ({}, "GET", "/uploads/7", 401),
    ):
        answer = client.request(method, path, headers=headers | CSV, content=b"a" * 3)
        assert answer.status_code == status, (path, answer.text)
    api_keys.revoke_key(connection, prefix)
    connection.commit()
    assert client.get("/uploads/7", headers=bearer(key)).status_code == 401
    told = [(e.actor, e.object, e.detail["asked_for"]) for e in audit.list_events(connection)]
    assert told[::-1] == [
        ("prog", "source:xyz-files", "upload"),
        ("prog", "upload 7", "read_uploads"),
        ("prog", "source:abc-files", "upload"),
        ("prog", "source:", "upload"),
        ("public", "key:unknown", "/uploads/7"),
        ("public", f"key:{prefix}", "/uploads/7"),
    ]
    assert key[len(prefix) :] not in str(told)


def test_a_keys_files_are_counted_and_without_counters_none_is_taken(
    workers: tuple[Client, Client], connection: Connection
) -> None:
    add_file_source(connection)
    _, key = a_key(connection)

    def send(client: Client) -> int:
        headers = bearer(key) | CSV
        return client.post(FILE, headers=headers, content=HEADER + row(1)).status_code

    assert send(workers[0]) == 202
    connection.execute("UPDATE rate_bucket SET level = 600")
    connection.commit()
    assert [send(client) for client in workers] == [429, 429]
    connection.execute("ALTER TABLE rate_bucket RENAME TO elsewhere")
    connection.commit()
    assert send(workers[1]) >= 500
    row_count = connection.execute("SELECT count(*) FROM upload").fetchone()
    assert row_count == (1,)


def test_pieces_and_questions_are_counted_too_and_not_taken_without_counters(
    workers: tuple[Client, Client], connection: Connection
) -> None:
    add_file_source(connection)
    _, key = a_key(connection)
    begun = {"Upload-Complete": "?0", "Content-Type": "application/partial-upload"}
    here = workers[0].post(FILE, headers=bearer(key) | begun).headers["location"]

    def ask(client: Client, path: str) -> int:
        return client.head(path, headers=bearer(key)).status_code

    def send(client: Client, offset: int) -> int:
        headers = bearer(key) | begun | {"Upload-Offset": str(offset)}
        return client.patch(here, headers=headers, content=b"abc").status_code

    assert (ask(workers[0], here), send(workers[1], 0), ask(workers[0], "/uploads/7")) == (
        204, 204, 404,
    )  # fmt: skip
    counted = connection.execute("SELECT FROM rate_bucket WHERE name LIKE 'upload-piece:%'")
    assert counted.rowcount == 1  # of both workers; it drains as we look
    connection.execute("UPDATE rate_bucket SET level = 6000")
    connection.commit()
    assert [ask(workers[0], here), send(workers[1], 3), ask(workers[1], "/uploads/7")] == [429] * 3
    connection.execute("ALTER TABLE rate_bucket RENAME TO elsewhere")
    connection.commit()
    assert ask(workers[0], here) >= 500 and send(workers[1], 3) >= 500
    assert connection.execute("SELECT size FROM upload").fetchone() == (3,)


def test_a_regulator_accepts_a_removal_and_takes_no_operators_file(
    workers: tuple[Client, Client], connection: Connection
) -> None:
    source = add_file_source(connection)
    connection.execute(
        """INSERT INTO upload (source_id, kind, filename, whole, state, actor_kind, actor)
           VALUES (%s, 'file', 'a.csv', true, 'previewed', 'key', 'prog')""",
        (source.id,),
    )
    client = workers[0]
    client.cookies.set(COOKIE, sign_in(connection, Role.REGULATOR_OFFICER, []))
    token = client.get("/portal/account").text.partition('name="csrf" value="')[2][:96]
    answer = client.post("/portal/uploads/1/accept-removal", data={"csrf": token})
    assert answer.status_code == 409
    connection.rollback()
    assert connection.execute("SELECT state FROM upload").fetchone() == ("previewed",)
    connection.execute("UPDATE upload SET state = 'held', commit_wanted = true")
    connection.commit()
    answer = client.post(
        "/portal/uploads/1/accept-removal", data={"csrf": token}, follow_redirects=False
    )
    assert answer.status_code == 303


def test_an_operator_does_not_bring_back_what_was_withdrawn(
    workers: tuple[Client, Client], connection: Connection
) -> None:
    add_file_source(connection)
    connection.execute("UPDATE source SET state = 'disabled', withdrawn_at = now()")
    connection.commit()
    client = workers[0]
    client.cookies.set(COOKIE, sign_in(connection))
    token = client.get("/portal/account").text.partition('name="csrf" value="')[2][:96]
    for path in ("/portal/sources/abc-files/accept-removal", "/portal/sources"):
        answer = client.post(path, data={"csrf": token, "way": "file"}, follow_redirects=False)
        assert answer.status_code == 400, path
    connection.rollback()
    found = connection.execute("SELECT state, withdrawn_at IS NULL FROM source").fetchall()
    assert found == [("disabled", False)]
