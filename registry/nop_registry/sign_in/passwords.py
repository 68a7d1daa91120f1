"""Passwords: argon2id, at least 12 characters, none of those that everybody tries first."""

from __future__ import annotations

import re
import string
import threading
from functools import cache
from importlib import resources
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from nop_registry.errors import InvalidInput

SHORTEST = 12
LONGEST = 256
_OWN_CHARACTERS = 4
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2)
# With the same parameters, made beforehand: no unknown login takes longer than a known one.
_OF_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=2$EwmjOFTEg1qz5ikMOlJNOg"
    "$EmNPDN2oRxgxraNsbLHnMUIJt7t0xNNd6JAbOGgHqlw"
)
_slots = threading.BoundedSemaphore(2)  # 64 MiB each: a flood of sign-ins must not take the memory
_LEET = str.maketrans("013457@$!", "oieastasi")
_RUN = re.compile(
    r"(.)\1{2,}|0?(?:123|234|345|456|567|678|789|890)[0-9]*|(?:098|987|876|765)[0-9]*"
)


class WeakPassword(InvalidInput):
    """It may not be chosen; `reason` is `short`, `long` or `common`."""

    def __init__(self, reason: Literal["short", "long", "common"]) -> None:
        super().__init__(_WHY[reason])
        self.reason = reason


_WHY = {
    "short": f"choose a password of at least {SHORTEST} characters",
    "long": f"choose a password of at most {LONGEST} characters",
    "common": "this password is among the first that are guessed: put several words together that "
    "have nothing to do with one another",
}


def check_new(password: str, *about: str) -> None:
    """Whether a password may be chosen. `about`: the account's name and login.

    Raises WeakPassword.
    """
    if len(password) < SHORTEST:
        raise WeakPassword("short")
    if len(password) > LONGEST:
        raise WeakPassword("long")
    if _is_common(password, about):
        raise WeakPassword("common")


def make_hash(password: str) -> str:
    """What is kept of a password."""
    with _slots:
        return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password. Without a kept one it takes as long, and is not."""
    with _slots:
        try:
            _hasher.verify(kept or _OF_NOBODY, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def _is_common(password: str, about: tuple[str, ...]) -> bool:
    """Whether less than four characters are left when words that everybody uses are taken out.

    >>> [_is_common(text, ("asha@example.in",)) for text in
    ...  ("Password@12345", "asha-asha-2024!", "qwertyuiop123", "saffron kettle violin")]
    [True, True, True, False]
    """
    plain = password.lower()
    words = _words() | {part for text in about for part in re.split(r"\W+", text.lower()) if part}
    core = plain.strip(string.digits + string.punctuation + " ")
    for spelling in (plain, plain.translate(_LEET), core.translate(_LEET)):
        rest = _RUN.sub(" ", spelling)
        for word in sorted(words, key=len, reverse=True):
            if len(word) > 2:
                rest = rest.replace(word, " ")
        left = re.sub(r"\b(?:19|20)?\d{2}\b|\W|_", "", _RUN.sub(" ", rest))
        if len(left) < _OWN_CHARACTERS or len(set(left)) < _OWN_CHARACTERS - 1:
            return True
    return len(set(plain)) < _OWN_CHARACTERS + 1


@cache
def _words() -> frozenset[str]:
    text = (
        resources.files("nop_registry.sign_in").joinpath("common_passwords.txt").read_text("utf-8")
    )
    return frozenset(line.strip() for line in text.splitlines() if line and line[0] != "#")
