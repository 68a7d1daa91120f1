"""Settings from the environment, read once. Every name starts with NOP_."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

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
    egress_ports: frozenset[int] = frozenset((80, 443))
    """Ports of operators' servers that are called (NOP_EGRESS_PORTS, default 80,443)."""
    egress_http: bool = False
    """Call operators' servers without TLS too (NOP_EGRESS_HTTP, default off)."""
    public_url: str = "http://127.0.0.1:8000"
    """Where others reach this installation, without a last slash (NOP_PUBLIC_URL).

    The URLs we give to others begin with it, never with what a request's Host header says (TR-46).
    """
    party_id: str = "NAP"
    """Our own OCPI party id in `country` (NOP_PARTY_ID)."""
    party_name: str = "National Access Point"
    """What OCPI peers call us (NOP_PARTY_NAME)."""
    rotate_days: int | None = None
    """Renew OCPI connections' tokens after so many days (NOP_OCPI_ROTATE_DAYS; None: never)."""
    tombstone_days: int = 90
    """How long OCPI consumers are told that a location is gone (NOP_TOMBSTONE_DAYS)."""


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
    host = env.get("NOP_HOST", "127.0.0.1")
    ports = env.get("NOP_EGRESS_PORTS", "80,443").replace(" ", "").split(",")
    if not all(port.isascii() and port.isdigit() and 0 < int(port) < 65536 for port in ports):
        raise SettingsError(
            "NOP_EGRESS_PORTS must list port numbers with commas between them, such as 80,443, "
            f"not {env['NOP_EGRESS_PORTS']!r}"
        )
    return Settings(
        home=Path(env["NOP_HOME"]).absolute() if env.get("NOP_HOME") else _default_home(),
        database_url=url,
        host=host,
        port=int(port),
        demo=env.get("NOP_DEMO", "1") not in ("0", "false", "no", ""),
        country=country,
        map_style_url=env.get("NOP_MAP_STYLE_URL") or None,
        egress_ports=frozenset(map(int, ports)),
        egress_http=env.get("NOP_EGRESS_HTTP", "0") not in ("0", "false", "no", ""),
        public_url=_public_url(env.get("NOP_PUBLIC_URL") or f"http://{host}:{port}"),
        party_id=_party_id(env.get("NOP_PARTY_ID", "NAP")),
        party_name=env.get("NOP_PARTY_NAME") or "National Access Point",
        rotate_days=_days(env.get("NOP_OCPI_ROTATE_DAYS", "")),
        tombstone_days=_tombstone_days(env.get("NOP_TOMBSTONE_DAYS", "90")),
    )


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise SettingsError(
            f"NOP_PUBLIC_URL must be an address such as https://charging.example, not {text!r}"
        )
    return text.rstrip("/")


def _party_id(text: str) -> str:
    party = text.upper()
    if len(party) != 3 or not party.isascii() or not party.isalnum():
        raise SettingsError(f"NOP_PARTY_ID must be three letters or digits, not {text!r}")
    return party


def _days(text: str) -> int | None:
    if text in ("", "0"):
        return None
    if not text.isdigit() or int(text) > 366:
        raise SettingsError(f"NOP_OCPI_ROTATE_DAYS must be a number of days, not {text!r}")
    return int(text)


def _tombstone_days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 3660):
        raise SettingsError(f"NOP_TOMBSTONE_DAYS must be a number of days, not {text!r}")
    return int(text)
