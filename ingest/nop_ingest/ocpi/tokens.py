"""OCPI tokens: made, hashed, and spelled in an Authorization header (ocpi.md TR-1 to TR-6)."""

from __future__ import annotations

import base64
import re
import secrets
from hashlib import sha256

_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")


def new_token() -> str:
    """A token for a peer: 47 printable characters, 256 random bits (TR-4, TR-6)."""
    return f"nop_{secrets.token_urlsafe(32)}"


def token_digest(token: str) -> bytes:
    """What is kept of a token that we accept."""
    return sha256(token.encode()).digest()


def spelled(token: str) -> dict[str, str]:
    """The Authorization headers that a token may be sent as, by the name of the spelling.

    >>> spelled("a")
    {'base64': 'Token YQ==', 'raw': 'Token a'}
    """
    found = {"base64": "Token " + base64.b64encode(token.encode()).decode("ascii")}
    if _HEADER_SAFE.fullmatch(token):
        found["raw"] = "Token " + token
    return found


def usual_spelling(version: str | None) -> str:
    """How a version spells tokens; Base64 while the version is not known (TR-5)."""
    return "raw" if version == "2.1.1" else "base64"
