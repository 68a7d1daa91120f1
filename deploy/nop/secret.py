"""Secrets that a person types, so that neither `ps` nor the shell's history shows them."""

from __future__ import annotations

import getpass
import sys

from nop_registry.errors import InvalidInput

TYPED = "-"
"""Instead of a secret on the command line."""


def read_secret(given: str | None, name: str) -> str | None:
    """`given`, or for `-` what is typed unseen, or the next line of a pipe. Raises InvalidInput."""
    if given != TYPED:
        return given
    typed = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not typed.strip():
        raise InvalidInput(f"no {name} came in: type it, or pipe it as one line")
    return typed.strip()
