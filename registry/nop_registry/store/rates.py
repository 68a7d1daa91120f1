"""How often somebody may try: buckets that fill with tries and drain with time, for all processes.

What cannot be counted is refused: without the database nobody signs in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.errors import AccessDenied


class Rate(NamedTuple):
    """So many tries in so many seconds."""

    name: str
    tries: int
    seconds: int


class TooMany(AccessDenied):
    """It was tried too often."""

    def __init__(self, retry_after_s: int) -> None:
        minutes = max(1, round(retry_after_s / 60))
        super().__init__(f"too many tries: wait {minutes} min and try again")
        self.retry_after_s = retry_after_s


def take(connection: Connection, rates: Iterable[Rate], who: str) -> None:
    """Count one try of `who`. Raises TooMany. Commit it, whatever comes of the try."""
    for rate in rates:
        row = connection.execute(
            """INSERT INTO rate_bucket AS b (name, level) VALUES (%(name)s, 1)
               ON CONFLICT (name) DO UPDATE
               SET level = 1 + greatest(0, b.level - %(drain)s::float8
                               * extract(epoch FROM clock_timestamp() - b.moved_at)),
                   moved_at = clock_timestamp()
               WHERE 1 + greatest(0, b.level - %(drain)s::float8
                         * extract(epoch FROM clock_timestamp() - b.moved_at)) <= %(tries)s
               RETURNING level""",
            {
                "name": f"{rate.name}:{who}"[:400],
                "drain": rate.tries / rate.seconds,
                "tries": rate.tries,
            },
        ).fetchone()
        if row is None:
            raise TooMany(rate.seconds // rate.tries)


def forget(connection: Connection, rates: Iterable[Rate], who: str) -> None:
    """It succeeded: earlier tries no longer count."""
    connection.execute(
        "DELETE FROM rate_bucket WHERE name = ANY(%s)",
        ([f"{rate.name}:{who}"[:400] for rate in rates],),
    )


def tidy(connection: Connection) -> None:
    """Forget buckets that have not moved for two days: they are empty."""
    connection.execute("DELETE FROM rate_bucket WHERE moved_at < now() - interval '2 days'")


def network_of(address: str | None) -> str:
    """What counts as one caller: an IPv4 address, or the /64 that an IPv6 subscriber has.

    >>> network_of("2001:db8:1:2:3::9"), network_of("192.0.2.7"), network_of(None)
    ('2001:db8:1:2::/64', '192.0.2.7', 'unknown')
    """
    try:
        parsed = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
