"""Keep the job queue (procrastinate's own schema)."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    op.execute("""
    DO $$ DECLARE item record; BEGIN
        FOR item IN SELECT oid::regclass AS name FROM pg_class
                    WHERE relname LIKE 'procrastinate\\_%' AND relkind = 'r' LOOP
            EXECUTE format('DROP TABLE %s CASCADE', item.name);
        END LOOP;
        FOR item IN SELECT oid::regprocedure AS name FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' LOOP
            EXECUTE format('DROP FUNCTION %s CASCADE', item.name);
        END LOOP;
        FOR item IN SELECT oid::regtype AS name FROM pg_type
                    WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c') LOOP
            EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', item.name);
        END LOOP;
    END $$;
    """)
