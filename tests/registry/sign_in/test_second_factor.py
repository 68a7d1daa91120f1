from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from nop_registry.sign_in.second_factor import (
    matching_step,
    new_recovery_codes,
    new_secret,
    provisioning_uri,
    recovery_digest,
)

NOW = datetime(2026, 11, 21, 12, 0, 10, tzinfo=UTC)


def test_a_code_opens_one_step_early_or_late_and_no_further() -> None:
    secret = new_secret()
    step = int(NOW.timestamp()) // 30
    for away, expected in ((-2, None), (-1, step - 1), (0, step), (1, step + 1), (2, None)):
        code = pyotp.TOTP(secret).at(NOW + timedelta(seconds=30 * away))
        assert matching_step(secret, code, NOW, None) == expected


def test_a_code_opens_once() -> None:
    secret = new_secret()
    code = pyotp.TOTP(secret).at(NOW)
    used = matching_step(secret, f" {code[:3]} {code[3:]} ", NOW, None)
    assert used is not None
    assert matching_step(secret, code, NOW, used) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "१२३४५६", "000000 OR 1=1"])
def test_what_is_no_code_opens_nothing(code: str) -> None:
    assert matching_step(new_secret(), code, NOW, None) is None


def test_the_qr_code_names_the_platform_and_the_person() -> None:
    uri = provisioning_uri(
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "asha@example.in", "National Access Point"
    )
    assert uri.startswith("otpauth://totp/National%20Access%20Point:asha%40example.in?secret=JBSW")


def test_recovery_codes_are_ten_and_belong_to_one_account() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert recovery_digest(1, codes[0].upper().replace("-", " ")) == recovery_digest(1, codes[0])
    assert recovery_digest(1, codes[0]) != recovery_digest(2, codes[0])
