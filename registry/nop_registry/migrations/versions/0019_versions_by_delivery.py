"""Find what came between two versions of a source without looking at all that it has."""

from alembic import op

revision = "0019"
down_revision = "0017"


def upgrade() -> None:
    op.execute("""
    CREATE INDEX object_version_by_delivery ON object_version (delivery_id, object_id);
    -- What a person withdrew came with no delivery.
    CREATE INDEX object_version_withdrawn ON object_version (valid_from)
        WHERE delivery_id IS NULL;
    """)


def downgrade() -> None:
    op.execute("DROP INDEX object_version_withdrawn, object_version_by_delivery")
