"""A whole source is taken out of publication: its publisher asks for it, or we must (SE-7)."""

from __future__ import annotations

from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.errors import NotFound
from nop_registry.store.sites import refresh_sites

_AT_ONCE = 5000


def withdraw_source(connection: Connection, name: str, reason: str) -> int:
    """Retire everything of this source and take nothing more of it; returns how many locations.

    Neither a pull nor a push nor new credentials of the peer bring it back, only a person who
    releases it: then its next pull is a full one. Consumers are told as with any retired location.
    What was received is kept as history. Raises NotFound.
    """
    row = connection.execute(
        """UPDATE source SET state = 'disabled', state_reason = %s, last_full_at = NULL,
               withdrawn_at = coalesce(withdrawn_at, now()) WHERE name = %s
           RETURNING id""",
        (reason, name),
    ).fetchone()
    if row is None:
        raise NotFound(f"no source named {name!r}; `nop source list` shows those there are")
    # A pull that was cut off must not go on later: what it brought is retired now.
    connection.execute(
        """UPDATE delivery SET state = 'failed', finished_at = now(), error = 'withdrawn'
           WHERE source_id = %s AND state = 'running'""",
        row,
    )
    locations = [number for (number,) in connection.execute(_RETIRE_LOCATIONS, row)]
    connection.execute(_RETIRE_TARIFFS, row)
    # Forgotten as "sent": should it come back, everything is taken anew.
    connection.execute("DELETE FROM source_object WHERE source_id = %s", row)
    for begin in range(0, len(locations), _AT_ONCE):
        batch = locations[begin : begin + _AT_ONCE]
        announce(connection, batch, (), refresh_sites(connection, batch))
    return len(locations)


_RETIRE_LOCATIONS = """
WITH retired AS (
    UPDATE location SET retired_at = now(), version = version + 1
    WHERE source_id = %s AND retired_at IS NULL RETURNING id, version
), silenced AS (
    DELETE FROM evse_status s USING retired r WHERE s.location_id = r.id RETURNING s.evse_id
), events AS (
    INSERT INTO status_event (evse_id, status, changed_at, received_at)
    SELECT evse_id, 'REMOVED', now(), now() FROM silenced
), history AS (
    INSERT INTO object_version (object_id, version, kind, valid_from, event)
    SELECT id, version, 'location', now(), 'retired' FROM retired
)
SELECT id FROM retired"""

_RETIRE_TARIFFS = """
WITH retired AS (
    UPDATE tariff SET retired_at = now(), version = version + 1
    WHERE source_id = %s AND retired_at IS NULL RETURNING id, version
)
INSERT INTO object_version (object_id, version, kind, valid_from, event)
SELECT id, version, 'tariff', now(), 'retired' FROM retired"""
