"""What the worker notes of an upload while it works: how far it is, what it found, how it ended."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.store.deliveries import Delivery
from nop_registry.store.staging import copy_rows
from nop_registry.store.upload_files import (
    FINISHED,
    SELECT_UPLOAD,
    RowFinding,
    State,
    Upload,
    find_upload,
    set_facts,
    wake_worker,
)


def next_to_do(connection: Connection, source_id: int) -> Upload | None:
    """The oldest upload of the source that the worker has to go on with."""
    with connection.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(
            SELECT_UPLOAD
            + """WHERE u.source_id = %s
               AND u.state IN ('received', 'checking', 'committing') ORDER BY u.id LIMIT 1""",
            (source_id,),
        ).fetchone()


def claim(connection: Connection, upload_id: int) -> Upload | None:
    """The worker takes it in hand: it is checking, or committing if that is wanted.

    None: meanwhile it was withdrawn, or another has done it.
    """
    claimed = connection.execute(
        """UPDATE upload SET state = CASE WHEN commit_wanted THEN 'committing' ELSE 'checking' END,
               changed_at = now()
           WHERE id = %s AND state IN ('received', 'checking', 'committing')""",
        (upload_id,),
    )
    return find_upload(connection, upload_id) if claimed.rowcount else None


def wake_for_idle(connection: Connection) -> None:
    """Have the worker go on with what nobody has touched for a minute.

    A job may have looked just before a file was there, or have ended by a fault of ours.
    """
    rows = connection.execute(
        """SELECT DISTINCT source_id FROM upload
           WHERE state IN ('received', 'checking', 'committing')
             AND changed_at < now() - interval '1 minute'"""
    ).fetchall()
    for (source_id,) in rows:
        wake_worker(connection, source_id)


def note_progress(
    connection: Connection, upload_id: int, doing: str, done: int, total: int | None
) -> bool:
    """What the worker does with it, and how far it is. False: it was withdrawn meanwhile."""
    share = min(100, 100 * done // total) if total else 0
    wanted = connection.execute(
        """UPDATE upload SET doing = %s, progress = %s, changed_at = now()
           WHERE id = %s AND state <> 'withdrawn'""",
        (doing[:100], share, upload_id),
    )
    return wanted.rowcount > 0


def note_delivery(connection: Connection, upload_id: int, delivery_id: int) -> None:
    """The delivery by which it is being committed."""
    set_facts(connection, upload_id, delivery_id=delivery_id)


def find_cut(connection: Connection, upload_id: int) -> Delivery | None:
    """The delivery by which its commit was begun, if it was cut off."""
    row = connection.execute(
        """SELECT d.id, d.source_id, d.started_at
           FROM upload u JOIN delivery d ON d.id = u.delivery_id
           WHERE u.id = %s AND d.state = 'running'""",
        (upload_id,),
    ).fetchone()
    return Delivery(row[0], row[1], "upload", "file", row[2]) if row else None


def settle_preview(connection: Connection, upload_id: int, report: bytes) -> bool:
    """It has been checked. True: meanwhile somebody wants it taken, so it is committing now.

    One that was withdrawn meanwhile stays so.
    """
    row = connection.execute(
        "SELECT state, commit_wanted FROM upload WHERE id = %s FOR UPDATE", (upload_id,)
    ).fetchone()
    if row is None or row[0] == "withdrawn":
        return False
    note_state(connection, upload_id, "committing" if row[1] else "previewed", report=report)
    return bool(row[1])


def note_state(
    connection: Connection,
    upload_id: int,
    state: State,
    *,
    report: bytes | None = None,
    **facts: object,
) -> None:
    """The worker has brought it into that state. `report`: as JSON. `facts`: other columns.

    One that was withdrawn stays so.
    """
    withdrawn = connection.execute(
        "SELECT FROM upload WHERE id = %s AND state = 'withdrawn' FOR UPDATE", (upload_id,)
    )
    if withdrawn.rowcount:
        return
    if state in FINISHED:
        facts = {"doing": None, "progress": 100} | facts
    set_facts(connection, upload_id, state=state, **facts)
    connection.execute(
        """UPDATE upload SET report = coalesce(%s::jsonb, report),
               finished_at = CASE WHEN %s THEN clock_timestamp() END WHERE id = %s""",
        (None if report is None else report.decode(), state in FINISHED, upload_id),
    )


def forget_row_findings(connection: Connection, upload_id: int) -> None:
    """It is about to be checked anew."""
    connection.execute("DELETE FROM upload_finding WHERE upload_id = %s", (upload_id,))


def add_row_findings(
    connection: Connection, upload_id: int, findings: Iterable[RowFinding]
) -> None:
    """Keep what was found. `n` counts within the upload, from 1."""
    copy_rows(
        connection,
        "upload_finding",
        {"upload_id": "int8", "n": "int4", "row_no": "int4", "column_name": "text",
         "value": "text", "code": "text", "severity": "text", "message": "text"},
        ((upload_id, f.n, f.row, _text(f.column, 200), f.value and _text(f.value, 200), f.code,
          f.severity, _text(f.message, 1000)) for f in findings),
    )  # fmt: skip


def _text(text: str, length: int) -> str:
    # PostgreSQL keeps no NUL; an unpaired surrogate has no UTF-8.
    return text[:length].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def forget_old_files(connection: Connection) -> None:
    """What was not finished in a day, or taken in 30, is withdrawn; bytes nobody needs go.

    The bytes of what was committed stay: from them the registry can be built anew.
    """
    connection.execute(
        """UPDATE upload SET state = 'withdrawn', finished_at = now(), changed_at = now()
           WHERE state = 'receiving' AND changed_at < now() - interval '1 day'
              OR state = 'previewed' AND changed_at < now() - interval '30 days'"""
    )
    connection.execute(
        """DELETE FROM upload_chunk c USING upload u
           WHERE c.upload_id = u.id AND (u.state = 'withdrawn'
               OR u.state IN ('failed', 'refused')
                  AND u.changed_at < now() - interval '30 days')"""
    )
