"""Keep when OCPI consumers were told of each object: order of the list, clock, tombstones."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("""
    -- One row per location that is, or lately was, public. Written by emit_locations() in the
    -- transaction of the change; a status does not write here (see queries/emissions.py).
    CREATE TABLE location_emission (
        location_id  bigint PRIMARY KEY,
        source_id    int NOT NULL,
        country_code text NOT NULL,
        party_id     text NOT NULL,
        country      text,                      -- of the place, ISO 3166 alpha-3
        lat          double precision NOT NULL, -- as last public
        lon          double precision NOT NULL,
        version      int NOT NULL,              -- location.version that the clock belongs to
        missing      boolean NOT NULL,          -- as location.missing_since: its statuses are UNKNOWN
        listed_at    timestamptz NOT NULL,      -- when it was first public: the order of the list
        emitted_at   timestamptz NOT NULL,      -- last_updated as told, but for what statuses add
        withdrawn_at timestamptz,               -- no longer public: told as REMOVED for a while
        returned_at  timestamptz                -- since when its statuses are told again after that
    );
    CREATE UNIQUE INDEX location_emission_in_order ON location_emission (listed_at, location_id);

    -- Rows of location_emission: what X-Total-Count says.
    CREATE TABLE emission_count (
        source_id    int NOT NULL,
        country_code text NOT NULL,
        party_id     text NOT NULL,
        listed       int NOT NULL,
        PRIMARY KEY (source_id, country_code, party_id)
    );

    ALTER TABLE source
        ADD COLUMN recovered_at timestamptz,    -- when it was heard again after it had been stale
        ADD COLUMN withdrawn_at timestamptz,    -- a person took it out: nothing more of it is taken
        ADD COLUMN withheld text[] NOT NULL DEFAULT '{}'; -- fields that its licence keeps from others
    ALTER TABLE tariff ADD COLUMN emitted_at timestamptz; -- last_updated as told
    CREATE INDEX tariff_in_order ON tariff (first_seen_at, id);
    CREATE INDEX tariff_with_dates ON tariff (source_id)
        WHERE document ?| ARRAY['start_date_time', 'end_date_time'];
    CREATE INDEX connector_by_tariff ON connector USING gin (tariff_numbers);

    -- An id alone must be found too: a consumer does not always say whose it is.
    CREATE INDEX location_by_ocpi_id ON location (lower(ocpi_id), country_code, party_id);
    DROP INDEX location_by_party;

    INSERT INTO location_emission (location_id, source_id, country_code, party_id, country, lat, lon,
        version, missing, listed_at, emitted_at)
    SELECT l.id, l.source_id, l.country_code, l.party_id, l.country, l.lat, l.lon, l.version,
           l.missing_since IS NOT NULL, l.first_seen_at, coalesce(l.last_updated, l.received_at)
    FROM location l JOIN site t ON t.location_id = l.id;
    INSERT INTO emission_count
    SELECT source_id, country_code, party_id, count(*) FROM location_emission GROUP BY 1, 2, 3;
    UPDATE tariff SET emitted_at = coalesce(last_updated, received_at);
    """)


def downgrade() -> None:
    op.execute("""
    DROP TABLE location_emission, emission_count;
    CREATE INDEX location_by_party ON location (country_code, party_id, lower(ocpi_id));
    DROP INDEX tariff_in_order, tariff_with_dates, connector_by_tariff, location_by_ocpi_id;
    ALTER TABLE tariff DROP COLUMN emitted_at;
    ALTER TABLE source DROP COLUMN recovered_at, DROP COLUMN withdrawn_at,
        DROP COLUMN withheld;
    """)
