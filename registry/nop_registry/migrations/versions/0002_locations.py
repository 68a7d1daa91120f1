"""Keep Locations, EVSEs and Connectors, and every version of them."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE location (
        id               bigint PRIMARY KEY,               -- identifiers.object_number
        source_id        int NOT NULL REFERENCES source,
        country_code     text NOT NULL,
        party_id         text NOT NULL,
        ocpi_id          text NOT NULL,
        publish          boolean NOT NULL,
        name             text,
        address          text,
        city             text,
        postal_code      text,
        district         text,
        state            text,
        country          text,                             -- ISO 3166 alpha-3
        lat              double precision NOT NULL CHECK (lat BETWEEN -85.06 AND 85.06),
        lon              double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
        operator_name    text,
        time_zone        text,
        parking_type     text,
        details          jsonb NOT NULL,                   -- the rest of the record, OCPI names
        last_updated     timestamptz,                      -- the publisher's claim
        content_hash     bytea NOT NULL,
        version          int NOT NULL,
        first_seen_at    timestamptz NOT NULL,
        received_at      timestamptz NOT NULL,             -- when this version came
        missing_since    timestamptz,                      -- not in the newest complete full pull
        retired_at       timestamptz                       -- tombstone
    );
    CREATE INDEX location_by_source ON location (source_id, id);
    CREATE INDEX location_by_party ON location (country_code, party_id, lower(ocpi_id));

    CREATE TABLE evse (
        id                   bigint PRIMARY KEY,
        location_id          bigint NOT NULL REFERENCES location,
        position             int NOT NULL,                 -- order within the location
        uid                  text NOT NULL,
        evse_id              text,                         -- as published
        evse_id_canonical    text,                         -- identifiers.canonical_evse_id
        physical_reference   text,
        floor_level          text,
        capabilities         text[] NOT NULL,
        parking_restrictions text[] NOT NULL,
        max_power_w          int CHECK (max_power_w > 0),
        class_mask           bigint NOT NULL,              -- classes.py: standards × power classes
        details              jsonb NOT NULL,
        content_hash         bytea NOT NULL,
        retired_at           timestamptz
    );
    CREATE INDEX evse_by_location ON evse (location_id);
    CREATE INDEX evse_by_evse_id ON evse (evse_id_canonical);

    CREATE TABLE connector (
        evse_id              bigint NOT NULL REFERENCES evse,
        position             int NOT NULL,
        id                   text NOT NULL,
        standard             text NOT NULL,
        format               text,
        power_type           text,
        max_voltage          int,
        max_amperage         int,
        max_electric_power_w int CHECK (max_electric_power_w > 0),
        power_derived        boolean NOT NULL,
        tariff_ids           text[] NOT NULL,
        tariff_numbers       bigint[] NOT NULL,            -- tariff.id of each
        terms_and_conditions text,
        last_updated         timestamptz,
        PRIMARY KEY (evse_id, position)
    );

    -- Append-only. What was received, byte for byte, so that it can be replayed.
    CREATE TABLE object_version (
        object_id    bigint NOT NULL,
        version      int NOT NULL,
        kind         text NOT NULL CHECK (kind IN ('location', 'tariff')),
        delivery_id  bigint,
        valid_from   timestamptz NOT NULL,
        event        text NOT NULL CHECK (event IN ('created', 'changed', 'retired', 'returned')),
        content_hash bytea,
        raw          bytea,
        PRIMARY KEY (object_id, version)
    );

    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON object_version
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    DO $$ BEGIN  -- lz4 where this PostgreSQL was built with it: 5 × faster than pglz
        ALTER TABLE object_version ALTER COLUMN raw SET COMPRESSION lz4;
    EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
    END $$;
    """)


def downgrade() -> None:
    op.execute("""
    DROP TABLE object_version, connector, evse, location;
    DROP FUNCTION refuse_change();
    """)
