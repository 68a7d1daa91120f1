"""Keep a prepared document of each public location; the rules of freshness as functions."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("""
    -- Derived: refresh_documents() rebuilds any row from location, evse and connector. Apart from
    -- site, whose rows change with every status. Readers take no document of another layout.
    CREATE TABLE site_document (
        location_id bigint PRIMARY KEY,
        layout      int NOT NULL,     -- shapes.document.LAYOUT of the program that wrote it
        place       text NOT NULL,    -- shapes.document: lists of JSON values
        place_rest  text NOT NULL,
        evses       text NOT NULL,
        evses_rest  text NOT NULL
    );
    ALTER TABLE site_document  -- most stay in the row itself
        ALTER place SET STORAGE MAIN, ALTER place_rest SET STORAGE MAIN,
        ALTER evses SET STORAGE MAIN, ALTER evses_rest SET STORAGE MAIN;

    DO $$ BEGIN  -- lz4 where this PostgreSQL was built with it: 5 × faster than pglz
        ALTER TABLE site_document
            ALTER place SET COMPRESSION lz4, ALTER place_rest SET COMPRESSION lz4,
            ALTER evses SET COMPRESSION lz4, ALTER evses_rest SET COMPRESSION lz4;
    EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
    END $$;

    -- Not in the newest complete full pull: its statuses are stale, whatever was heard before.
    ALTER TABLE site ADD missing boolean NOT NULL DEFAULT false;
    UPDATE site SET missing = true FROM location l
    WHERE l.id = location_id AND l.missing_since IS NOT NULL;

    -- The rules of 0006, for readers who already hold the source's row. Written so that PostgreSQL
    -- inlines them: the views plan as before.
    CREATE FUNCTION evse_statuses(of_location bigint, seen_at timestamptz,
                                  stale_before timestamptz, is_missing boolean)
    RETURNS TABLE (evse_id bigint, location_id bigint, last_known_status ocpi_status,
                   changed_at timestamptz, last_seen_at timestamptz, is_stale boolean,
                   status ocpi_status) LANGUAGE sql STABLE PARALLEL SAFE ROWS 4 AS $$
        SELECT es.evse_id, es.location_id, es.status, es.changed_at, seen.last_seen_at,
               stale.is_stale,
               CASE WHEN stale.is_stale AND es.status NOT IN ('PLANNED', 'REMOVED')
                    THEN 'UNKNOWN'::ocpi_status ELSE es.status END
        FROM evse_status es,
        LATERAL (SELECT CASE WHEN $4 THEN es.received_at
                 ELSE greatest(es.received_at, $2) END AS last_seen_at) seen,
        LATERAL (SELECT $4 OR seen.last_seen_at < $3 AS is_stale) stale
        WHERE es.location_id = $1
    $$;
    CREATE OR REPLACE VIEW evse_status_now AS
    SELECT n.* FROM location l JOIN source s ON s.id = l.source_id,
    LATERAL evse_statuses(l.id, s.seen_at, now() - s.status_ttl_s * interval '1 second',
                          l.missing_since IS NOT NULL) n;

    -- Is the source stale or the location missing, and the counters of `site`: n_evse, n_available … n_planned.
    CREATE FUNCTION counters_now(boolean, int, int, int, int, int, int)
    RETURNS TABLE (n_evse int, n_available int, n_busy int, n_out int, n_unknown int,
                   n_planned int) LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
        SELECT $2, CASE WHEN $1 THEN 0 ELSE $3 END, CASE WHEN $1 THEN 0 ELSE $4 END,
               CASE WHEN $1 THEN 0 ELSE $5 END, CASE WHEN $1 THEN $2 - $7 ELSE $6 END, $7
    $$;
    CREATE OR REPLACE VIEW site_now AS
    SELECT t.location_id, t.source_id, t.geom, t.cell, t.country, t.operator_name, t.state_area_id,
           t.district_area_id, t.class_mask, t.max_power_w, c.n_evse,
           s.is_stale OR t.missing AS is_stale, s.simulated,
           c.n_available, c.n_busy, c.n_out, c.n_unknown, c.n_planned
    FROM site t JOIN source_now s ON s.id = t.source_id,
    LATERAL counters_now(s.is_stale OR t.missing, t.n_evse, t.n_available, t.n_busy, t.n_out, t.n_unknown,
                         t.n_planned) c;
    """)


def downgrade() -> None:
    op.execute("""
    CREATE OR REPLACE VIEW evse_status_now AS
    SELECT es.evse_id, es.location_id, es.status AS last_known_status, es.changed_at,
           seen.last_seen_at, stale.is_stale,
           CASE WHEN stale.is_stale AND es.status NOT IN ('PLANNED', 'REMOVED')
                THEN 'UNKNOWN'::ocpi_status ELSE es.status END AS status
    FROM evse_status es
    JOIN location l ON l.id = es.location_id
    JOIN source s ON s.id = l.source_id,
    LATERAL (SELECT CASE WHEN l.missing_since IS NULL
             THEN greatest(es.received_at, s.seen_at) ELSE es.received_at END AS last_seen_at) seen,
    LATERAL (SELECT now() - seen.last_seen_at > s.status_ttl_s * interval '1 second' AS is_stale) stale;

    CREATE OR REPLACE VIEW site_now AS
    SELECT t.location_id, t.source_id, t.geom, t.cell, t.country, t.operator_name, t.state_area_id,
           t.district_area_id, t.class_mask, t.max_power_w, t.n_evse, s.is_stale, s.simulated,
           CASE WHEN s.is_stale THEN 0 ELSE t.n_available END AS n_available,
           CASE WHEN s.is_stale THEN 0 ELSE t.n_busy END AS n_busy,
           CASE WHEN s.is_stale THEN 0 ELSE t.n_out END AS n_out,
           CASE WHEN s.is_stale THEN t.n_evse - t.n_planned ELSE t.n_unknown END AS n_unknown,
           t.n_planned
    FROM site t JOIN source_now s ON s.id = t.source_id;

    DROP FUNCTION counters_now(boolean, int, int, int, int, int, int);
    DROP FUNCTION evse_statuses(bigint, timestamptz, timestamptz, boolean);
    ALTER TABLE site DROP missing;
    DROP TABLE site_document;
    """)
