"""OCPI versions, one file each, found by their `VERSION`. They are pure and do not know another."""

from __future__ import annotations

import sys

from nop_ingest.ocpi.versions.version import OcpiVersion
from nop_registry.discovery import find_parts


def _age(version: OcpiVersion) -> tuple[int, ...]:
    return tuple(int(part) for part in version.number.split("."))


VERSIONS: tuple[OcpiVersion, ...] = tuple(
    sorted(find_parts(sys.modules[__name__], "VERSION"), key=_age, reverse=True)
)
"""The newest first: the one to agree on (VE-3)."""


def find_version(number: str) -> OcpiVersion | None:
    """The version of that number or alias, compared exactly; None: not supported."""
    return next((v for v in VERSIONS if number == v.number or number in v.aliases), None)
