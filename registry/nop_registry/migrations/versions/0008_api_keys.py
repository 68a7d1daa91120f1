"""Keep API keys: only their SHA-256."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE api_key (
        id           int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name         text NOT NULL,
        prefix       text NOT NULL UNIQUE,                 -- the part that may be shown
        sha256       bytea NOT NULL UNIQUE,
        scopes       text[] NOT NULL,
        source_id    int REFERENCES source,                -- NULL: any source
        created_at   timestamptz NOT NULL DEFAULT now(),
        expires_at   timestamptz,
        revoked_at   timestamptz,
        last_used_at timestamptz
    );
    """)


def downgrade() -> None:
    op.execute("DROP TABLE api_key")
