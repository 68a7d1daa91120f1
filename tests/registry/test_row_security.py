"""The tables themselves refuse a bound writer's hand on another party's rows."""

from __future__ import annotations

import psycopg
import pytest
from small_nation import SmallNation

from nop_registry.access import SYSTEM, Principal, Role, acting_as, limit_to_source, make_key
from nop_registry.database import Connection
from nop_registry.store import accounts, api_keys, source_parties, upload_files

ABC = Principal(
    kind="account", name="Asha", role=Role.OPERATOR_EDITOR, parties=frozenset({"IN*ABC"})
)
NOBODYS = Principal(kind="account", name="New", role=Role.OPERATOR_EDITOR, parties=frozenset())

UPDATES = {
    "location": "UPDATE location SET name = 'mine'",
    "evse": "UPDATE evse SET uid = 'mine'",
    "connector": "UPDATE connector SET id = 'mine'",
    "tariff": "UPDATE tariff SET currency = 'USD'",
    "evse_status": "UPDATE evse_status SET status = 'BLOCKED'",
}
DELETES = {table: f"DELETE FROM {table}" for table in ("connector", "evse_status", "tariff")}
TAKEOVERS = {
    "location": "UPDATE location SET party_id = 'XYZ'",
    "tariff": "UPDATE tariff SET party_id = 'XYZ'",
    "evse": "UPDATE evse SET location_id = (SELECT id FROM location WHERE party_id = 'XYZ')",
    "evse_status": "UPDATE evse_status SET location_id = (SELECT id FROM location "
    "WHERE party_id = 'XYZ')",
}
INSERTS = {
    "location": """INSERT INTO location SELECT (jsonb_populate_record(l,
        jsonb_build_object('id', 77))).* FROM location l WHERE party_id = 'XYZ'""",
    "evse": """INSERT INTO evse SELECT (jsonb_populate_record(e, jsonb_build_object('id', 78))).*
        FROM evse e JOIN location l ON l.id = e.location_id WHERE party_id = 'XYZ' LIMIT 1""",
    "connector": """INSERT INTO connector SELECT (jsonb_populate_record(c,
        jsonb_build_object('position', 79))).* FROM connector c JOIN evse e ON e.id = c.evse_id
        JOIN location l ON l.id = e.location_id WHERE party_id = 'XYZ' LIMIT 1""",
    "tariff": """INSERT INTO tariff SELECT (jsonb_populate_record(t,
        jsonb_build_object('id', 80))).* FROM tariff t WHERE party_id = 'XYZ'""",
    "evse_status": """INSERT INTO evse_status (evse_id, location_id, status, changed_at,
        claimed_at, received_at, source_id)
        SELECT 81, id, 'BLOCKED', now(), now(), now(), source_id FROM location
        WHERE party_id = 'XYZ'""",
}


@pytest.fixture
def two_parties(connection: Connection) -> Connection:
    """One station and one tariff of each of ABC and XYZ."""
    nation = SmallNation(connection)
    for number, party in ((1, "ABC"), (2, "XYZ")):
        source = nation.add_source(f"of-{party.lower()}")
        nation.add_station(source, number, party_id=party)
        connection.execute(
            """INSERT INTO tariff (id, source_id, country_code, party_id, ocpi_id, currency,
                   document, content_hash, version, first_seen_at, received_at)
               VALUES (%s, %s, 'IN', %s, 'T1', 'INR', '{}', '', 1, now(), now())""",
            (number, source, party),
        )
    connection.commit()
    return connection


def everything_of_xyz(connection: Connection) -> list[object]:
    """All rows of XYZ, as text."""
    return [
        connection.execute(statement).fetchall()
        for statement in (
            "SELECT l::text FROM location l WHERE party_id = 'XYZ' ORDER BY id",
            "SELECT t::text FROM tariff t WHERE party_id = 'XYZ' ORDER BY id",
            """SELECT e::text, c::text, s::text FROM evse e JOIN location l ON l.id = e.location_id
               LEFT JOIN connector c ON c.evse_id = e.id
               LEFT JOIN evse_status s ON s.evse_id = e.id
               WHERE l.party_id = 'XYZ' ORDER BY e.id""",
        )
    ]


def test_a_change_or_deletion_reaches_own_rows_only(two_parties: Connection) -> None:
    before = everything_of_xyz(two_parties)
    for statement in (*UPDATES.values(), *DELETES.values()):
        with acting_as(two_parties, ABC):
            assert two_parties.execute(statement.encode()).rowcount > 0, statement
        assert everything_of_xyz(two_parties) == before, statement


def test_nothing_is_written_into_anothers_name(two_parties: Connection) -> None:
    before = everything_of_xyz(two_parties)
    for statement in (*TAKEOVERS.values(), *INSERTS.values()):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
            acting_as(two_parties, ABC),
        ):
            two_parties.execute(statement.encode())
        assert everything_of_xyz(two_parties) == before, statement


def test_for_nobody_nothing_can_be_changed(two_parties: Connection) -> None:
    with acting_as(two_parties, NOBODYS):
        changed = [two_parties.execute(s.encode()).rowcount for s in UPDATES.values()]
    assert changed == [0] * len(UPDATES)


def test_the_limits_end_with_the_block_and_with_an_error(two_parties: Connection) -> None:
    def who() -> object:
        return two_parties.execute(
            "SELECT current_user = session_user, current_setting('nop.parties', true)"
        ).fetchone()

    with two_parties.transaction():
        with acting_as(two_parties, ABC):
            inside = two_parties.execute("SELECT current_user").fetchone()
        assert who() == (True, "")
        with pytest.raises(ValueError, match="by the way"), acting_as(two_parties, ABC):
            raise ValueError("by the way")
        assert who() == (True, "")
    assert inside == ("nop_operator",)
    assert who() == (True, "")


def test_one_who_is_not_bound_writes_everywhere(two_parties: Connection) -> None:
    with acting_as(two_parties, SYSTEM):
        changed = two_parties.execute("UPDATE location SET name = 'seen'").rowcount
    assert changed == 2


OUT_OF_REACH = (
    "SELECT sha256 FROM api_key",
    "SELECT password_hash FROM account",
    "SELECT digest FROM account_session",
    "SELECT token_sealed FROM source",
    "SELECT token_sealed FROM peer",
    "SELECT * FROM audit_event",
    "INSERT INTO audit_event (actor_kind, actor, action, object) VALUES ('key', 'x', 'y', 'z')",
    "DELETE FROM object_version",
    "UPDATE source SET token_sealed = NULL",
    "UPDATE source SET name = 'mine'",
    "UPDATE upload SET parties = NULL",
    "DELETE FROM source_version",
    "INSERT INTO source_party VALUES (1, 'IN', 'ABC')",
)


def test_secrets_and_the_log_are_out_of_a_bound_writers_reach(two_parties: Connection) -> None:
    for statement in OUT_OF_REACH:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(two_parties, ABC):
            two_parties.execute(statement.encode())


def test_an_upload_is_to_a_source_of_its_senders_parties_or_is_none(
    two_parties: Connection,
) -> None:
    for name, parties in (("one", ["IN*ABC"]), ("both", ["IN*ABC", "IN*XYZ"]), ("nobodys", [])):
        source = SmallNation(two_parties).add_source(name)
        source_parties.bind_source(two_parties, source, parties)

        def begin(actor: Principal, source: int = source) -> int:
            with two_parties.transaction():
                return upload_files.create_upload(
                    two_parties, source_id=source, filename="a", whole=True, actor=actor
                )

        assert begin(SYSTEM)
        if name == "one":
            number = begin(ABC)
            with pytest.raises(psycopg.errors.InsufficientPrivilege), two_parties.transaction():
                two_parties.execute(
                    "UPDATE upload SET source_id = (SELECT id FROM source WHERE name = 'of-xyz') "
                    "WHERE id = %s",
                    (number,),
                )
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                begin(ABC)


BOOKS = {  # of a source: a change, and a row in its name
    "source": ("UPDATE source SET seen_at = now(), state = 'held'", None),
    "upload": ("UPDATE upload SET state = 'failed'", None),
    "delivery": (
        "UPDATE delivery SET state = 'failed'",
        "INSERT INTO delivery (source_id, module, mode) VALUES ({}, 'upload', 'file')",
    ),
    "delivery_page": (
        "DELETE FROM delivery_page",
        """INSERT INTO delivery_page (delivery_id, page_no, seen, report)
           SELECT max(id), 9, '{{}}', '{{}}' FROM delivery WHERE source_id = {}""",
    ),
    "source_object": (
        "UPDATE source_object SET missing_pulls = 9",
        "INSERT INTO source_object VALUES (9, {}, 'location', 'k', gen_random_uuid(), false)",
    ),
    "refused_object": (
        "DELETE FROM refused_object",
        "INSERT INTO refused_object (object_id, source_id, delivery_id, raw) VALUES (9, {}, 1, '')",
    ),
    "source_version": (
        None,
        """INSERT INTO source_version (source_id, number, kind, delivery_id, counts, missing,
               actor_kind, actor) SELECT {0}, 9, 'edit', max(id), '{{}}', '{{}}', 'key', 'k'
           FROM delivery WHERE source_id = {0}""",
    ),
}


def test_the_books_of_a_source_are_its_own_parties_to_write(two_parties: Connection) -> None:
    """Versions, deliveries, what was sent, how an upload ended: the last steps of a commit."""
    numbers = {}
    for name, parties in (("abc", ["IN*ABC"]), ("xyz", ["IN*XYZ"]), ("both", ["IN*ABC", "IN*XYZ"])):
        number = numbers[name] = SmallNation(two_parties).add_source(name)
        source_parties.bind_source(two_parties, number, parties)
        for statement in (
            "INSERT INTO delivery (source_id, module, mode) VALUES (%(s)s, 'upload', 'file')",
            """INSERT INTO delivery_page (delivery_id, page_no, seen, report)
               SELECT max(id), 1, '{}', '{}' FROM delivery""",
            """INSERT INTO source_object
               VALUES (%(s)s, %(s)s, 'location', 'k', gen_random_uuid(), false)""",
            """INSERT INTO refused_object (object_id, source_id, delivery_id, raw)
               VALUES (%(s)s, %(s)s, 1, '')""",
            """INSERT INTO upload (source_id, kind, filename, whole, state, actor_kind, actor)
               VALUES (%(s)s, 'file', 'f', true, 'committing', 'key', 'k')""",
        ):
            two_parties.execute(statement.encode(), {"s": number})
    two_parties.commit()
    for table, (change, insert) in BOOKS.items():
        if change is not None:
            with acting_as(two_parties, ABC):
                assert two_parties.execute(change.encode()).rowcount == 1, table
        for other in ("xyz", "both") if insert else ():
            statement = insert.format(numbers[other]).encode()
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
                acting_as(two_parties, ABC),
            ):
                two_parties.execute(statement)
        if insert:
            with acting_as(two_parties, ABC):
                two_parties.execute(insert.format(numbers["abc"]).encode())


def test_a_push_of_statuses_is_held_to_its_own_source(two_parties: Connection) -> None:
    own, other = (
        row[0] for row in two_parties.execute("SELECT id FROM source ORDER BY name").fetchall()
    )
    before = everything_of_xyz(two_parties)
    change = "UPDATE evse_status SET status = 'BLOCKED' WHERE source_id = %s"
    with two_parties.transaction():
        limit_to_source(two_parties, own)
        assert two_parties.execute(change, (own,)).rowcount == 1
        for statement in (*UPDATES.values(), *TAKEOVERS.values()):
            if "evse_status" not in statement:
                assert two_parties.execute(statement.encode()).rowcount == 0, statement
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
            two_parties.transaction(),
        ):
            two_parties.execute(change, (other,))
        limit_to_source(two_parties, None)
        assert two_parties.execute("SELECT current_user = session_user").fetchone() == (True,)
    assert everything_of_xyz(two_parties) == before


def test_a_country_is_every_party_of_it_and_no_other(two_parties: Connection) -> None:
    country = Principal(
        kind="key", name="national file", role=Role.OPERATOR_EDITOR, parties=frozenset({"IN*"})
    )
    neighbour = Principal(
        kind="key", name="another", role=Role.OPERATOR_EDITOR, parties=frozenset({"NP*", "IN*Z"})
    )
    for statement in UPDATES.values():
        with acting_as(two_parties, neighbour):
            assert two_parties.execute(statement.encode()).rowcount == 0, statement
    for statement in UPDATES.values():
        with acting_as(two_parties, country):
            assert two_parties.execute(statement.encode()).rowcount == 2, statement


def test_a_key_is_no_wider_than_who_makes_it(two_parties: Connection) -> None:
    asha = accounts.add_account(
        two_parties, login="a@b.in", name="A", role=Role.OPERATOR_ADMIN, parties=["IN*ABC"]
    )

    def add(parties: list[str] | None) -> None:
        made = make_key()
        with two_parties.transaction():
            api_keys.add_key(
                two_parties, name="p", prefix=made.prefix, digest=made.digest, scopes=["upload"],
                source_id=None, expires_at=None, parties=parties, created_by=asha.id,
            )  # fmt: skip

    add(["IN*ABC"])
    for wider in (None, ["IN*XYZ"], ["IN*ABC", "IN*XYZ"]):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            add(wider)
