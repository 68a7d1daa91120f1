"""Stations written straight into the tables, for tests of what is shown of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from nop_registry.changes import announce
from nop_registry.classes import class_bit
from nop_registry.database import Connection
from nop_registry.identifiers import canonical_evse_id
from nop_registry.store.sites import refresh_sites

BENGALURU = (77.5946, 12.9716)
DELHI = (77.2090, 28.6139)


class SmallNation:
    """Writes like the store does: rows, search rows and the announcement in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add_source(
        self,
        name: str = "tata",
        *,
        seen_ago_s: int = 0,
        simulated: bool = False,
        status_ttl_s: int = 900,
    ) -> int:
        """A source whose newest complete pull was `seen_ago_s` seconds ago."""
        row = self.connection.execute(
            """INSERT INTO source (name, kind, country_code, simulated, status_ttl_s, seen_at)
               VALUES (%s, 'ocpi', 'IN', %s, %s, now() - %s * interval '1 second') RETURNING id""",
            (name, simulated, status_ttl_s, seen_ago_s),
        ).fetchone()
        self.connection.commit()
        assert row is not None
        return int(row[0])

    def add_station(
        self,
        source_id: int,
        number: int,
        statuses: Sequence[str] = ("AVAILABLE",),
        place: tuple[float, float] = BENGALURU,
        *,
        plugs: Sequence[tuple[str, int]] = (("IEC_62196_T2_COMBO", 60_000),),
        **columns: Any,
    ) -> None:
        """A public station with one EVSE a status; EVSE n has number `number` * 10 + n.

        `plugs` are the connectors of each EVSE in turn; `columns` are columns of `location`.
        """
        now = datetime.now(UTC)
        values = {
            "id": number, "source_id": source_id, "country_code": "IN", "party_id": "TPC",
            "ocpi_id": f"L{number}", "publish": True, "name": f"Station {number}",
            "address": "1 MG Road", "city": "Bengaluru", "country": "IND", "lon": place[0],
            "lat": place[1], "operator_name": "Tata Power", "time_zone": "Asia/Kolkata",
            "details": "{}", "content_hash": b"x", "version": 1, "first_seen_at": now,
            "received_at": now, **columns,
        }  # fmt: skip
        self.connection.execute(
            f"""INSERT INTO location ({", ".join(values)})
                VALUES ({", ".join(f"%({name})s" for name in values)})""",
            values,
        )
        for n, status in enumerate(statuses):
            standard, power_w = plugs[n % len(plugs)]
            self._add_evse(number, n, status, standard, power_w)
        left = refresh_sites(self.connection, [number])
        announce(self.connection, [number], [], left)
        self.connection.commit()

    def _add_evse(self, number: int, n: int, status: str, standard: str, power_w: int) -> None:
        evse, evse_id = number * 10 + n, f"IN*TPC*E{number}*{n}"
        self.connection.execute(
            """INSERT INTO evse (id, location_id, position, uid, evse_id, evse_id_canonical,
                   capabilities, parking_restrictions, max_power_w, class_mask, details,
                   content_hash)
               VALUES (%s, %s, %s, %s, %s, %s, '{}', '{}', %s, %s, '{}', 'x')""",
            (evse, number, n, f"uid{n}", evse_id, canonical_evse_id(evse_id), power_w,
             class_bit(standard, power_w)),
        )  # fmt: skip
        self.connection.execute(
            """INSERT INTO connector (evse_id, position, id, standard, format, power_type,
                   max_electric_power_w, power_derived, tariff_ids, tariff_numbers)
               VALUES (%s, 0, '1', %s, 'CABLE', 'DC', %s, false, '{}', '{}')""",
            (evse, standard, power_w),
        )
        self.connection.execute(
            """INSERT INTO evse_status
                   (evse_id, location_id, status, changed_at, claimed_at, received_at, source_id)
               SELECT %s, id, %s, now(), now(), now() - interval '1 day', source_id
               FROM location WHERE id = %s""",
            (evse, status, number),
        )

    def set_status(self, evse: int, status: str, *, commit: bool = True) -> None:
        """What a status message does; without `commit`, together with the next one."""
        row = self.connection.execute(
            """UPDATE evse_status SET status = %s, changed_at = now(), claimed_at = now(),
                   received_at = now() WHERE evse_id = %s RETURNING location_id""",
            (status, evse),
        ).fetchone()
        assert row is not None
        refresh_sites(self.connection, [row[0]])
        announce(self.connection, [row[0]], [evse])
        if commit:
            self.connection.commit()

    def withdraw(self, number: int) -> None:
        """The operator no longer publishes the station."""
        self.connection.execute("UPDATE location SET publish = false WHERE id = %s", (number,))
        left = refresh_sites(self.connection, [number])
        announce(self.connection, [number], [], left)
        self.connection.commit()

    def move(self, number: int, place: tuple[float, float]) -> None:
        """The operator corrects the coordinates."""
        self.connection.execute(
            "UPDATE location SET lon = %s, lat = %s WHERE id = %s", (*place, number)
        )
        left = refresh_sites(self.connection, [number])
        announce(self.connection, [number], [], left)
        self.connection.commit()

    def fall_silent(self, source_id: int, ago: timedelta = timedelta(days=1)) -> None:
        """The source's newest complete pull was that long ago."""
        self.connection.execute(
            "UPDATE source SET seen_at = now() - %s WHERE id = %s", (ago, source_id)
        )
        self.connection.commit()
