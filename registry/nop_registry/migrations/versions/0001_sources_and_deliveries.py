"""Keep who publishes, what was delivered, and what was found wrong with it."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE party (
        country_code  text NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
        party_id      text NOT NULL CHECK (party_id ~ '^[A-Z0-9]{3}$'),
        name          text,
        website       text,
        first_seen_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (country_code, party_id)
    );

    CREATE TABLE source (
        id              int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name            text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
        kind            text NOT NULL CHECK (kind IN ('ocpi', 'upload')),
        country_code    text NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
        versions_url    text,
        token_sealed    bytea,                             -- encrypted, see sealing.py
        allow_loopback  boolean NOT NULL DEFAULT false,    -- test peers only
        simulated       boolean NOT NULL DEFAULT false,    -- shown on every page and record
        state           text NOT NULL DEFAULT 'active'
                        CHECK (state IN ('active', 'held', 'auth_failed', 'disabled')),
        state_reason    text,
        removal_approved boolean NOT NULL DEFAULT false,   -- a person let the next mass removal pass
        pull_every_s    int NOT NULL DEFAULT 900 CHECK (pull_every_s > 0),
        full_every_s    int NOT NULL DEFAULT 86400 CHECK (full_every_s > 0),
        status_ttl_s    int NOT NULL DEFAULT 2700 CHECK (status_ttl_s > 0),
        shown_stale     boolean NOT NULL DEFAULT true,     -- what the map cells were built with
        quirks          jsonb NOT NULL DEFAULT '{}',       -- how this peer deviates, found by us
        seen_at         timestamptz,  -- newest complete pull: it confirms all it did not change
        last_attempt_at timestamptz,
        last_success_at timestamptz,
        last_full_at    timestamptz,
        last_error_at   timestamptz,
        last_error      text,
        failures        int NOT NULL DEFAULT 0,            -- consecutive
        created_at      timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE delivery (
        id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source_id    int NOT NULL REFERENCES source,
        module       text NOT NULL CHECK (module IN ('locations', 'tariffs', 'upload')),
        mode         text NOT NULL CHECK (mode IN ('full', 'incremental', 'push', 'file')),
        state        text NOT NULL DEFAULT 'running'
                     CHECK (state IN ('running', 'complete', 'held', 'failed', 'preview')),
        started_at   timestamptz NOT NULL DEFAULT now(),
        finished_at  timestamptz,
        date_from    timestamptz,
        total        bigint,                               -- what the publisher says it has
        filename     text,
        checksum     bytea,                                -- SHA-256 of a file
        report       jsonb NOT NULL DEFAULT '{}',          -- counts by outcome and by code
        error        text
    );
    CREATE INDEX delivery_by_source ON delivery (source_id, module, started_at DESC);

    -- A page and its rows commit together: a cut pull goes on after its last page.
    CREATE TABLE delivery_page (
        delivery_id bigint NOT NULL REFERENCES delivery ON DELETE CASCADE,
        page_no     int NOT NULL,
        next_url    text,                                  -- NULL on the last page
        seen        bigint[] NOT NULL,                     -- numbers of the objects on the page
        report      jsonb NOT NULL,                        -- counts up to and including this page
        received_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (delivery_id, page_no)
    );

    -- What a source last sent, byte for byte: an unchanged object is recognised without decoding it.
    CREATE TABLE source_object (
        id            bigint PRIMARY KEY,                  -- identifiers.object_number
        source_id     int NOT NULL REFERENCES source,
        kind          text NOT NULL CHECK (kind IN ('location', 'tariff')),
        object_key    text NOT NULL,
        digest        uuid NOT NULL,                       -- 128 bits, see store/objects.py
        rejected      boolean NOT NULL,                    -- it was refused; `finding` says why
        missing_pulls smallint NOT NULL DEFAULT 0          -- complete full pulls in a row without it
    );
    CREATE INDEX source_object_by_source ON source_object (source_id, kind);
    CREATE INDEX source_object_by_digest ON source_object (digest);

    -- The findings that stand: those of the newest delivery of each object.
    CREATE TABLE finding (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        delivery_id bigint NOT NULL REFERENCES delivery ON DELETE CASCADE,
        source_id   int NOT NULL REFERENCES source,
        object_id   bigint,                                -- NULL: the object had no usable id
        object_kind text NOT NULL,
        object_key  text NOT NULL,
        outcome     text NOT NULL CHECK (outcome IN ('rejected', 'notice')),
        severity    text NOT NULL CHECK (severity IN ('ERROR', 'WARNING', 'INFO')),
        code        text NOT NULL,
        path        text NOT NULL,                         -- where in the object or which column
        value       text,                                  -- what was found there, cut to 200
        message     text NOT NULL,
        row_no      int                                    -- of an uploaded file, 1 = first data row
    );
    CREATE INDEX finding_by_object ON finding (object_id);
    CREATE INDEX finding_by_delivery ON finding (delivery_id);
    CREATE INDEX finding_by_source ON finding (source_id, code);
    """)


def downgrade() -> None:
    op.execute("DROP TABLE finding, source_object, delivery_page, delivery, source, party")
