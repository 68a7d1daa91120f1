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
        ("NOP_PUBLIC_URL", "charging.example"),
        ("NOP_PUBLIC_URL", "https://charging.example/?a=1"),
        ("NOP_PARTY_ID", "NAPS"),
        ("NOP_OCPI_ROTATE_DAYS", "monthly"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_without_telling_a_secret(
    name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        load({name: value})
    assert "secret" not in str(refused.value)


def test_the_public_address_is_where_we_listen_unless_it_is_set() -> None:
    """TR-46"""
    assert load({"NOP_PORT": "8123"}).public_url == "http://127.0.0.1:8123"
    assert load({"NOP_PUBLIC_URL": "https://nap.example/x/"}).public_url == "https://nap.example/x"


def test_tokens_are_renewed_only_if_that_is_set() -> None:
    """CR-31"""
    assert load({}).rotate_days is None and load({"NOP_OCPI_ROTATE_DAYS": "0"}).rotate_days is None
    assert load({"NOP_OCPI_ROTATE_DAYS": "30"}).rotate_days == 30


def test_operators_are_called_on_the_usual_ports_and_by_https_unless_told_otherwise() -> None:
    usual = load({})
    assert (usual.egress_ports, usual.egress_http) == ({80, 443}, False)
    told = load({"NOP_EGRESS_PORTS": "443, 8443", "NOP_EGRESS_HTTP": "1"})
    assert (told.egress_ports, told.egress_http) == ({443, 8443}, True)


@pytest.mark.parametrize("ports", ["", "https", "443;80", "0", "65536", "443,", "-1"])
def test_ports_that_are_none_are_refused(ports: str) -> None:
    with pytest.raises(SettingsError, match="NOP_EGRESS_PORTS"):
        load({"NOP_EGRESS_PORTS": ports})
