"""Files of operators on their way: bytes in pieces, a state, what was found, who sent them.

    receiving → received → checking → previewed → committing → committed | held
                                 ↘ failed      ↘ withdrawn   ↘ refused | failed

Whoever receives a file appends its bytes and sets states; the worker, woken by a job for the
source, does the work. Callers commit. What a caller may do is decided before (access.require).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from nop_registry.access import Action, Principal, allows
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NopError, NotFound
from nop_registry.store.jobs import defer_job
from nop_registry.store.rates import Rate

MAX_BYTES = 1 << 30
CHUNK_BYTES = 4 << 20
MAX_OPEN = 20
"""Files of one source that may be on their way at once."""
FILES = Rate("upload", 600, 3600)
"""Of one key or account: a statement of all statuses every six seconds."""
PIECES = Rate("upload-piece", 6000, 3600)
"""Of one key or account: a GiB in pieces of 256 KiB, each asked after once in a while."""
TASK = "upload"
Kind = Literal["file", "edit", "rollback"]
State = Literal[
    "receiving", "received", "checking", "previewed", "committing", "committed", "held", "refused",
    "failed", "withdrawn",
]  # fmt: skip
FINISHED: frozenset[State] = frozenset(
    ("previewed", "committed", "held", "refused", "failed", "withdrawn")
)
"""States in which the worker has nothing more to do with it."""


class WrongOffset(NopError):
    """Bytes came for another place than the end of what is there."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"the next byte to send is byte {expected}")
        self.expected = expected


class WrongState(NopError):
    """What is wanted cannot be done with an upload in this state."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """One file, edit by hand or rollback."""

    id: int
    source_id: int
    source: str
    kind: Kind
    to_version: int | None
    filename: str
    size: int
    announced_size: int | None
    sha256: bytes | None
    format: str | None
    whole: bool
    """Its sender says: everything the source has. What it does not list is missing."""
    state: State
    commit_wanted: bool
    removal_accepted: bool
    doing: str | None
    progress: int
    """0 to 100, of the pass under way."""
    delivery_id: int | None
    version: int | None
    """The source's version that it became."""
    report: dict[str, Any] | None
    """nop_ingest.upload_report.UploadReport, without its findings but the first."""
    error: str | None
    actor_kind: str
    account_id: int | None
    key_id: int | None
    actor: str
    parties: list[str] | None
    accepted_by: str | None
    created_at: datetime
    changed_at: datetime
    finished_at: datetime | None


class RowFinding(NamedTuple):
    """Something found in a file. Row 1 is the first data row; None: the file as a whole."""

    n: int
    row: int | None
    column: str
    value: str | None
    code: str
    severity: str
    message: str


_COLUMNS = ", ".join(
    "s.name AS source" if name == "source" else f"u.{name}" for name in Upload.__struct_fields__
)
SELECT_UPLOAD = f"SELECT {_COLUMNS} FROM upload u JOIN source s ON s.id = u.source_id "  # noqa: S608 - our own column names


def create_upload(
    connection: Connection,
    *,
    source_id: int,
    filename: str,
    whole: bool,
    actor: Principal,
    kind: Kind = "file",
    announced_size: int | None = None,
    idempotency_key: str | None = None,
    to_version: int | None = None,
) -> int:
    """Begin to receive; returns its number. Raises InvalidInput for a size beyond MAX_BYTES.

    `idempotency_key` is to be unique among all callers: put the caller's number before it. Raises
    WrongState when it came before, or when too many files of the source are on their way.
    """
    if announced_size is not None and announced_size > MAX_BYTES:
        raise InvalidInput(f"a file may have {MAX_BYTES >> 30} GiB at most: split it")
    row = connection.execute(
        """SELECT count(*) FROM upload WHERE source_id = %s
           AND state IN ('receiving', 'received', 'checking', 'committing')""",
        (source_id,),
    ).fetchone()
    if row and row[0] >= MAX_OPEN:
        raise WrongState(f"{MAX_OPEN} files of this source are on their way: wait, or withdraw one")
    name = filename.replace("\\", "/").rpartition("/")[2].replace("\x00", "")[:255]
    # Of two at once with the same key one waits here for the other.
    made = connection.execute(
        """INSERT INTO upload (source_id, kind, to_version, filename, announced_size, whole, state,
               actor_kind, account_id, key_id, actor, parties, idempotency_key)
           VALUES (%s, %s, %s, %s, %s, %s, 'receiving', %s, %s, %s, %s, %s, %s)
           ON CONFLICT (idempotency_key) DO NOTHING RETURNING id""",
        (
            source_id, kind, to_version, name or "file", announced_size, whole, actor.kind,
            actor.account_id, actor.key_id, actor.name,
            None if actor.parties is None else sorted(actor.parties), idempotency_key,
        ),
    ).fetchone()  # fmt: skip
    if made is None:
        raise WrongState("the same request is being received already: ask again in a moment")
    return int(made[0])


def append_chunk(connection: Connection, upload_id: int, offset: int, data: bytes) -> int:
    """Append bytes; returns the new size.

    Raises WrongOffset when `offset` is not the size so far, WrongState when it is no longer being
    received, InvalidInput when it grows beyond what was announced or is allowed.
    """
    found = connection.execute(
        "SELECT state, size, announced_size FROM upload WHERE id = %s FOR UPDATE", (upload_id,)
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no upload {upload_id}")
    state, size, announced = found
    if state != "receiving":
        raise WrongState(f"upload {upload_id} is {state}: it takes no more bytes")
    if offset != size:
        raise WrongOffset(size)
    new_size = int(size) + len(data)
    if new_size > (MAX_BYTES if announced is None else announced):
        raise InvalidInput(
            f"a file may have {MAX_BYTES >> 30} GiB at most: split it"
            if announced is None
            else f"{announced} bytes were announced, and more are sent"
        )
    row = connection.execute(
        "SELECT coalesce(max(n), 0) FROM upload_chunk WHERE upload_id = %s", (upload_id,)
    ).fetchone()
    last = row[0] if row else 0
    for n, begin in enumerate(range(0, len(data), CHUNK_BYTES), start=last + 1):
        connection.execute(
            "INSERT INTO upload_chunk (upload_id, n, bytes) VALUES (%s, %s, %s)",
            (upload_id, n, data[begin : begin + CHUNK_BYTES]),
            binary=True,
        )
    connection.execute(
        "UPDATE upload SET size = %s, changed_at = now() WHERE id = %s", (new_size, upload_id)
    )
    return new_size


def finish_receiving(
    connection: Connection, upload_id: int, *, commit: bool, defer: bool = True
) -> None:
    """All bytes are there: the worker is to check it, and with `commit` to take it.

    Raises WrongState, InvalidInput when it is empty or not as long as announced. The worker
    computes the digest when it reads the bytes. Without `defer` the caller does the work itself.
    """
    upload = _locked(connection, upload_id)
    if upload.state != "receiving":
        raise WrongState(f"upload {upload_id} is {upload.state}: it has been received")
    if upload.kind != "rollback" and upload.size == 0:
        raise InvalidInput("the file is empty")
    if upload.announced_size not in (None, upload.size):
        raise InvalidInput(
            f"{upload.announced_size} bytes were announced and {upload.size} came: send the rest"
        )
    set_facts(
        connection, upload_id, state="received", doing="waiting", commit_wanted=commit,
        accepted_by=upload.actor if commit else None,
    )  # fmt: skip
    if defer:
        wake_worker(connection, upload.source_id)


def want_commit(
    connection: Connection,
    upload_id: int,
    actor: Principal,
    *,
    accept_removal: bool = False,
    defer: bool = True,
) -> None:
    """A previewed upload is to be taken; with `accept_removal` what it does not list goes at once.

    So can one be whose removals are held: it is then taken again, and that alone may be wanted by
    one who may not send files (a regulator). Wanting twice is wanting once. Raises WrongState.
    """
    upload = _locked(connection, upload_id)
    again = upload.state == "held" and accept_removal
    if again and _is_overtaken(connection, upload):
        raise WrongState("this source has a newer version: send the file again if it still holds")
    if not again and actor.kind != "system" and not allows(actor, Action.UPLOAD):
        raise WrongState(f"upload {upload_id} is {upload.state}: its sender takes it first")
    if upload.commit_wanted and upload.state in ("received", "checking", "committing", "committed"):
        if not accept_removal or upload.removal_accepted or upload.state == "committed":
            return
        if upload.state == "committing":
            raise WrongState(f"upload {upload_id} is being taken: accept its removals when it is")
    if upload.state not in ("received", "checking", "previewed") and not again:
        raise WrongState(f"upload {upload_id} is {upload.state}: it cannot be committed")
    set_facts(
        connection, upload_id, commit_wanted=True, accepted_by=actor.name, finished_at=None,
        removal_accepted=upload.removal_accepted or accept_removal,
        **({"state": "committing", "doing": "waiting", "progress": 0}
           if upload.state in ("previewed", "held") else {}),
    )  # fmt: skip
    if defer:
        wake_worker(connection, upload.source_id)


def _is_overtaken(connection: Connection, upload: Upload) -> bool:
    newest = connection.execute(
        "SELECT max(number) FROM source_version WHERE source_id = %s", (upload.source_id,)
    ).fetchone()
    return newest is not None and newest[0] != upload.version


def withdraw(connection: Connection, upload_id: int) -> None:
    """It is not wanted any more. Raises WrongState when it has been committed, or is being."""
    upload = _locked(connection, upload_id)
    if upload.state in ("committing", "committed", "held"):
        raise WrongState(
            f"upload {upload_id} is {upload.state}: roll back to an earlier version instead"
        )
    if upload.state != "withdrawn":
        set_facts(connection, upload_id, state="withdrawn", doing=None, commit_wanted=False)
        connection.execute("UPDATE upload SET finished_at = now() WHERE id = %s", (upload_id,))


def wake_worker(connection: Connection, source_id: int) -> None:
    """Have the worker look at what is on its way of this source."""
    defer_job(connection, TASK, lock=f"{TASK}:{source_id}", source_id=source_id)


def find_upload(connection: Connection, upload_id: int) -> Upload | None:
    """The upload of that number."""
    with connection.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(SELECT_UPLOAD + "WHERE u.id = %s", (upload_id,)).fetchone()


def find_by_idempotency_key(connection: Connection, key: str) -> Upload | None:
    """The upload that was begun with that key."""
    with connection.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(SELECT_UPLOAD + "WHERE u.idempotency_key = %s", (key,)).fetchone()


def list_uploads(
    connection: Connection, source_id: int, *, before: int | None = None, limit: int = 50
) -> list[Upload]:
    """Uploads of a source, the newest first; `before`: those with a smaller number."""
    with connection.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(
            SELECT_UPLOAD
            + """WHERE u.source_id = %s AND u.id < coalesce(%s, 9223372036854775807)
                         ORDER BY u.id DESC LIMIT %s""",
            (source_id, before, limit),
        ).fetchall()


def read_chunks(connection: Connection, upload_id: int) -> Iterator[bytes]:
    """The file's bytes in order, a piece at a time."""
    n = 0
    while True:
        row = connection.execute(
            """SELECT n, bytes FROM upload_chunk WHERE upload_id = %s AND n > %s
               ORDER BY n LIMIT 1""",
            (upload_id, n),
            binary=True,
        ).fetchone()
        if row is None:
            return
        n = row[0]
        yield bytes(row[1])


def list_row_findings(
    connection: Connection,
    upload_id: int,
    after: int,
    limit: int,
    code: str | None = None,
    severity: str | None = None,
) -> list[RowFinding]:
    """Findings after the `after`th, as they were found; those of a code or severity if given."""
    rows = connection.execute(
        """SELECT n, row_no, column_name, value, code, severity, message FROM upload_finding
           WHERE upload_id = %s AND n > %s AND code = coalesce(%s, code)
             AND severity = coalesce(%s, severity) ORDER BY n LIMIT %s""",
        (upload_id, after, code, severity, limit),
    )
    return [RowFinding(*row) for row in rows]


def _locked(connection: Connection, upload_id: int) -> Upload:
    with connection.cursor(row_factory=class_row(Upload)) as cursor:
        found = cursor.execute(
            SELECT_UPLOAD + "WHERE u.id = %s FOR UPDATE OF u", (upload_id,)
        ).fetchone()
    if found is None:
        raise NotFound(f"there is no upload {upload_id}")
    return found


def set_facts(connection: Connection, upload_id: int, **facts: object) -> None:
    """Write columns of an upload: for this part of the store alone."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in facts
    )
    connection.execute(
        sql.SQL("UPDATE upload SET {}, changed_at = now() WHERE id = %(the_id)s").format(columns),
        facts | {"the_id": upload_id},
    )
