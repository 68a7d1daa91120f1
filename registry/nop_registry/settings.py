"""Settings from the environment, read once. Every name starts with NOP_."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from nop_registry.errors import SettingsError


def _default_home() -> Path:
    # As root the data must not lie under /root (0700): PostgreSQL runs as another account.
    return Path("/var/lib/nop") if os.geteuid() == 0 else Path.home() / ".local/share/nop"


class Settings(msgspec.Struct, frozen=True):
    """How this installation runs."""

    home: Path
    """All data, the private PostgreSQL cluster and the secret key (NOP_HOME)."""
    database_url: str | None
    """libpq URL of your own PostgreSQL with PostGIS (NOP_DATABASE_URL); None: private cluster."""
    host: str
    port: int
    demo: bool
    """Bring up the simulated nation (NOP_DEMO, default on)."""
    country: str
    """ISO 3166 alpha-2 code of the nation served (NOP_COUNTRY, default IN)."""
    map_style_url: str | None
    """MapLibre style that replaces the built-in outline map (NOP_MAP_STYLE_URL)."""


def load(environ: dict[str, str] | None = None) -> Settings:
    """Read NOP_* variables. Raises SettingsError that names the variable."""
    env = dict(os.environ) if environ is None else environ
    port = env.get("NOP_PORT", "8000")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsError(f"NOP_PORT must be a port number 1 to 65535, not {port!r}")
    url = env.get("NOP_DATABASE_URL") or None
    if url and not url.startswith(("postgresql://", "postgres://")):
        # The value may hold a password: it is not repeated.
        raise SettingsError("NOP_DATABASE_URL must be a URL: postgresql://USER@HOST/DATABASE")
    country = env.get("NOP_COUNTRY", "IN").upper()
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise SettingsError(f"NOP_COUNTRY must be an ISO 3166 alpha-2 code, not {country!r}")
    return Settings(
        home=Path(env["NOP_HOME"]).absolute() if env.get("NOP_HOME") else _default_home(),
        database_url=url,
        host=env.get("NOP_HOST", "127.0.0.1"),
        port=int(port),
        demo=env.get("NOP_DEMO", "1") not in ("0", "false", "no", ""),
        country=country,
        map_style_url=env.get("NOP_MAP_STYLE_URL") or None,
    )
