from __future__ import annotations

import pytest

from nop_registry.sign_in.passwords import WeakPassword, check_new, make_hash, matches


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "short"),
        ("elevenchars", "short"),
        ("x" * 257, "long"),
        ("Password@12345", "common"),
        ("P4ssw0rd!2026", "common"),
        ("correct horse battery staple", "common"),
        ("India@2026!!!!", "common"),
        ("ElectricCharger2026", "common"),
        ("aaaaaaaaaaaaaa", "common"),
        ("123456789012345", "common"),
        ("asha.rao.2026!", "common"),
        ("bijliabcbijli", "common"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, reason: str) -> None:
    with pytest.raises(WeakPassword) as caught:
        check_new(password, "asha.rao@bijli.example", "Asha Rao")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "password", ["saffron kettle violin", "kT9#vLq2pW8z", "नदी पर्वत बादल सूरज", "Tr7-maple-orbit"]
)
def test_words_that_belong_to_nothing_are_taken(password: str) -> None:
    check_new(password, "asha.rao@bijli.example", "Asha Rao")
    kept = make_hash(password)
    assert kept.startswith("$argon2id$v=19$m=65536,")
    assert matches(kept, password)
    assert not matches(kept, password + "x")


def test_without_an_account_no_password_matches_and_it_costs_the_same() -> None:
    assert not matches(None, "nobody has this password")
    assert not matches("not a hash", "saffron kettle violin")
