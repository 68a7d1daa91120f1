"""Limit an operator's write to its last row; accounts for a country; how fresh a file's statuses are."""

from alembic import op

revision = "0019"
down_revision = "0018"

# For whom the transaction acts (access.acting_as): read once a statement. Not set: for nobody.
_PARTIES = "((SELECT string_to_array(current_setting('nop.parties', true), ','))::text[])"
# `FR*` is every party of France.
_IS_OWN = f"{{0}} || {{1}} = ANY {_PARTIES} OR {{0}} = ANY {_PARTIES}"
_WAS_OWN = f"{{0}} || {{1}} = ANY {_PARTIES}"
# Of a row's Location, as a scalar: the planner makes that one look-up by key a row.
_OF_LOCATION = "(SELECT {} FROM {})"
_LIMITED = {
    "location": None,
    "tariff": None,
    "evse": "location l WHERE l.id = evse.location_id",
    "evse_status": "location l WHERE l.id = evse_status.location_id",
    "connector": "evse e JOIN location l ON l.id = e.location_id WHERE e.id = connector.evse_id",
}
_OWN_SOURCE = "{} = ANY ((SELECT own_sources())::int[])"
# What is kept about a source while its file is taken: only of one whose parties are all the
# sender's. `finding` and `object_version` are filled by COPY, which policies do not allow.
_BOOKS = {
    "source": _OWN_SOURCE.format("id"),
    "source_version": _OWN_SOURCE.format("source_id"),
    "source_object": _OWN_SOURCE.format("source_id"),
    "refused_object": _OWN_SOURCE.format("source_id"),
    "delivery": _OWN_SOURCE.format("source_id"),
    "upload": _OWN_SOURCE.format("source_id"),
    "delivery_page": _OWN_SOURCE.format(
        "(SELECT d.source_id FROM delivery d WHERE d.id = delivery_page.delivery_id)"
    ),
}
_FRESH = "coalesce(es.fresh_at, es.received_at)"
_BOUND = ("account_party", "source_party")
_PARTY_ID = "party_id ~ '^[A-Z0-9]{3}$'"


def _own(table: str, rule: str) -> str:
    source = _LIMITED[table]
    if source is None:
        return rule.format("country_code || '*'", "party_id")
    return _OF_LOCATION.format(rule.format("l.country_code || '*'", "l.party_id"), source)


def upgrade() -> None:
    for table in _BOUND:
        op.execute(f"""
        ALTER TABLE {table} DROP CONSTRAINT {table}_party_id_check,
            ADD CONSTRAINT {table}_party_id_check  -- '': every party of the country
                CHECK ({_PARTY_ID} OR party_id = '');
        """)
    op.execute("""
    -- Whether all that is asked for is among one's own, in which `FR*` stands for a country.
    CREATE FUNCTION covers(own text[], asked text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT $1 IS NOT NULL AND NOT EXISTS (
            SELECT FROM unnest($2) p WHERE p <> ALL ($1) AND left(p, 3) <> ALL ($1))
    $$;
    CREATE FUNCTION names_a_country(parties text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT EXISTS (SELECT FROM unnest($1) p WHERE length(p) = 3)
    $$;

    -- For whom a source brings data, as texts.
    CREATE VIEW source_owners AS
    SELECT source_id, array_agg(country_code || '*' || party_id) AS parties FROM (
        SELECT source_id, country_code, party_id FROM source_party
        UNION
        SELECT p.source_id, a.country_code, a.party_id FROM peer_party a
        JOIN peer p ON p.id = a.peer_id WHERE a.state = 'agreed' AND p.source_id IS NOT NULL
    ) every GROUP BY source_id;
    GRANT SELECT ON source_owners TO nop_operator;

    -- Those of which the writer may write every party.
    CREATE FUNCTION own_sources() RETURNS int[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT coalesce(array_agg(source_id), '{}') FROM source_owners
        WHERE covers(string_to_array(current_setting('nop.parties', true), ','), parties)
    $$;

    CREATE OR REPLACE FUNCTION refuse_anothers_source() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.parties IS NOT NULL  -- bound to parties
           AND NOT EXISTS (SELECT FROM source_owners o
                           WHERE o.source_id = NEW.source_id AND covers(NEW.parties, o.parties)) THEN
            RAISE insufficient_privilege USING
                MESSAGE = 'an upload to a source of a party that its sender does not act for';
        END IF;
        RETURN NEW;
    END $$;
    CREATE OR REPLACE FUNCTION refuse_wider_key() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        maker_role text;
        maker_parties text[];
    BEGIN
        SELECT a.role, ARRAY(SELECT country_code || '*' || party_id FROM account_party p
                             WHERE p.account_id = a.id)
        INTO maker_role, maker_parties FROM account a WHERE a.id = NEW.created_by;
        IF maker_role LIKE 'operator_%'
           AND (NEW.parties IS NULL OR NOT covers(maker_parties, NEW.parties)) THEN
            RAISE insufficient_privilege USING MESSAGE = 'a key that is wider than who makes it';
        END IF;
        RETURN NEW;
    END $$;

    -- A whole country is given as the roles that decide are: by two administrators.
    ALTER TABLE invitation
        DROP CONSTRAINT second_administrator,
        ADD CONSTRAINT second_administrator CHECK (
            needs_second OR created_by IS NULL
            OR (role NOT IN ('regulator_officer', 'admin') AND NOT names_a_country(parties))
            OR (account_id IS NOT NULL AND NOT forget_totp)
        ) NOT VALID;

    -- The end of a commit is under row-level security too.
    GRANT UPDATE (seen_at, recovered_at, last_success_at, last_full_at, failures, not_before, state,
        state_reason, removal_approved) ON source TO nop_operator;
    GRANT SELECT (source_id, number), INSERT ON source_version TO nop_operator;
    GRANT SELECT (id, source_id, state, delivery_id, report), UPDATE (state, doing, progress,
        format, version, delivery_id, report, changed_at, finished_at) ON upload TO nop_operator;
    """)
    _limit(_IS_OWN)
    # Of what came by file: as of when the file speaks, if that is before its arrival.
    op.execute("ALTER TABLE evse_status ADD fresh_at timestamptz")
    # Whose feed an EVSE is of: a push is held to its own by one comparison a row, without a look-up.
    op.execute("""
    ALTER TABLE evse_status ADD source_id int;
    UPDATE evse_status s SET source_id = l.source_id FROM location l WHERE l.id = s.location_id;
    DELETE FROM evse_status WHERE source_id IS NULL;  -- of Locations that are not held: read by nobody
    ALTER TABLE evse_status ALTER source_id SET NOT NULL;
    CREATE POLICY pushed ON evse_status FOR UPDATE TO nop_operator
        USING ((SELECT current_setting('nop.source', true)) <> '')
        WITH CHECK (source_id = (SELECT nullif(current_setting('nop.source', true), '')::int));
    """)
    op.execute(_evse_statuses(_FRESH))
    for table, own in _BOOKS.items():
        op.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY readable ON {table} FOR SELECT TO nop_operator USING (true);
        CREATE POLICY own_insert ON {table} FOR INSERT TO nop_operator WITH CHECK ({own});
        CREATE POLICY own_update ON {table} FOR UPDATE TO nop_operator USING ({own});
        CREATE POLICY own_delete ON {table} FOR DELETE TO nop_operator USING ({own});
        """)


def _evse_statuses(heard: str) -> str:
    """The rule of staleness (0009), by the moment `heard` of an EVSE's own word."""
    return f"""
    CREATE OR REPLACE FUNCTION evse_statuses(of_location bigint, seen_at timestamptz,
                                  stale_before timestamptz, is_missing boolean)
    RETURNS TABLE (evse_id bigint, location_id bigint, last_known_status ocpi_status,
                   changed_at timestamptz, last_seen_at timestamptz, is_stale boolean,
                   status ocpi_status) LANGUAGE sql STABLE PARALLEL SAFE ROWS 4 AS $$
        SELECT es.evse_id, es.location_id, es.status, es.changed_at, seen.last_seen_at,
               stale.is_stale,
               CASE WHEN stale.is_stale AND es.status NOT IN ('PLANNED', 'REMOVED')
                    THEN 'UNKNOWN'::ocpi_status ELSE es.status END
        FROM evse_status es,
        LATERAL (SELECT CASE WHEN $4 THEN {heard}
                 ELSE greatest({heard}, $2) END AS last_seen_at) seen,
        LATERAL (SELECT $4 OR seen.last_seen_at < $3 AS is_stale) stale
        WHERE es.location_id = $1
    $$;
    """  # noqa: S608 - our own two words


def _limit(rule: str) -> None:
    for table in _LIMITED:
        own = _own(table, rule)
        op.execute(f"""
        ALTER POLICY own_insert ON {table} WITH CHECK ({own});
        ALTER POLICY own_update ON {table} USING ({own});
        ALTER POLICY own_delete ON {table} USING ({own});
        """)


def downgrade() -> None:
    for table in _BOOKS:
        op.execute(f"""
        DROP POLICY readable ON {table};
        DROP POLICY own_insert ON {table};
        DROP POLICY own_update ON {table};
        DROP POLICY own_delete ON {table};
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """)
    _limit(_WAS_OWN)
    op.execute(_evse_statuses("es.received_at"))
    op.execute("DROP POLICY pushed ON evse_status")
    op.execute("ALTER TABLE evse_status DROP fresh_at, DROP source_id")
    op.execute("""
    REVOKE UPDATE ON source FROM nop_operator;
    REVOKE ALL ON source_version, upload FROM nop_operator;
    ALTER TABLE invitation
        DROP CONSTRAINT second_administrator,
        ADD CONSTRAINT second_administrator CHECK (
            needs_second OR created_by IS NULL OR role NOT IN ('regulator_officer', 'admin')
            OR (account_id IS NOT NULL AND NOT forget_totp)
        ) NOT VALID;
    CREATE OR REPLACE FUNCTION refuse_anothers_source() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        owners text[];
    BEGIN
        IF NEW.parties IS NULL THEN  -- not bound to parties
            RETURN NEW;
        END IF;
        SELECT array_agg(country_code || '*' || party_id) INTO owners FROM (
            SELECT country_code, party_id FROM source_party WHERE source_id = NEW.source_id
            UNION
            SELECT a.country_code, a.party_id FROM peer_party a JOIN peer p ON p.id = a.peer_id
            WHERE p.source_id = NEW.source_id AND a.state = 'agreed'
        ) every;
        IF owners IS NULL OR NOT owners <@ NEW.parties THEN
            RAISE insufficient_privilege USING
                MESSAGE = 'an upload to a source of a party that its sender does not act for';
        END IF;
        RETURN NEW;
    END $$;
    CREATE OR REPLACE FUNCTION refuse_wider_key() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        maker_role text;
        maker_parties text[];
    BEGIN
        SELECT a.role, ARRAY(SELECT country_code || '*' || party_id FROM account_party p
                             WHERE p.account_id = a.id)
        INTO maker_role, maker_parties FROM account a WHERE a.id = NEW.created_by;
        IF maker_role LIKE 'operator_%'
           AND (NEW.parties IS NULL OR NOT NEW.parties <@ maker_parties) THEN
            RAISE insufficient_privilege USING MESSAGE = 'a key that is wider than who makes it';
        END IF;
        RETURN NEW;
    END $$;
    DROP FUNCTION own_sources();
    DROP VIEW source_owners;
    DROP FUNCTION names_a_country(text[]), covers(text[], text[]);
    """)
    for table in _BOUND:  # nobody is bound to less than before without a word
        op.execute(f"DELETE FROM {table} WHERE party_id = ''")  # noqa: S608 - of the list above
        op.execute(f"""
        ALTER TABLE {table} DROP CONSTRAINT {table}_party_id_check,
            ADD CONSTRAINT {table}_party_id_check CHECK ({_PARTY_ID});
        """)
