"""Keep Tariffs."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE tariff (
        id            bigint PRIMARY KEY,                  -- identifiers.object_number
        source_id     int NOT NULL REFERENCES source,
        country_code  text NOT NULL,
        party_id      text NOT NULL,
        ocpi_id       text NOT NULL,
        currency      text NOT NULL,
        type          text,
        document      jsonb NOT NULL,                      -- records.TariffRecord
        last_updated  timestamptz,
        content_hash  bytea NOT NULL,
        version       int NOT NULL,
        first_seen_at timestamptz NOT NULL,
        received_at   timestamptz NOT NULL,
        retired_at    timestamptz
    );
    CREATE INDEX tariff_by_party ON tariff (country_code, party_id, lower(ocpi_id));
    """)


def downgrade() -> None:
    op.execute("DROP TABLE tariff")
