"""Keep people's accounts, their sessions, what is done, and whose rows a writer may touch."""

from alembic import op

revision = "0014"
down_revision = "0013"

# What the pipeline reads and writes while it acts for an operator. Of secrets it sees nothing.
_WRITTEN = (
    "location, evse, connector, tariff, evse_status, site, site_document, tile_cell, source_object, "
    "location_emission, emission_count, delivery, delivery_page, finding"
)
# For whom the transaction acts (access.acting_as): read once a statement. Not set: for nobody.
_IS_OWN = "{} = ANY ((SELECT string_to_array(current_setting('nop.parties', true), ','))::text[])"
# Of a row's Location, as a scalar: the planner makes that one look-up by key a row. A policy with
# EXISTS may become a scan of the whole table, and a function costs three times as much a row.
_OWNER = "(SELECT l.country_code || '*' || l.party_id FROM {})"
_LIMITED = {
    "location": "(country_code || '*' || party_id)",
    "tariff": "(country_code || '*' || party_id)",
    "evse": _OWNER.format("location l WHERE l.id = evse.location_id"),
    "evse_status": _OWNER.format("location l WHERE l.id = evse_status.location_id"),
    "connector": _OWNER.format(
        "evse e JOIN location l ON l.id = e.location_id WHERE e.id = connector.evse_id"
    ),
}
_APPENDED = "object_version, status_event, change, party"
_READ = "area, area_part, peer_party, source_party"
_SOURCE = (
    "id, name, kind, country_code, simulated, state, pull_every_s, full_every_s, status_ttl_s, "
    "shown_stale, quirks, seen_at, last_success_at, last_full_at, removal_approved, recovered_at, "
    "withdrawn_at, withheld, allow_loopback, module_urls, versions_url"
)


def upgrade() -> None:
    op.execute("""
    CREATE TABLE account (
        id             int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        login          text NOT NULL UNIQUE
                       CHECK (login = lower(login) AND length(login) BETWEEN 3 AND 254),
        name           text NOT NULL,
        role           text NOT NULL CHECK (role IN ('operator_viewer', 'operator_editor',
                       'operator_admin', 'regulator_viewer', 'regulator_officer', 'admin')),
        password_hash  text,                          -- argon2id; NULL: signs in by a provider only
        totp_sealed    bytea,                         -- see sealing.py
        totp_step      bigint,                        -- newest time step used: none opens twice
        created_at     timestamptz NOT NULL DEFAULT now(),
        created_by     int REFERENCES account,
        disabled_at    timestamptz,
        last_sign_in_at timestamptz
    );

    -- For whom an operator's account may act. Regulators and admins have no rows here: all parties.
    CREATE TABLE account_party (
        account_id   int NOT NULL REFERENCES account ON DELETE CASCADE,
        country_code text NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
        party_id     text NOT NULL CHECK (party_id ~ '^[A-Z0-9]{3}$'),
        PRIMARY KEY (account_id, country_code, party_id)
    );

    -- Instead of a lost second factor, each once.
    CREATE TABLE recovery_code (
        account_id int NOT NULL REFERENCES account ON DELETE CASCADE,
        digest     bytea NOT NULL CHECK (length(digest) = 32),
        used_at    timestamptz,
        PRIMARY KEY (account_id, digest)
    );

    -- A link that makes an account, or lets its owner choose a new password. It opens once.
    CREATE TABLE invitation (
        id           int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest       bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
        account_id   int REFERENCES account,          -- recovery of this one; NULL: a new one
        login        text NOT NULL,
        role         text NOT NULL,
        parties      text[] NOT NULL,                 -- IN*ABC
        forget_totp  boolean NOT NULL DEFAULT false,
        created_at   timestamptz NOT NULL DEFAULT now(),
        created_by   int REFERENCES account,
        expires_at   timestamptz NOT NULL,
        used_at      timestamptz,
        revoked_at   timestamptz
    );

    CREATE TABLE account_session (
        digest     bytea PRIMARY KEY CHECK (length(digest) = 32),  -- of the cookie's value
        account_id int NOT NULL REFERENCES account ON DELETE CASCADE,
        stage      text NOT NULL CHECK (stage IN ('second_factor', 'enrolment', 'full')),
        strong     boolean NOT NULL,                  -- a second factor was given
        created_at timestamptz NOT NULL DEFAULT now(),
        seen_at    timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        address    text,
        agent      text,
        totp_sealed bytea                             -- a second factor that is not confirmed yet
    );
    CREATE INDEX account_session_by_account ON account_session (account_id);

    CREATE TABLE identity_provider (
        id             int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name           text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
        label          text NOT NULL,
        issuer         text NOT NULL,
        client_id      text NOT NULL,
        secret_sealed  bytea,
        allow_loopback boolean NOT NULL DEFAULT false,
        strong_values  text[] NOT NULL DEFAULT '{}'   -- acr or amr that mean a second factor
    );
    CREATE TABLE account_identity (
        provider_id int NOT NULL REFERENCES identity_provider ON DELETE CASCADE,
        subject     text NOT NULL,
        account_id  int NOT NULL REFERENCES account ON DELETE CASCADE,
        PRIMARY KEY (provider_id, subject)
    );
    -- A sign-in that has left for its provider. Deleted by the first answer: none counts twice.
    CREATE TABLE provider_visit (
        state_digest   bytea PRIMARY KEY CHECK (length(state_digest) = 32),
        browser_digest bytea NOT NULL,                -- only the browser that left may come back
        provider_id    int NOT NULL REFERENCES identity_provider ON DELETE CASCADE,
        nonce          text NOT NULL,
        verifier       text NOT NULL,
        invitation_id  int REFERENCES invitation,
        return_to      text NOT NULL,
        created_at     timestamptz NOT NULL DEFAULT now()
    );

    -- Token buckets, shared by all processes.
    CREATE TABLE rate_bucket (
        name     text PRIMARY KEY,
        level    double precision NOT NULL,           -- how full of requests, draining with time
        moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );

    -- Whose data a source brings, besides the parties agreed with its peer.
    CREATE TABLE source_party (
        source_id    int NOT NULL REFERENCES source,
        country_code text NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
        party_id     text NOT NULL CHECK (party_id ~ '^[A-Z0-9]{3}$'),
        PRIMARY KEY (source_id, country_code, party_id)
    );

    ALTER TABLE api_key
        ADD COLUMN parties    text[],                 -- IN*ABC; NULL: any party's
        ADD COLUMN created_by int REFERENCES account,
        ADD COLUMN replaces   int REFERENCES api_key; -- rotation: the one before

    -- Append-only. Written in the transaction of what it tells of.
    CREATE TABLE audit_event (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at         timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor_kind text NOT NULL CHECK (actor_kind IN ('public', 'key', 'account', 'system')),
        account_id int,
        key_id     int,
        actor      text NOT NULL,
        acting_for text[],                            -- parties; NULL: not bound
        address    text,
        action     text NOT NULL,
        object     text NOT NULL,
        detail     jsonb NOT NULL DEFAULT '{}'
    );
    CREATE INDEX audit_event_by_object ON audit_event (object, id);
    CREATE TABLE audit_seal (
        number    int PRIMARY KEY,
        first_id  bigint NOT NULL,
        last_id   bigint NOT NULL,
        events    int NOT NULL,
        previous  bytea NOT NULL,                     -- digest of the seal before
        digest    bytea NOT NULL,
        key_id    text NOT NULL,
        signature bytea NOT NULL,                     -- Ed25519
        sealed_at timestamptz NOT NULL
    );
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    """)
    _limit_operators()


def _limit_operators() -> None:
    """The role of writers that are bound to parties. Others own the tables: no policy slows them."""
    op.execute(f"""
    DO $$ BEGIN  -- roles are the whole server's: another database may have made it
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nop_operator') THEN
                CREATE ROLE nop_operator NOLOGIN;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        IF NOT pg_has_role(current_user, 'nop_operator', 'MEMBER') THEN
            EXECUTE format('GRANT nop_operator TO %I', current_user);
        END IF;
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'as a superuser, run: CREATE ROLE nop_operator NOLOGIN; '
            'GRANT nop_operator TO %; then migrate again', quote_ident(current_user);
    END $$;
    GRANT USAGE ON SCHEMA public TO nop_operator;
    GRANT SELECT, INSERT, UPDATE, DELETE ON {_WRITTEN} TO nop_operator;
    GRANT SELECT, INSERT ON {_APPENDED} TO nop_operator;
    GRANT SELECT ON {_READ} TO nop_operator;
    GRANT SELECT ({_SOURCE}) ON source TO nop_operator;
    GRANT SELECT (id, source_id) ON peer TO nop_operator;
    """)
    for table, owner in _LIMITED.items():
        own = _IS_OWN.format(owner)
        # Reading is not limited: what a writer compares with costs nothing more than before.
        op.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY readable ON {table} FOR SELECT TO nop_operator USING (true);
        CREATE POLICY own_insert ON {table} FOR INSERT TO nop_operator WITH CHECK ({own});
        CREATE POLICY own_update ON {table} FOR UPDATE TO nop_operator USING ({own});
        CREATE POLICY own_delete ON {table} FOR DELETE TO nop_operator USING ({own});
        """)


def downgrade() -> None:
    for table in _LIMITED:
        op.execute(f"""
        DROP POLICY readable ON {table};
        DROP POLICY own_insert ON {table};
        DROP POLICY own_update ON {table};
        DROP POLICY own_delete ON {table};
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """)
    op.execute("""
    DROP OWNED BY nop_operator;  -- its grants here; other databases may still need the role
    DROP TABLE audit_seal, audit_event, source_party, rate_bucket, provider_visit,
        account_identity, identity_provider, account_session, invitation, recovery_code,
        account_party;
    ALTER TABLE api_key DROP COLUMN parties, DROP COLUMN created_by, DROP COLUMN replaces;
    DROP TABLE account;
    """)
