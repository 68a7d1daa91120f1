"""Keep the live status apart from the static rows, its history, and the log of changes."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
    CREATE TYPE ocpi_status AS ENUM ('AVAILABLE', 'BLOCKED', 'CHARGING', 'INOPERATIVE',
        'OUTOFORDER', 'PLANNED', 'REMOVED', 'RESERVED', 'UNKNOWN');

    -- Narrow and hot: no indexed column ever changes, so each update stays on its page (HOT).
    CREATE TABLE evse_status (
        evse_id     bigint PRIMARY KEY,
        location_id bigint NOT NULL,
        status      ocpi_status NOT NULL,
        changed_at  timestamptz NOT NULL,   -- since when this status holds
        claimed_at  timestamptz NOT NULL,   -- newest last_updated heard; older ones do not apply
        received_at timestamptz NOT NULL,   -- when we last heard of this EVSE by itself
        previous    ocpi_status             -- before the newest claim: counters move by the difference
    ) WITH (fillfactor = 70);
    CREATE INDEX evse_status_by_location ON evse_status (location_id);

    -- Append-only, one partition a month.
    CREATE TABLE status_event (
        evse_id     bigint NOT NULL,
        status      ocpi_status NOT NULL,
        changed_at  timestamptz NOT NULL,   -- effective time
        received_at timestamptz NOT NULL
    ) PARTITION BY RANGE (received_at);
    CREATE INDEX status_event_by_evse ON status_event (evse_id, changed_at);
    CREATE TABLE status_event_other PARTITION OF status_event DEFAULT;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON status_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    CREATE FUNCTION ensure_status_partitions(from_month date, months int) RETURNS void
    LANGUAGE plpgsql AS $$
    DECLARE
        first date := date_trunc('month', from_month);
        part  text;
    BEGIN
        FOR i IN 0 .. months - 1 LOOP
            part := 'status_event_' || to_char(first + make_interval(months => i), 'YYYY_MM');
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF status_event FOR VALUES FROM (%L) TO (%L)',
                    part, (first + make_interval(months => i))::timestamp AT TIME ZONE 'UTC',
                    (first + make_interval(months => i + 1))::timestamp AT TIME ZONE 'UTC');
            END IF;
        END LOOP;
    END $$;
    SELECT ensure_status_partitions(now()::date, 3);

    -- One row a transaction. Followers read `(xid, seq) > cursor AND xid < snapshot xmin`, so that
    -- a transaction that commits late is never skipped; NOTIFY only wakes them.
    CREATE TABLE change (
        seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
        at           timestamptz NOT NULL DEFAULT clock_timestamp(),
        location_ids bigint[] NOT NULL,
        evse_ids     bigint[] NOT NULL DEFAULT '{}',  -- whose status changed
        cells        int[] NOT NULL DEFAULT '{}'      -- map cells that a location left
    );
    ALTER TABLE change  -- random numbers do not compress: do not try
        ALTER location_ids SET STORAGE EXTERNAL, ALTER evse_ids SET STORAGE EXTERNAL;
    CREATE INDEX change_by_xid ON change (xid, seq);
    CREATE INDEX change_by_time ON change (at);
    CREATE FUNCTION wake_followers() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('nop_change', '');
        RETURN NULL;
    END $$;
    CREATE TRIGGER wake AFTER INSERT ON change FOR EACH STATEMENT EXECUTE FUNCTION wake_followers();
    """)


def downgrade() -> None:
    op.execute("""
    DROP TABLE change, status_event, evse_status;
    DROP FUNCTION wake_followers(), ensure_status_partitions(date, int);
    DROP TYPE ocpi_status;
    """)
