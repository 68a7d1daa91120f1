"""The second factor: a code by time (TOTP, RFC 6238), or a recovery code when that is lost."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from hashlib import sha256

import pyotp

_STEP_S = 30
_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


def new_secret() -> str:
    """A fresh secret in Base32, 160 bits."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, login: str, issuer: str) -> str:
    """What the QR code for an authenticator says."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def matching_step(secret: str, code: str, now: datetime, used: int | None) -> int | None:
    """The time step whose code it is, one step early or late allowed; None: it is none.

    A step that is not later than `used` opens nothing again.
    """
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits, re.ASCII):
        return None
    here = int(now.timestamp()) // _STEP_S
    found = None
    for step in (here - 1, here, here + 1):
        expected = pyotp.TOTP(secret).generate_otp(step)
        if hmac.compare_digest(expected, digits) and (used is None or step > used):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of 59 bits, such as `k7mq-2xvd-9ptr`."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
        for _ in range(_CODES)
    ]


def recovery_digest(account_id: int, code: str) -> bytes:
    """What is kept of a recovery code. Few tries are granted, so that no slow hash is needed."""
    plain = re.sub(r"[\s-]", "", code.lower())
    return sha256(f"nop recovery {account_id} {plain}".encode()).digest()
