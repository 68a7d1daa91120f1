"""Two administrators for the roles that decide; uploads and keys are never wider than their maker."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("""
    -- Links to an officer's or administrator's account: one administrator asks, another confirms
    -- and hands the link over. `created_by` NULL: made on the server itself (`nop account`).
    ALTER TABLE invitation
        ADD COLUMN needs_second boolean NOT NULL DEFAULT false,
        ADD COLUMN confirmed_by int REFERENCES account,
        ADD CONSTRAINT two_people CHECK (confirmed_by <> created_by),
        ADD CONSTRAINT second_administrator CHECK (
            needs_second OR created_by IS NULL OR role NOT IN ('regulator_officer', 'admin')
            OR (account_id IS NOT NULL AND NOT forget_totp)
        ) NOT VALID;

    -- A role of that kind that one administrator wants to give to an account that there is.
    CREATE TABLE role_wish (
        account_id int PRIMARY KEY REFERENCES account ON DELETE CASCADE,
        role       text NOT NULL CHECK (role IN ('regulator_officer', 'admin')),
        asked_by   int NOT NULL REFERENCES account CHECK (asked_by <> account_id),
        asked_at   timestamptz NOT NULL DEFAULT now()
    );

    -- What the web writes for a person or a key names them in the row: the table itself compares.
    CREATE FUNCTION refuse_anothers_source() RETURNS trigger LANGUAGE plpgsql AS $$
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
    CREATE TRIGGER own_source BEFORE INSERT OR UPDATE OF source_id, parties ON upload
        FOR EACH ROW EXECUTE FUNCTION refuse_anothers_source();

    CREATE FUNCTION refuse_wider_key() RETURNS trigger LANGUAGE plpgsql AS $$
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
    CREATE TRIGGER own_parties BEFORE INSERT OR UPDATE OF parties, created_by ON api_key
        FOR EACH ROW EXECUTE FUNCTION refuse_wider_key();
    """)


def downgrade() -> None:
    op.execute("""
    DROP TRIGGER own_parties ON api_key;
    DROP TRIGGER own_source ON upload;
    DROP FUNCTION refuse_wider_key(), refuse_anothers_source();
    DROP TABLE role_wish;
    ALTER TABLE invitation
        DROP CONSTRAINT second_administrator, DROP CONSTRAINT two_people,
        DROP COLUMN confirmed_by, DROP COLUMN needs_second;
    """)
