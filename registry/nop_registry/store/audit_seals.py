"""Hourly seals over the audit log: a chain of signed digests, kept outside the database too (T30).

The signing key is derived from the secret key, which the database does not hold: whoever rewrites
events there cannot seal them again. A copy of each seal in a file shows when the newest seals were
removed together with their events.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg.errors import LockNotAvailable
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.errors import NopError
from nop_registry.store.audit import COLUMNS, Event

_START = bytes(32)
_encode = msgspec.json.Encoder(order="sorted").encode


class LogBusy(NopError):
    """Somebody is writing an event for longer than the seal may hold the others up."""


class Seal(msgspec.Struct, frozen=True):
    """One link of the chain, over the events `first_id` to `last_id`."""

    number: int
    first_id: int
    last_id: int
    events: int
    previous: bytes
    digest: bytes
    key_id: str
    signature: bytes
    sealed_at: datetime

    def line(self) -> bytes:
        """As it is kept outside the database: one line of JSON."""
        return _encode(self) + b"\n"


class Verdict(msgspec.Struct, frozen=True):
    """What a look at the whole log found."""

    seals: int
    events: int
    """Sealed ones."""
    unsealed: int
    problems: list[str]
    """Sentences that name the seal; empty: nothing was changed since it was sealed."""


_SEAL_COLUMNS = ", ".join(Seal.__struct_fields__)


def seal_events(connection: Connection, key: bytes) -> Seal | None:
    """Seal what was written since the last seal; None: there is nothing new.

    In a transaction of its own. Raises LogBusy: writers are under way, call again.
    """
    try:
        with connection.transaction():
            # Nobody is between taking an id and committing it: none comes later below last_id.
            connection.execute("SET LOCAL lock_timeout = '2s'")
            connection.execute("LOCK TABLE audit_event IN SHARE ROW EXCLUSIVE MODE")
            return _seal(connection, key)
    except LockNotAvailable:
        raise LogBusy("events are being written just now: try again") from None


def list_seals(connection: Connection) -> list[Seal]:
    """All, the first first."""
    with connection.cursor(row_factory=class_row(Seal)) as cursor:
        return cursor.execute(
            f"SELECT {_SEAL_COLUMNS} FROM audit_seal ORDER BY number"  # noqa: S608 - our own column names
        ).fetchall()


def public_key(key: bytes) -> bytes:
    """The 32 bytes that anybody may check signatures with."""
    return _signing_key(key).public_key().public_bytes_raw()


def verify(connection: Connection, key: bytes, kept_lines: Iterable[bytes]) -> Verdict:
    """Compute every seal again and compare it with what was sealed and with the file's lines."""
    public = _signing_key(key).public_key()
    previous, last_id, sealed = _START, 0, 0
    problems: list[str] = []
    seals = list_seals(connection)
    for position, seal in enumerate(seals, start=1):
        said = _judge(connection, seal, position, previous, last_id, public)
        problems += [f"{_name(seal)}: {sentence}" for sentence in said]
        previous, last_id, sealed = seal.digest, seal.last_id, sealed + seal.events
    problems += _compare_with_file(seals, kept_lines)
    before = connection.execute("SELECT count(*) FROM audit_event WHERE id < 1").fetchone()
    if before and before[0]:
        problems.append(f"{before[0]} events were added before the first seal")
    row = connection.execute(
        "SELECT count(*) FROM audit_event WHERE id > %s", (last_id,)
    ).fetchone()
    return Verdict(len(seals), sealed, row[0] if row else 0, problems)


def _seal(connection: Connection, key: bytes) -> Seal | None:
    with connection.cursor(row_factory=class_row(Seal)) as cursor:
        before = cursor.execute(
            f"SELECT {_SEAL_COLUMNS} FROM audit_seal ORDER BY number DESC LIMIT 1"  # noqa: S608 - our own column names
        ).fetchone()
    first_id = before.last_id + 1 if before else 1
    row = connection.execute(
        "SELECT max(id), clock_timestamp() FROM audit_event WHERE id >= %s", (first_id,)
    ).fetchone()
    if row is None or row[0] is None:
        return None
    last_id, now = row
    events, content = _content(connection, first_id, last_id)
    draft = Seal(
        number=before.number + 1 if before else 1, first_id=first_id, last_id=last_id,
        events=events, previous=before.digest if before else _START, digest=b"",
        key_id=_key_id(_signing_key(key).public_key()), signature=b"", sealed_at=now,
    )  # fmt: skip
    digest = _digest(draft, content)
    seal = msgspec.structs.replace(draft, digest=digest, signature=_signing_key(key).sign(digest))
    connection.execute(
        f"""INSERT INTO audit_seal ({_SEAL_COLUMNS})
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",  # noqa: S608 - our own column names
        msgspec.structs.astuple(seal),
    )
    return seal


def _judge(
    connection: Connection,
    seal: Seal,
    position: int,
    previous: bytes,
    last_id: int,
    public: Ed25519PublicKey,
) -> list[str]:
    if seal.number != position or seal.previous != previous or seal.first_id != last_id + 1:
        return ["a seal before it was removed or changed"]
    events, content = _content(connection, seal.first_id, seal.last_id)
    if events != seal.events or _digest(seal, content) != seal.digest:
        return [f"an event was changed, removed or added ({seal.events} sealed, {events} found)"]
    if seal.key_id != _key_id(public):
        return ["it was signed with another key; NOP_SECRET_KEY is not the one of that time"]
    try:
        public.verify(seal.signature, seal.digest)
    except InvalidSignature:
        return ["its signature is not ours"]
    return []


def _compare_with_file(seals: list[Seal], kept_lines: Iterable[bytes]) -> list[str]:
    problems = []
    held = {seal.number: seal for seal in seals}
    for line in kept_lines:
        try:
            kept = msgspec.json.decode(line, type=Seal)
        except msgspec.DecodeError:
            problems.append("the file of seals has a line that is no seal")
            continue
        found = held.get(kept.number)
        if found is None:
            problems.append(f"{_name(kept)}: it is in the file, but the database has lost it")
        elif found.digest != kept.digest:
            problems.append(f"{_name(kept)}: the file has another digest")
    return problems


def _content(connection: Connection, first_id: int, last_id: int) -> tuple[int, bytes]:
    """How many events there are, and a digest over all that they say."""
    hashed, count = sha256(), 0
    with connection.cursor("sealed", row_factory=class_row(Event)) as cursor:
        cursor.execute(
            f"""SELECT {COLUMNS} FROM audit_event
                WHERE id BETWEEN %s AND %s ORDER BY id""",  # noqa: S608 - our own column names
            (first_id, last_id),
        )
        for event in cursor:
            utc = msgspec.structs.replace(event, at=event.at.astimezone(UTC))
            hashed.update(sha256(_encode(utc)).digest())
            count += 1
    return count, hashed.digest()


def _digest(seal: Seal, content: bytes) -> bytes:
    said = (
        "nop audit seal", seal.number, seal.first_id, seal.last_id, seal.events, seal.previous,
        content, seal.key_id, round(seal.sealed_at.timestamp() * 1_000_000),
    )  # fmt: skip
    return sha256(_encode(said)).digest()


def _signing_key(key: bytes) -> Ed25519PrivateKey:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"nop audit seal").derive(key)
    return Ed25519PrivateKey.from_private_bytes(derived)


def _key_id(public: Ed25519PublicKey) -> str:
    return sha256(public.public_bytes_raw()).hexdigest()[:16]


def _name(seal: Seal) -> str:
    return f"seal {seal.number} (events {seal.first_id} to {seal.last_id}, {seal.sealed_at:%F %T})"
