"""Tokens that are kept sealed (T11)."""

from __future__ import annotations

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from nop_registry.errors import SettingsError
from nop_registry.sealing import load_key, seal, unseal
from nop_registry.settings import Settings, load

KEY = bytes(range(32))


def home(path: Path) -> Settings:
    return msgspec.structs.replace(load({}), home=path)


def test_a_sealed_text_opens_with_its_key_and_purpose() -> None:
    sealed = seal("tökén", key=KEY, purpose="source 7 token")
    assert unseal(sealed, key=KEY, purpose="source 7 token") == "tökén"
    assert b"t\xc3\xb6k" not in sealed
    assert seal("tökén", key=KEY, purpose="source 7 token") != sealed


def test_a_sealed_text_that_was_moved_to_another_row_does_not_open() -> None:
    """T11: swapped rows fail closed."""
    sealed = seal("token", key=KEY, purpose="source 7 token")
    with pytest.raises(SettingsError, match="belongs to another source"):
        unseal(sealed, key=KEY, purpose="source 8 token")


def test_another_key_is_named_as_the_reason() -> None:
    sealed = seal("token", key=KEY, purpose="p")
    with pytest.raises(SettingsError, match="NOP_SECRET_KEY"):
        unseal(sealed, key=bytes(32), purpose="p")


@pytest.mark.parametrize("cut", [4, 10, 20, -1])
def test_a_damaged_text_does_not_open(cut: int) -> None:
    sealed = seal("token", key=KEY, purpose="p")
    with pytest.raises(SettingsError, match="damaged"):
        unseal(sealed[:cut], key=KEY, purpose="p")


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = home(tmp_path / "new")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_key(settings, {}), range(16)))
    assert len(keys) == 1 and len(keys.pop()) == 32
    assert os.listdir(tmp_path / "new") == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "new/secret.key").stat().st_mode) == 0o600


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    given = {"NOP_SECRET_KEY": base64.b64encode(KEY).decode()}
    assert load_key(home(tmp_path), given) == KEY
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("text", ["short", "c2hvcnQ=", "not base64 at all!", "schlüssel"])
def test_a_key_that_cannot_be_used_is_refused_with_the_remedy(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="openssl rand -base64 32"):
        load_key(home(tmp_path), {"NOP_SECRET_KEY": text})


def test_a_folder_that_cannot_hold_the_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="secret key"):
        load_key(home(tmp_path / "file"), {})
