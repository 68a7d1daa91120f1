"""What may be published is declared, column by column."""

from nop_registry.database import Connection
from nop_registry.publication import PUBLICATION, UNPUBLISHED, public_columns

_COLUMNS = """
SELECT c.table_name, c.column_name FROM information_schema.columns c
JOIN pg_class t ON t.oid = format('%I.%I', c.table_schema, c.table_name)::regclass
WHERE c.table_schema = 'public' AND t.relkind IN ('r', 'p') AND NOT t.relispartition
  AND c.table_name NOT LIKE 'procrastinate%'"""


def test_every_column_of_every_table_is_declared_public_or_private(connection: Connection) -> None:
    found: dict[str, set[str]] = {}
    for table, column in connection.execute(_COLUMNS).fetchall():
        found.setdefault(table, set()).add(column)
    published = {table: names for table, names in found.items() if table not in UNPUBLISHED}
    assert published == {table: set(columns) for table, columns in PUBLICATION.items()}
    assert set(UNPUBLISHED) <= set(found)
    assert not set(UNPUBLISHED) & set(PUBLICATION)


def test_every_declaration_gives_a_reason() -> None:
    columns = [column for table in PUBLICATION.values() for column in table.values()]
    assert all(column.reason for column in columns)
    assert all(UNPUBLISHED.values())


def test_secrets_and_unpublished_tables_have_no_public_column() -> None:
    assert "token_sealed" not in public_columns("source")
    assert "versions_url" not in public_columns("source")
    assert public_columns("api_key") == frozenset()
    assert public_columns("object_version") == frozenset()
