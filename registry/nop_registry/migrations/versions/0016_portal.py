"""Keep what operators ask of the portal's wizard, refused objects, and each day's quality score."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("""
    -- One row for each thing asked for: the page writes it, the worker does it.
    CREATE TABLE connect_run (
        id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source_id    int NOT NULL REFERENCES source ON DELETE CASCADE,
        act          text NOT NULL CHECK (act IN ('probe', 'static', 'register', 'invite')),
        state        text NOT NULL DEFAULT 'waiting'
                     CHECK (state IN ('waiting', 'running', 'done', 'failed')),
        doing        text,                                 -- what the worker is at
        asked_by     text NOT NULL,
        asked_at     timestamptz NOT NULL DEFAULT now(),
        finished_at  timestamptz,
        versions_url text,
        parties      text[] NOT NULL DEFAULT '{}',         -- whose objects it may deliver: IN*ABC
        token_sealed bytea,                                -- typed by a person; gone when used
        shown_sealed bytea,                                -- made by us, to be shown once
        report       jsonb,
        error        text
    );
    CREATE INDEX connect_run_by_source ON connect_run (source_id, id DESC);

    -- What a source sent and was refused, until the object is good: its publisher looks at it.
    CREATE TABLE refused_object (
        object_id   bigint PRIMARY KEY,                    -- identifiers.object_number
        source_id   int NOT NULL REFERENCES source ON DELETE CASCADE,
        delivery_id bigint NOT NULL,
        refused_at  timestamptz NOT NULL DEFAULT now(),
        raw         bytea NOT NULL                         -- cut to 16 KiB
    );
    CREATE INDEX refused_object_by_source ON refused_object (source_id);
    GRANT SELECT, INSERT, UPDATE, DELETE ON refused_object TO nop_operator;

    CREATE TABLE quality_day (
        source_id   int NOT NULL REFERENCES source ON DELETE CASCADE,
        day         date NOT NULL,
        measured_at timestamptz NOT NULL DEFAULT now(),
        today       real NOT NULL CHECK (today BETWEEN 0 AND 1),
        smoothed    real NOT NULL CHECK (smoothed BETWEEN 0 AND 1),
        dimensions  jsonb NOT NULL,                        -- dimension -> 0 to 1
        rules       jsonb NOT NULL,                        -- rule -> [affected, eligible]
        PRIMARY KEY (source_id, day)
    );
    """)


def downgrade() -> None:
    op.execute("DROP TABLE quality_day, refused_object, connect_run")
