"""PostgreSQL with PostGIS: found on the machine, else installed, else unpacked into a cache."""

from __future__ import annotations

from collections.abc import Callable

from nop import binaries
from nop.binaries import Binaries
from nop_registry.errors import SettingsError


def provide(version: int | None, say: Callable[[str], None]) -> Binaries:
    """A PostgreSQL with PostGIS, of that major version if one is given."""
    found = binaries.find(version)
    if found is None:
        raise SettingsError("no PostgreSQL with PostGIS")
    return found
