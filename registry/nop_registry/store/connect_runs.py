"""What operators ask for in the portal's wizard: a probe or a connection, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.errors import NotFound
from nop_registry.sealing import seal, unseal
from nop_registry.store.jobs import defer_job

Act = Literal["probe", "static", "register", "invite"]
_KEPT = "90 days"
_TOKEN_KEPT = "1 day"  # noqa: S105 - a length of time


class ConnectRun(msgspec.Struct, frozen=True):
    """One thing that was asked for."""

    id: int
    source_id: int
    source: str
    act: str
    state: str
    """waiting, running, done or failed."""
    doing: str | None
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    versions_url: str | None
    parties: list[str]
    has_token: bool
    """The token that the person typed is still held, for connecting after a probe."""
    has_secret: bool
    """A token of ours waits to be shown, once."""
    report: dict[str, Any] | None
    error: str | None


_SELECT = """SELECT r.id, r.source_id, s.name AS source, r.act, r.state, r.doing, r.asked_by,
    r.asked_at, r.finished_at, r.versions_url, r.parties, r.token_sealed IS NOT NULL AS has_token,
    r.shown_sealed IS NOT NULL AS has_secret, r.report, r.error
    FROM connect_run r JOIN source s ON s.id = r.source_id """


def ask(
    connection: Connection,
    *,
    source_id: int,
    act: Act,
    asked_by: str,
    versions_url: str | None = None,
    parties: Sequence[str] = (),
    token: str | None = None,
    key: bytes = b"",
) -> int:
    """Have the worker do it once this transaction commits. `key` seals the token."""
    row = connection.execute(
        """INSERT INTO connect_run (source_id, act, asked_by, versions_url, parties, token_sealed)
           VALUES (%s, %s, %s, %s, %s, %s) RETURNING id""",
        (
            source_id, act, asked_by, versions_url, list(parties),
            seal(token, key=key, purpose=_purpose(source_id)) if token else None,
        ),
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 - inserted
    run_id = int(row[0])
    defer_job(connection, "connect", lock=f"connect:{run_id}", run_id=run_id)
    return run_id


def get_run(connection: Connection, run_id: int) -> ConnectRun:
    """The run of that number. Raises NotFound."""
    with connection.cursor(row_factory=class_row(ConnectRun)) as cursor:
        found = cursor.execute(_SELECT + "WHERE r.id = %s", (run_id,)).fetchone()
    if found is None:
        raise NotFound("There is no such attempt to connect.")
    return found


def list_runs(
    connection: Connection, source_ids: Sequence[int], *, limit: int = 20
) -> list[ConnectRun]:
    """The newest runs of these sources, newest first."""
    with connection.cursor(row_factory=class_row(ConnectRun)) as cursor:
        return cursor.execute(
            _SELECT + "WHERE r.source_id = ANY(%s) ORDER BY r.id DESC LIMIT %s",
            (list(source_ids), limit),
        ).fetchall()


def begin(connection: Connection, run_id: int) -> ConnectRun | None:
    """The worker takes it up; None when it is done already."""
    done = connection.execute(
        """UPDATE connect_run SET state = 'running' WHERE id = %s AND state IN
           ('waiting', 'running')""",
        (run_id,),
    )
    return get_run(connection, run_id) if done.rowcount else None


def note_doing(connection: Connection, run_id: int, doing: str) -> None:
    """What the worker is at now, for the page that waits."""
    connection.execute(
        "UPDATE connect_run SET doing = %s WHERE id = %s AND state = 'running'",
        (doing[:200], run_id),
    )


def finish(
    connection: Connection,
    run_id: int,
    *,
    report: dict[str, Any] | None = None,
    error: str | None = None,
    secret: str | None = None,
    key: bytes = b"",
    keep_token: bool = False,
) -> None:
    """It is done, or failed with `error`. `secret` is a token of ours that the page shows once."""
    connection.execute(
        """UPDATE connect_run SET state = CASE WHEN %(error)s::text IS NULL THEN 'done'
               ELSE 'failed' END, doing = NULL, finished_at = clock_timestamp(), error = %(error)s,
               report = %(report)s::jsonb,
               token_sealed = CASE WHEN %(keep)s THEN token_sealed END,
               shown_sealed = %(secret)s
           WHERE id = %(id)s""",
        {
            "id": run_id,
            "error": error,
            "report": None if report is None else msgspec.json.encode(report).decode(),
            "keep": keep_token,
            "secret": seal(secret, key=key, purpose=_shown_purpose(run_id)) if secret else None,
        },
    )


def read_token(connection: Connection, run: ConnectRun, key: bytes) -> str | None:
    """The token that the person typed, while it is held."""
    row = connection.execute(
        "SELECT token_sealed FROM connect_run WHERE id = %s", (run.id,)
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return unseal(bytes(row[0]), key=key, purpose=_purpose(run.source_id))


def take_secret(connection: Connection, run_id: int, key: bytes) -> str | None:
    """The token to show; whoever asks again gets none."""
    row = connection.execute(
        """WITH shown AS (SELECT id, shown_sealed FROM connect_run WHERE id = %s FOR UPDATE)
           UPDATE connect_run r SET shown_sealed = NULL FROM shown WHERE r.id = shown.id
           RETURNING shown.shown_sealed""",
        (run_id,),
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return unseal(bytes(row[0]), key=key, purpose=_shown_purpose(run_id))


def tidy(connection: Connection) -> None:
    """Forget typed tokens and unseen secrets after a day, and old runs."""
    connection.execute(
        """UPDATE connect_run SET token_sealed = NULL, shown_sealed = NULL
           WHERE asked_at < now() - %s::interval
             AND (token_sealed IS NOT NULL OR shown_sealed IS NOT NULL)""",
        (_TOKEN_KEPT,),
    )
    connection.execute("DELETE FROM connect_run WHERE asked_at < now() - %s::interval", (_KEPT,))


def _purpose(source_id: int) -> str:
    return f"connect-run-token:{source_id}"


def _shown_purpose(run_id: int) -> str:
    return f"connect-run-shown:{run_id}"
