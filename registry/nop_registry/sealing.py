"""Secrets that must be read again are kept sealed: AES-256-GCM, key outside the database (T11).

Only the tokens that we send to operators need this; tokens that we accept are stored as hashes.
Sealed form: 4 bytes naming the key, 12 bytes nonce, ciphertext with tag.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nop_registry.errors import SettingsError
from nop_registry.settings import Settings

_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12


def seal(plain: str, *, key: bytes, purpose: str) -> bytes:
    """Encrypt a text. It opens only for the same purpose, e.g. `source 7 token`.

    So a sealed value that was copied into another row does not open there.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _key_id(key) + nonce + AESGCM(key).encrypt(nonce, plain.encode(), purpose.encode())


def unseal(sealed: bytes, *, key: bytes, purpose: str) -> str:
    """The text that was sealed. Raises SettingsError: other key, other purpose, or damaged."""
    key_id, rest = sealed[:_KEY_ID_BYTES], sealed[_KEY_ID_BYTES:]
    if key_id != _key_id(key):
        raise SettingsError(
            "A stored token was sealed with another secret key. Set NOP_SECRET_KEY to the key "
            "this registry was set up with, or enter the token again."
        )
    try:
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        return AESGCM(key).decrypt(nonce, ciphertext, purpose.encode()).decode()
    except (InvalidTag, ValueError):
        raise SettingsError(
            "A stored token is damaged or belongs to another source. Enter the token again."
        ) from None


def load_key(settings: Settings, environ: Mapping[str, str] | None = None) -> bytes:
    """The 32-byte key: NOP_SECRET_KEY in Base64, else NOP_HOME/secret.key, made on first use.

    Raises SettingsError when neither can be used.
    """
    given = (os.environ if environ is None else environ).get("NOP_SECRET_KEY")
    if given:
        return _decode(given, "NOP_SECRET_KEY")
    path = settings.home / "secret.key"
    try:
        if not path.exists():
            _create(path)
        return _decode(path.read_text("ascii"), str(path))
    except OSError as error:
        raise SettingsError(
            f"The secret key {path} cannot be read or made ({error.strerror}). Make the folder "
            "writable, or set NOP_SECRET_KEY to 32 random bytes in Base64."
        ) from None


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".secret.key.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # unlike a rename, never replaces the key another process just made
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingsError(
            f"{where} must hold 32 bytes in Base64. Make one with: openssl rand -base64 32"
        )
    return key


def _key_id(key: bytes) -> bytes:
    return sha256(b"nop key id" + key).digest()[:_KEY_ID_BYTES]
