"""The log cannot be changed, and if it is, the seals say so."""

from __future__ import annotations

import re
import threading
import time

import psycopg
import pytest

from nop_registry.access import SYSTEM, Principal, Role
from nop_registry.database import Connection, connect
from nop_registry.store import audit
from nop_registry.store.audit_seals import (
    LogBusy,
    Seal,
    Verdict,
    list_seals,
    seal_events,
    verify,
)

KEY = bytes(range(32))
ASHA = Principal(
    kind="account", name="Asha", role=Role.OPERATOR_ADMIN, account_id=7,
    parties=frozenset({"IN*ABC"}), address="192.0.2.7",
)  # fmt: skip


def write(connection: Connection, count: int) -> None:
    for number in range(count):
        audit.record(connection, ASHA, "uploaded", f"source:{number}", rows=number)
    connection.commit()


def seal(connection: Connection) -> Seal:
    made = seal_events(connection, KEY)
    assert made is not None
    connection.commit()
    return made


def look(connection: Connection, lines: tuple[bytes, ...] = ()) -> Verdict:
    return verify(connection, KEY, lines)


def tamper(connection: Connection, statement: str) -> None:
    """As the database's owner, past the triggers."""
    connection.execute("SET LOCAL session_replication_role = replica")
    assert connection.execute(statement.encode()).rowcount > 0
    connection.execute("SET LOCAL session_replication_role = origin")


def test_an_event_tells_who_for_whom_and_what(connection: Connection) -> None:
    audit.record(connection, ASHA, "uploaded", "source:bee", rows=3)
    audit.record(connection, SYSTEM, "invited", "login:x")
    system, asha = audit.list_events(connection)
    assert (asha.actor, asha.account_id, asha.acting_for) == ("Asha", 7, ["IN*ABC"])
    assert (asha.address, asha.object, asha.detail) == ("192.0.2.7", "source:bee", {"rows": 3})
    assert system.acting_for is None
    assert audit.list_events(connection, parties={"IN*ABC"}) == [asha]
    assert audit.list_events(connection, before=system.id) == [asha]


def test_it_is_written_with_the_deed_or_not_at_all(connection: Connection) -> None:
    with pytest.raises(ValueError, match="undone"), connection.transaction():
        audit.record(connection, ASHA, "uploaded", "source:bee")
        raise ValueError("undone")
    assert audit.list_events(connection) == []


def test_refusals_are_kept_but_do_not_fill_the_log(connection: Connection) -> None:
    for number in range(121):
        audit.record_refusal(connection, ASHA, f"source:{number}\x00")
    other = Principal(kind="key", name="prog", role=Role.APP, key_id=7)
    audit.record_refusal(connection, other, "source:x")
    connection.rollback()
    kept = audit.list_events(connection, limit=1000)
    assert (kept[0].actor, len(kept)) == ("prog", 121)


def test_nothing_in_it_can_be_changed(connection: Connection) -> None:
    write(connection, 1)
    seal(connection)
    for statement in (
        "UPDATE audit_event SET actor = ''",
        "UPDATE audit_seal SET key_id = ''",
        "DELETE FROM audit_event",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_event",
        "TRUNCATE audit_seal",
    ):
        with (
            pytest.raises(psycopg.errors.RaiseException, match="append-only"),
            connection.transaction(),
        ):
            connection.execute(statement.encode())


def test_an_untouched_log_is_verified(connection: Connection) -> None:
    write(connection, 3)
    first = seal(connection)
    assert seal_events(connection, KEY) is None
    write(connection, 2)
    second = seal(connection)
    write(connection, 1)
    assert [(s.first_id, s.last_id, s.events) for s in list_seals(connection)] == [
        (1, 3, 3), (4, 5, 2),
    ]  # fmt: skip
    found = look(connection, (first.line(), second.line()))
    assert found == Verdict(seals=2, events=5, unsealed=1, problems=[])


CHANGES = (
    ("UPDATE audit_event SET actor = 'Ravi' WHERE id = 2", "seal 1 "),
    ("UPDATE audit_event SET detail = '{\"rows\": 9}' WHERE id = 2", "seal 1 "),
    ("UPDATE audit_event SET at = at - interval '1 microsecond' WHERE id = 2", "seal 1 "),
    ("DELETE FROM audit_event WHERE id = 3", "seal 1 "),
    (
        """INSERT INTO audit_event (id, actor_kind, actor, action, object)
           OVERRIDING SYSTEM VALUE VALUES (0, 'system', 'x', 'y', 'z')""",
        "before the first seal",
    ),
    ("DELETE FROM audit_seal WHERE number = 1", "seal 2 "),
    ("DELETE FROM audit_seal WHERE number = 2", "seal 2 .*the database has lost it"),
    ("UPDATE audit_seal SET signature = signature || 'x' WHERE number = 2", "seal 2 .*signature"),
    ("UPDATE audit_seal SET last_id = 2, events = 2 WHERE number = 1", "seal 1 "),
)


def test_whatever_is_changed_is_named(connection: Connection) -> None:
    write(connection, 3)
    first = seal(connection)
    write(connection, 2)
    second = seal(connection)
    for statement, named in CHANGES:
        with connection.transaction(force_rollback=True):
            tamper(connection, statement)
            problems = "\n".join(look(connection, (first.line(), second.line())).problems)
        assert re.search(named, problems), (statement, problems)
    assert look(connection, (first.line(), second.line())).problems == []


def test_whoever_lacks_the_key_cannot_seal_again(connection: Connection) -> None:
    write(connection, 2)
    tamper(connection, "UPDATE audit_event SET actor = 'Ravi' WHERE id = 2")
    assert seal_events(connection, bytes(32)) is not None
    assert "another key" in look(connection).problems[0]


def test_an_event_that_commits_late_is_not_left_between_two_seals(
    connection: Connection, database_url: str
) -> None:
    write(connection, 1)
    with connect(database_url) as writer, connect(database_url) as sealer:
        audit.record(writer, ASHA, "uploaded", "source:late")
        made: list[Seal | None] = []
        thread = threading.Thread(target=lambda: made.append(seal_events(sealer, KEY)))
        thread.start()
        time.sleep(0.2)  # the sealer waits for the writer
        assert thread.is_alive()
        writer.commit()
        thread.join()
        sealer.commit()
    assert made[0] is not None and made[0].events == 2
    with connect(database_url) as writer, connect(database_url) as sealer:
        audit.record(writer, ASHA, "uploaded", "source:longer")
        with pytest.raises(LogBusy):  # nobody waits longer than two seconds
            seal_events(sealer, KEY)
    assert look(connection).problems == []
