from __future__ import annotations

from datetime import UTC, datetime

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


def test_a_month_whose_events_came_before_its_partition_does_not_stop_the_upkeep(
    connection: Connection,
) -> None:
    connection.execute("DROP TABLE status_event_" + f"{datetime.now(UTC):%Y_%m}")
    connection.execute("INSERT INTO status_event VALUES (1, 'AVAILABLE', now(), now())")
    connection.execute(
        "INSERT INTO change (at, location_ids) VALUES (now() - interval '3 days', '{1}')"
    )
    tidy(connection)
    assert connection.execute("SELECT count(*) FROM change").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM status_event_other").fetchone() == (1,)


def test_only_one_worker_leads(connection: Connection, database_url: str) -> None:
    assert lead(connection)
    with connect(database_url) as other:
        assert not lead(other)
