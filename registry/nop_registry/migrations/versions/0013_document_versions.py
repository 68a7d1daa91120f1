"""Each document has a version, which the search row names: readers keep what they have cut."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # A version is NULL until the worker has written the document anew, which it does by itself; so
    # it finds out the operator shown. Until then a station without one shows its party.
    op.execute("""
    ALTER TABLE site_document ADD COLUMN version bigint;
    ALTER TABLE site ADD COLUMN document_version bigint;
    UPDATE site SET operator_name = l.country_code || '-' || l.party_id FROM location l
    WHERE l.id = site.location_id AND site.operator_name IS NULL;
    """)


def downgrade() -> None:
    op.execute("""
    ALTER TABLE site DROP COLUMN document_version;
    ALTER TABLE site_document DROP COLUMN version;
    """)
