"""Keep operators' files on their way into the registry, and every version that a commit made."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("""
    -- A file, an edit by hand or a rollback, from its first byte to its version. Any process may
    -- append bytes and set states; the worker does the work.
    CREATE TABLE upload (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source_id       int NOT NULL REFERENCES source,
        kind            text NOT NULL CHECK (kind IN ('file', 'edit', 'rollback')),
        to_version      int CHECK ((to_version IS NOT NULL) = (kind = 'rollback')),
        filename        text NOT NULL,                     -- the sender's; never a path of ours
        size            bigint NOT NULL DEFAULT 0 CHECK (size BETWEEN 0 AND 1073741824),
        announced_size  bigint CHECK (announced_size BETWEEN 0 AND 1073741824),
        sha256          bytea,
        format          text,
        whole           boolean NOT NULL,                  -- the whole inventory, or a part of it
        state           text NOT NULL CHECK (state IN ('receiving', 'received', 'checking',
                        'previewed', 'committing', 'committed', 'held', 'refused', 'failed',
                        'withdrawn')),
        commit_wanted   boolean NOT NULL DEFAULT false,
        removal_accepted boolean NOT NULL DEFAULT false,   -- a person let its mass removal pass
        doing           text,
        progress        smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
        delivery_id     bigint REFERENCES delivery,
        version         int,                               -- source_version.number, once committed
        report          jsonb,
        error           text,
        actor_kind      text NOT NULL,
        account_id      int,
        key_id          int,
        actor           text NOT NULL,
        parties         text[],                            -- whose rows its sender may write; NULL: all
        accepted_by     text,                              -- who wanted the commit
        idempotency_key text UNIQUE,                       -- with its caller before it
        created_at      timestamptz NOT NULL DEFAULT now(),
        changed_at      timestamptz NOT NULL DEFAULT now(),
        finished_at     timestamptz
    );
    CREATE INDEX upload_by_source ON upload (source_id, id DESC);
    CREATE INDEX upload_on_its_way ON upload (changed_at)
        WHERE state IN ('receiving', 'received', 'checking', 'committing');

    -- The file as it was sent, in pieces of at most 4 MiB.
    CREATE TABLE upload_chunk (
        upload_id bigint NOT NULL REFERENCES upload,
        n         int NOT NULL,
        bytes     bytea NOT NULL CHECK (length(bytes) BETWEEN 1 AND 4194304),
        PRIMARY KEY (upload_id, n)
    );
    CREATE TRIGGER append_only BEFORE UPDATE ON upload_chunk
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    -- Everything that was found in a file.
    CREATE TABLE upload_finding (
        upload_id bigint NOT NULL REFERENCES upload,
        n         int NOT NULL,
        row_no    int,                                     -- 1 = first data row; NULL: the file
        column_name text NOT NULL,
        value     text,
        code      text NOT NULL,
        severity  text NOT NULL CHECK (severity IN ('ERROR', 'WARNING', 'INFO')),
        message   text NOT NULL,
        PRIMARY KEY (upload_id, n)
    );

    -- What a source said after each commit; what it was is in object_version.
    CREATE TABLE source_version (
        source_id   int NOT NULL REFERENCES source,
        number      int NOT NULL,
        kind        text NOT NULL CHECK (kind IN ('commit', 'edit', 'rollback')),
        restores    int CHECK ((restores IS NOT NULL) = (kind = 'rollback')),
        delivery_id bigint NOT NULL UNIQUE REFERENCES delivery,
        upload_id   bigint REFERENCES upload,
        counts      jsonb NOT NULL,
        missing     bigint[] NOT NULL,                     -- Locations held that it did not list
        actor_kind  text NOT NULL,
        account_id  int,
        key_id      int,
        actor       text NOT NULL,
        made_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (source_id, number)
    );
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON source_version
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    -- What came by file, as it was understood: the rows of a file cannot be read again by themselves.
    ALTER TABLE object_version ADD COLUMN record bytea;
    DO $$ BEGIN
        ALTER TABLE object_version ALTER COLUMN record SET COMPRESSION lz4;
        ALTER TABLE upload_chunk ALTER COLUMN bytes SET COMPRESSION lz4;
    EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
    END $$;
    """)


def downgrade() -> None:
    op.execute("""
    ALTER TABLE object_version DROP COLUMN record;
    DROP TABLE source_version, upload_finding, upload_chunk, upload;
    """)
