"""Whom the mock lets in: a static token, a token A for one handshake, and token C after it."""

from __future__ import annotations

import base64
import binascii
import contextlib
from hmac import compare_digest
from random import Random
from typing import Literal

from nop.mock.switches import Switches

STATIC_TOKEN = "simulated-mock-token"  # noqa: S105 - no secret: what it guards is invented
INVITATION = "simulated-mock-token-a"

Kind = Literal["static", "invitation", "registered"]


class Tokens:
    """The tokens that the mock accepts."""

    def __init__(self, switches: Switches, seed: int) -> None:
        self._switches = switches
        self._random = Random(f"tokens/{seed}")  # noqa: S311 - guards nothing
        self._accepted: dict[str, Kind] = {STATIC_TOKEN: "static", INVITATION: "invitation"}

    def new(self) -> str:
        """A token that nobody has yet; the same ones in the same order for a seed."""
        return f"simulated-mock-{self._random.getrandbits(96):024x}"

    def admit(self, token: str) -> None:
        """Accept a token as that of a registered platform."""
        self._accepted[token] = "registered"

    def withdraw(self, token: str) -> None:
        """Accept a token no longer."""
        self._accepted.pop(token, None)

    def renew(self, old: str, new: str | None) -> None:
        """A platform's token, or token A, is dead; without a new one, token A works again."""
        self.withdraw(old)
        if new is None:
            self._accepted[INVITATION] = "invitation"
        else:
            self.admit(new)

    def find(self, header: str) -> tuple[Kind, str] | None:
        """What kind of token an Authorization header carries, and the token itself."""
        given = self._given(header)
        for token, kind in self._accepted.items():
            if any(compare_digest(value, token.encode()) for value in given):
                return kind, token
        if "auth-open" in self._switches and given:
            return "static", STATIC_TOKEN
        return None

    def _given(self, header: str) -> list[bytes]:
        """The token as it is and decoded, unless a fault leaves one of them out (TR-1, TR-2)."""
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "token" or not text.strip():
            return []
        value = text.strip().encode()
        found = [] if "token-base64-only" in self._switches else [value]
        if "token-raw-only" not in self._switches:
            with contextlib.suppress(binascii.Error, ValueError):
                found.append(base64.b64decode(value, validate=True).strip())
        return found
