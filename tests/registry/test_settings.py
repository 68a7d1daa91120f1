from __future__ import annotations

import pytest

from nop_registry.errors import SettingsError
from nop_registry.settings import load


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOP_PORT", "0"),
        ("NOP_PORT", "²"),
        ("NOP_COUNTRY", "IND"),
        ("NOP_COUNTRY", "éé"),
        ("NOP_DATABASE_URL", "host=db password=secret"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_without_telling_a_secret(
    name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        load({name: value})
    assert "secret" not in str(refused.value)
