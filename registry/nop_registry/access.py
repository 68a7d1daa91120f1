"""Who may do what. Deny by default: nothing is allowed that is not said here.

Now: API keys of machines (`nop key add`). A key is `nopk_` and 43 letters from 256 random bits;
the registry keeps only its SHA-256, which needs no salt at that entropy (ASVS 6.5.2).
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple, Protocol, TypeVar

from nop_registry.errors import AccessDenied

_KEY = re.compile(r"nopk_[A-Za-z0-9_-]{43}", re.ASCII)
_SHOWN_LETTERS = len("nopk_") + 7  # 42 bits may be shown; 214 stay secret


class Scope(StrEnum):
    """What a key may be used for."""

    UPLOAD = "upload"


class NotAuthenticated(AccessDenied):
    """No key, or none that is valid now."""


class NewKey(NamedTuple):
    """A key just made. `key` is shown once and kept nowhere."""

    key: str
    prefix: str
    digest: bytes


class KeyFacts(Protocol):
    """What the registry holds about a key."""

    @property
    def sha256(self) -> bytes:
        """Digest of the key."""

    @property
    def scopes(self) -> Sequence[str]:
        """What it may be used for."""

    @property
    def source_id(self) -> int | None:
        """The one source it may write; None: any."""

    @property
    def expires_at(self) -> datetime | None:
        """The moment from which it is invalid."""

    @property
    def revoked_at(self) -> datetime | None:
        """Set when a person took it back."""


K = TypeVar("K", bound=KeyFacts)


def make_key() -> NewKey:
    """A fresh random key."""
    key = f"nopk_{secrets.token_urlsafe(32)}"
    return NewKey(key, key[:_SHOWN_LETTERS], sha256(key.encode()).digest())


def bearer_digest(authorization: Sequence[str]) -> bytes:
    """SHA-256 of the key in the request's Authorization headers.

    Raises NotAuthenticated unless there is exactly one header, `Bearer` and a well-formed key.
    """
    if len(authorization) == 1:
        scheme, _, key = authorization[0].strip().partition(" ")
        if scheme.lower() == "bearer" and _KEY.fullmatch(key.strip()):
            return sha256(key.strip().encode()).digest()
    raise NotAuthenticated(
        "send one header `Authorization: Bearer nopk_…` (`nop key add` makes a key)"
    )


def check_key(found: K | None, digest: bytes, scope: Scope, now: datetime) -> K:
    """The key found under `digest`, if it is valid now and has the scope.

    Raises NotAuthenticated (one text for unknown, expired and revoked) or AccessDenied.
    """
    if (
        found is None
        or not hmac.compare_digest(found.sha256, digest)
        or found.revoked_at is not None
        or (found.expires_at is not None and found.expires_at <= now)
    ):
        raise NotAuthenticated("this key is not valid; `nop key add` makes one")
    if scope not in found.scopes:
        raise AccessDenied(f"this key has no scope {scope.value!r}")
    return found


def check_source(found: KeyFacts, source_id: int | None) -> None:
    """Whether the key may write to that source (None: there is no such source).

    Raises AccessDenied; a key that is bound to one source learns nothing about others.
    """
    if found.source_id is not None and found.source_id != source_id:
        raise AccessDenied("this key is for another source")
