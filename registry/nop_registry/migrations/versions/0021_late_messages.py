"""Remember what decides whether a message that comes late still says something."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("""
    ALTER TABLE location
        ADD COLUMN told_whole_at timestamptz; -- claim of the newest message that listed all its EVSEs
    ALTER TABLE evse
        ADD COLUMN told_whole_at timestamptz, -- the same of its connectors, if it came by itself
        ADD COLUMN last_updated timestamptz;  -- the publisher's claim, without its status
    UPDATE location SET told_whole_at = last_updated WHERE last_updated IS NOT NULL;
    """)


def downgrade() -> None:
    op.execute("""
    ALTER TABLE evse DROP COLUMN last_updated, DROP COLUMN told_whole_at;
    ALTER TABLE location DROP COLUMN told_whole_at;
    """)
