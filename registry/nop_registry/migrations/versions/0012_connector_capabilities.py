"""Keep what OCPI 2.3.0 says of a connector: plug and charge."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("ALTER TABLE connector ADD COLUMN capabilities text[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    op.execute("ALTER TABLE connector DROP COLUMN capabilities")
