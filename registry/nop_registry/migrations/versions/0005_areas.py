"""Keep countries, states and districts."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE area (
        id           int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        country_code text NOT NULL,                        -- ISO 3166 alpha-2
        level        smallint NOT NULL CHECK (level BETWEEN 0 AND 2),  -- country, state, district
        code         text NOT NULL,
        name         text NOT NULL,
        parent_id    int REFERENCES area,
        official     boolean NOT NULL DEFAULT false,       -- false: "unofficial outline"
        origin       text NOT NULL,                        -- data set and licence
        geom         geometry(MultiPolygon, 4326) NOT NULL
                     CHECK (ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180
                        AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90),
        UNIQUE (country_code, level, code)
    );
    -- The same polygons in pieces of at most 64 vertices: finding the area of a point is then fast.
    CREATE TABLE area_part (
        area_id int NOT NULL REFERENCES area ON DELETE CASCADE,
        level   smallint NOT NULL,
        geom    geometry(Polygon, 4326) NOT NULL
    );
    CREATE INDEX area_part_by_place ON area_part USING gist (geom);
    CREATE INDEX area_part_by_area ON area_part (area_id);
    """)


def downgrade() -> None:
    op.execute("DROP TABLE area_part, area")
