"""The schema's migrations: forward, back, and forward again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from psycopg.rows import tuple_row

import nop_registry.migrations
from nop.migration import bring_schema_forward, current_revision, refuse_newer
from nop_registry.database import connect, migrate
from nop_registry.errors import DatabaseUnavailable, InvalidInput, SettingsError

VERSIONS = sorted(
    path.name[:4]
    for path in Path(next(iter(nop_registry.migrations.__path__))).glob("versions/[0-9]*.py")
)

DESCRIPTION = """
    SELECT 'column', table_name, column_name, data_type, is_nullable, column_default
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index', tablename, indexname, indexdef, '', ''
      FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname,
      pg_get_constraintdef(oid), '', '' FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', ''
      FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'view', viewname, definition, '', '', ''
      FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'type', typname, typtype::text, '', '', '' FROM pg_type
      WHERE typnamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', proname, prosrc, '', '', '' FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3, 4
"""


def describe(url: str) -> list[tuple[object, ...]]:
    with connect(url) as connection:
        return connection.cursor(row_factory=tuple_row).execute(DESCRIPTION).fetchall()


def test_every_migration_can_be_taken_back_and_made_again(empty_database_url: str) -> None:
    migrate(empty_database_url, "base")
    before = describe(empty_database_url)
    at: dict[str, list[tuple[object, ...]]] = {}
    for version in VERSIONS:
        assert bring_schema_forward(empty_database_url, "IN", version) == version
        at[version] = describe(empty_database_url)
    for version, older in zip(VERSIONS[::-1], VERSIONS[-2::-1], strict=False):
        assert version != older
        assert bring_schema_forward(empty_database_url, "IN", older) == older
        assert describe(empty_database_url) == at[older], f"{version} leaves something behind"
    bring_schema_forward(empty_database_url, "IN", "base")
    assert [row for row in describe(empty_database_url) if "alembic_version" not in str(row)] == [
        row for row in before if "alembic_version" not in str(row)
    ]
    assert bring_schema_forward(empty_database_url, "IN") == VERSIONS[-1]
    assert describe(empty_database_url) == at[VERSIONS[-1]]


def test_two_processes_that_migrate_at_once_do_not_disturb_one_another(
    empty_database_url: str,
) -> None:
    failures: list[Exception] = []

    def bring() -> None:
        try:
            migrate(empty_database_url)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=bring) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert current_revision(empty_database_url) == VERSIONS[-1]


def test_an_unknown_revision_is_refused_with_what_could_be_given(database_url: str) -> None:
    with pytest.raises(InvalidInput, match="such as 0005, base or head"):
        bring_schema_forward(database_url, "IN", "9999")


def test_a_program_leaves_the_tables_of_a_newer_one_alone(database_url: str) -> None:
    refuse_newer(database_url)
    with connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for act in (refuse_newer, lambda url: bring_schema_forward(url, "IN")):
        with pytest.raises(SettingsError, match=f"at 9999 .* up to {VERSIONS[-1]} only"):
            act(database_url)


def test_a_database_that_is_not_there_is_named_as_the_reason() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        bring_schema_forward("postgresql://nop@127.0.0.1:1/nop", "IN")


def test_a_station_without_a_named_operator_shows_its_party_right_after_an_upgrade(
    empty_database_url: str,
) -> None:
    """RT-7: until the worker has found out what the party calls itself."""
    migrate(empty_database_url, "0012")
    with connect(empty_database_url) as connection:
        connection.execute(
            """INSERT INTO source (id, name, kind, country_code) OVERRIDING SYSTEM VALUE
               VALUES (1, 'a', 'ocpi', 'IN')"""
        )
        connection.execute(
            """INSERT INTO location (id, source_id, country_code, party_id, ocpi_id, publish, lat,
                   lon, operator_name, details, content_hash, version, first_seen_at, received_at)
               SELECT id, 1, 'IN', 'TPC', id, true, 20, 70, name, '{}', '', 1, now(), now()
               FROM (VALUES (1, 'Tata Power'), (2, NULL)) AS l(id, name)"""
        )
        connection.execute(
            """INSERT INTO site (location_id, source_id, geom, cell, operator_name, class_mask,
                   n_evse, n_available, n_busy, n_out, n_unknown, n_planned)
               SELECT id, 1, ST_SetSRID(ST_MakePoint(0, 0), 3857), 0, operator_name, 0,
                   1, 1, 0, 0, 0, 0
               FROM location"""
        )
    migrate(empty_database_url)
    with connect(empty_database_url) as connection:
        shown = connection.execute("SELECT operator_name FROM site ORDER BY location_id").fetchall()
    assert shown == [("Tata Power",), ("IN-TPC",)]
