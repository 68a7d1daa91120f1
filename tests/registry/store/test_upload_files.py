from __future__ import annotations

import pytest

from nop_registry.access import SYSTEM
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import sources, upload_files, upload_work
from nop_registry.store.upload_files import CHUNK_BYTES, MAX_OPEN, WrongOffset, WrongState


@pytest.fixture
def source_id(connection: Connection) -> int:
    return sources.add_source(connection, name="files", kind="upload", country_code="IN").id


def begin(connection: Connection, source_id: int, size: int | None = None) -> int:
    return upload_files.create_upload(
        connection, source_id=source_id, filename="..\\a/b\x00.csv", whole=True, actor=SYSTEM,
        announced_size=size,
    )  # fmt: skip


def test_bytes_come_back_as_they_were_sent_in_whatever_pieces(
    connection: Connection, source_id: int
) -> None:
    data = bytes(range(256)) * (CHUNK_BYTES // 128)
    upload_id = begin(connection, source_id)
    first = upload_files.append_chunk(connection, upload_id, 0, data)
    second = upload_files.append_chunk(connection, upload_id, first, b"end")
    found = upload_files.find_upload(connection, upload_id)

    assert b"".join(upload_files.read_chunks(connection, upload_id)) == data + b"end"
    assert found is not None and (found.size, found.filename) == (second, "b.csv")


def test_bytes_for_another_place_are_refused_with_the_right_one(
    connection: Connection, source_id: int
) -> None:
    upload_id = begin(connection, source_id, 5)
    upload_files.append_chunk(connection, upload_id, 0, b"abc")
    for offset in (0, 2, 4):
        with pytest.raises(WrongOffset) as refusal:
            upload_files.append_chunk(connection, upload_id, offset, b"x")
        assert refusal.value.expected == 3
    with pytest.raises(InvalidInput, match="more are sent"):
        upload_files.append_chunk(connection, upload_id, 3, b"xxx")
    with pytest.raises(InvalidInput, match="send the rest"):
        upload_files.finish_receiving(connection, upload_id, commit=False)
    upload_files.append_chunk(connection, upload_id, 3, b"xx")
    upload_files.finish_receiving(connection, upload_id, commit=False)
    with pytest.raises(WrongState, match="takes no more bytes"):
        upload_files.append_chunk(connection, upload_id, 5, b"x")


def test_a_job_waits_for_the_source_once_however_many_files_come(
    connection: Connection, source_id: int
) -> None:
    for _ in range(2):
        upload_id = begin(connection, source_id)
        upload_files.append_chunk(connection, upload_id, 0, b"x")
        upload_files.finish_receiving(connection, upload_id, commit=False)
    jobs = connection.execute("SELECT task_name, args FROM procrastinate_jobs").fetchall()

    assert jobs == [("upload", {"source_id": source_id})]
    oldest = upload_work.next_to_do(connection, source_id)
    assert oldest is not None and oldest.id == upload_id - 1


def test_a_source_has_only_so_many_files_on_their_way(
    connection: Connection, source_id: int
) -> None:
    for _ in range(MAX_OPEN):
        last = begin(connection, source_id)
    with pytest.raises(WrongState, match="withdraw one"):
        begin(connection, source_id)
    upload_files.withdraw(connection, last)
    assert begin(connection, source_id) > last


def test_what_nobody_goes_on_with_is_withdrawn_and_its_bytes_go(
    connection: Connection, source_id: int
) -> None:
    left, refused, taken = (begin(connection, source_id) for _ in range(3))
    for upload_id, state in ((left, "receiving"), (refused, "refused"), (taken, "committed")):
        upload_files.append_chunk(connection, upload_id, 0, b"x")
        connection.execute(
            "UPDATE upload SET state = %s, changed_at = now() - interval '31 days' WHERE id = %s",
            (state, upload_id),
        )
    upload_work.forget_old_files(connection)
    kept = connection.execute("SELECT upload_id FROM upload_chunk").fetchall()
    found = upload_files.find_upload(connection, left)

    assert kept == [(taken,)]
    assert found is not None and found.state == "withdrawn"
