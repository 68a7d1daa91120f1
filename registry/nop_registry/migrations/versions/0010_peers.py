"""Keep the OCPI parties that we are connected with, their tokens and what they may touch."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("""
    ALTER TABLE source
        ADD COLUMN module_urls jsonb NOT NULL DEFAULT '{}',  -- open feed: module -> URL of its list
        ADD COLUMN not_before  timestamptz;                  -- the peer asked us to wait (Retry-After)

    ALTER TABLE delivery ADD COLUMN ocpi_version text;  -- how the objects it brought are to be read
    CREATE INDEX delivery_push ON delivery (source_id, module, started_at) WHERE mode = 'push';

    -- One row a connection (RO-3). A supplier delivers to us and has a source; a consumer reads us.
    CREATE TABLE peer (
        id                int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name              text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
        purpose           text NOT NULL CHECK (purpose IN ('supplier', 'consumer', 'both')),
        source_id         int UNIQUE REFERENCES source,
        state             text NOT NULL DEFAULT 'invited' CHECK (state IN
                          ('invited', 'registering', 'registered', 'static', 'unregistered')),
        our_role          text NOT NULL DEFAULT 'NAP'
                          CHECK (our_role IN ('NAP', 'EMSP', 'NSP', 'OTHER')),  -- RO-4
        is_hub            boolean NOT NULL DEFAULT false,
        version           text,                          -- OCPI, as agreed: 2.1.1, 2.2.1, 2.3.0
        versions_url      text,                          -- theirs
        token_sealed      bytea,                         -- the token that we send (sealing.py)
        previous_sealed   bytea,                         -- kept a day, for a lost answer (CR-21)
        previous_until    timestamptz,
        endpoints         jsonb NOT NULL DEFAULT '[]',   -- identifier, role, url
        roles             jsonb NOT NULL DEFAULT '[]',   -- as their credentials say
        allow_loopback    boolean NOT NULL DEFAULT false,
        deferred_callback boolean NOT NULL DEFAULT false,  -- CR-12
        callback_due      timestamptz,                   -- their endpoints are still to be asked for
        parties_read_at   timestamptz,                   -- a hub: its whole list of parties (RT-4)
        scope             jsonb NOT NULL DEFAULT '{}',   -- what a consumer may read (SE-9)
        requests_per_minute int NOT NULL DEFAULT 600 CHECK (requests_per_minute > 0),
        created_at        timestamptz NOT NULL DEFAULT now(),
        registered_at     timestamptz,
        rotated_at        timestamptz,
        last_seen_at      timestamptz,                   -- newest request with a token of theirs
        CHECK (purpose = 'consumer' OR source_id IS NOT NULL)
    );

    -- The tokens that we accept: only their SHA-256.
    CREATE TABLE peer_token (
        digest     bytea PRIMARY KEY CHECK (length(digest) = 32),
        peer_id    int NOT NULL REFERENCES peer ON DELETE CASCADE,
        kind       text NOT NULL CHECK (kind IN ('registration', 'access')),  -- token A, or B and C
        -- Named in a handshake of ours that is not answered yet: it opens, but ends no other (CR-20).
        offered    boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        used_at    timestamptz,                          -- first use: its predecessor then ends
        expires_at timestamptz
    );
    CREATE INDEX peer_token_by_peer ON peer_token (peer_id);

    -- Whose objects a supplier may deliver (invariant 7). Found by itself: quarantined (CR-13).
    CREATE TABLE peer_party (
        peer_id      int NOT NULL REFERENCES peer ON DELETE CASCADE,
        country_code text NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
        party_id     text NOT NULL CHECK (party_id ~ '^[A-Z0-9]{3}$'),
        state        text NOT NULL CHECK (state IN ('agreed', 'quarantined')),
        role         text,
        name         text,
        connection   text CHECK (connection IN ('CONNECTED', 'OFFLINE', 'PLANNED', 'SUSPENDED')),
        seen_objects bigint NOT NULL DEFAULT 0,          -- refused while in quarantine
        last_updated timestamptz,
        created_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (peer_id, country_code, party_id)
    );
    CREATE INDEX peer_party_agreed ON peer_party (country_code, party_id) WHERE state = 'agreed';

    -- What was said in each handshake, tokens masked: a person reads it.
    CREATE TABLE handshake_step (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        peer_id     int NOT NULL REFERENCES peer ON DELETE CASCADE,
        at          timestamptz NOT NULL DEFAULT clock_timestamp(),
        direction   text NOT NULL CHECK (direction IN ('sent', 'received')),
        step        jsonb NOT NULL
    );
    CREATE INDEX handshake_step_by_peer ON handshake_step (peer_id, id);
    """)


def downgrade() -> None:
    op.execute("""
    DROP TABLE handshake_step, peer_party, peer_token, peer;
    DROP INDEX delivery_push;
    ALTER TABLE delivery DROP COLUMN ocpi_version;
    ALTER TABLE source DROP COLUMN module_urls, DROP COLUMN not_before;
    """)
