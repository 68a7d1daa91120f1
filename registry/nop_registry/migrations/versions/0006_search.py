"""Keep one search row per published location, and map cells with counts for low zooms."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
    -- Derived: refresh_sites() rebuilds any row from location, evse and evse_status.
    -- Counters change with every status, indexed columns do not, so updates stay HOT.
    CREATE TABLE site (
        location_id      bigint PRIMARY KEY REFERENCES location,
        source_id        int NOT NULL,
        geom             geometry(Point, 3857) NOT NULL
                         CHECK (ST_X(geom) BETWEEN -20037509 AND 20037509
                            AND ST_Y(geom) BETWEEN -20060000 AND 20060000),
        cell             int NOT NULL,        -- cell_at(geom): its leaf cell of tile_cell
        country          text,
        operator_name    text,
        state_area_id    int,
        district_area_id int,
        class_mask       bigint NOT NULL,     -- OR over its EVSEs
        max_power_w      int,
        n_evse           int NOT NULL,
        n_available      int NOT NULL,
        n_busy           int NOT NULL,
        n_out            int NOT NULL,
        n_unknown        int NOT NULL,
        n_planned        int NOT NULL
    ) WITH (fillfactor = 70);
    CREATE INDEX site_by_place ON site USING gist (geom);
    CREATE INDEX site_by_cell ON site (cell);
    CREATE INDEX site_by_source ON site (source_id);

    -- Each tile of zoom 0 to 11 in 16 × 16 cells. The leaf cells are those of zoom 11.
    CREATE TABLE tile_cell (
        z           smallint NOT NULL,
        x           int NOT NULL,
        y           int NOT NULL,
        i           smallint NOT NULL CHECK (i BETWEEN 0 AND 255),  -- row × 16 + column
        n_location  int NOT NULL,
        n_evse      int NOT NULL,
        n_available int NOT NULL,
        n_busy      int NOT NULL,
        n_out       int NOT NULL,
        n_unknown   int NOT NULL,
        n_planned   int NOT NULL,
        sum_x       double precision NOT NULL,   -- Σ of the locations' Web Mercator metres
        sum_y       double precision NOT NULL,
        location_id bigint NOT NULL,             -- one of them; the only one when n_location = 1
        PRIMARY KEY (z, x, y, i)
    ) WITH (fillfactor = 80);

    -- How far each follower of the change log has read.
    CREATE TABLE follower (
        name text PRIMARY KEY,
        xid  xid8 NOT NULL,
        seq  bigint NOT NULL
    );

    -- The leaf cell of a point: column × 32768 + row of a 2^15 × 2^15 grid over the Mercator square.
    CREATE FUNCTION cell_at(geom geometry) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT least(greatest(floor((ST_X(geom) + 20037508.342789244) / 1222.9924525624949), 0), 32767)::int * 32768
             + least(greatest(floor((20037508.342789244 - ST_Y(geom)) / 1222.9924525624949), 0), 32767)::int
    $$;

    -- The rule of staleness, once. A status is as fresh as the newest word on it: the EVSE's own
    -- message, or a complete pull of its source that did not change it. Older than the source's
    -- time-to-live it is published as UNKNOWN; the raw value stays as last_known_status.
    CREATE VIEW source_now AS
    SELECT s.*, coalesce(now() - s.seen_at > s.status_ttl_s * interval '1 second', true) AS is_stale
    FROM source s;

    CREATE VIEW evse_status_now AS
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

    CREATE VIEW site_now AS
    SELECT t.location_id, t.source_id, t.geom, t.cell, t.country, t.operator_name, t.state_area_id,
           t.district_area_id, t.class_mask, t.max_power_w, t.n_evse, s.is_stale, s.simulated,
           CASE WHEN s.is_stale THEN 0 ELSE t.n_available END AS n_available,
           CASE WHEN s.is_stale THEN 0 ELSE t.n_busy END AS n_busy,
           CASE WHEN s.is_stale THEN 0 ELSE t.n_out END AS n_out,
           CASE WHEN s.is_stale THEN t.n_evse - t.n_planned ELSE t.n_unknown END AS n_unknown,
           t.n_planned
    FROM site t JOIN source_now s ON s.id = t.source_id;
    """)


def downgrade() -> None:
    op.execute("""
    DROP VIEW site_now, evse_status_now, source_now;
    DROP TABLE follower, tile_cell, site;
    DROP FUNCTION cell_at(geometry);
    """)
