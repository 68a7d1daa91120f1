from __future__ import annotations

from nop_registry.database import Connection, connect
from nop_registry.store.upkeep import lead, tidy


def test_old_changes_are_forgotten_only_once_every_follower_has_read_them(
    connection: Connection,
) -> None:
    for days in (3, 2, 0):
        connection.execute(
            "INSERT INTO change (at, location_ids)"
            " VALUES (now() - make_interval(days => %s), '{1}')",
            (days,),
        )
    connection.execute("INSERT INTO follower SELECT 'tiles', xid, seq FROM change WHERE seq = 1")
    tidy(connection)
    assert connection.execute("SELECT seq FROM change ORDER BY seq").fetchall() == [(2,), (3,)]
    connection.execute("UPDATE follower SET seq = 3")
    tidy(connection)
    assert connection.execute("SELECT seq FROM change").fetchall() == [(3,)]


def test_next_months_partitions_are_made_once(connection: Connection) -> None:
    tidy(connection)
    tidy(connection)
    made = connection.execute(
        "SELECT count(*) FROM pg_class WHERE relname ~ '^status_event_20[0-9_]+$' AND relkind = 'r'"
    ).fetchone()
    assert made == (3,)


def test_only_one_worker_leads(connection: Connection, database_url: str) -> None:

    assert lead(connection)
    with connect(database_url) as other:
        assert not lead(other)
