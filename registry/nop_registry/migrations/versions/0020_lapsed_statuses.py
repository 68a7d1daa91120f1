"""Statuses lapse one by one: a word on some EVSEs of a source does not confirm the others for ever."""

from alembic import op

revision = "0020"
down_revision = "0019"

_FRESH = "coalesce(es.fresh_at, es.received_at)"


def upgrade() -> None:
    op.execute("""
    -- When a word of its source no longer carried it (store/lapses.py); NULL: it holds as long as
    -- its source is heard of. The index is all but empty: updates of others stay HOT.
    ALTER TABLE evse_status ADD lapsed_at timestamptz;
    CREATE INDEX evse_status_lapsed ON evse_status (source_id) WHERE lapsed_at IS NOT NULL;
    """)
    op.execute(_evse_statuses("$4 OR es.lapsed_at IS NOT NULL"))


def _evse_statuses(alone: str) -> str:
    """The rule of staleness (0009, 0019), by when an EVSE's own word is all there is."""
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
        LATERAL (SELECT CASE WHEN {alone} THEN {_FRESH}
                 ELSE greatest({_FRESH}, $2) END AS last_seen_at) seen,
        LATERAL (SELECT {alone} OR seen.last_seen_at < $3 AS is_stale) stale
        WHERE es.location_id = $1
    $$;
    """  # noqa: S608 - our own words


def downgrade() -> None:
    op.execute(_evse_statuses("$4"))
    op.execute("ALTER TABLE evse_status DROP lapsed_at")
