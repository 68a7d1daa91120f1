"""Find what came between two versions of a source, and count its findings, without reading all."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("""
    CREATE INDEX object_version_by_delivery ON object_version (delivery_id, object_id);
    -- What a person withdrew came with no delivery.
    CREATE INDEX object_version_withdrawn ON object_version (valid_from)
        WHERE delivery_id IS NULL;

    -- Counted from the index alone.
    DROP INDEX finding_by_source;
    CREATE INDEX finding_by_source ON finding (source_id, code, severity, object_id);
    """)


def downgrade() -> None:
    op.execute("""
    DROP INDEX finding_by_source;
    CREATE INDEX finding_by_source ON finding (source_id, code);
    DROP INDEX object_version_withdrawn, object_version_by_delivery;
    """)
