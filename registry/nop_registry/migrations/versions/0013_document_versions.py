"""Each document has a version, which the search row names: readers keep what they have cut."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # NULL until the worker has written the document anew, which it does by itself.
    op.execute("""
    ALTER TABLE site_document ADD COLUMN version bigint;
    ALTER TABLE site ADD COLUMN document_version bigint;
    """)


def downgrade() -> None:
    op.execute("""
    ALTER TABLE site DROP COLUMN document_version;
    ALTER TABLE site_document DROP COLUMN version;
    """)
