from __future__ import annotations

from nop_registry.queries.kept_texts import KeptTexts


def test_what_was_not_used_for_longest_goes_when_the_budget_is_spent() -> None:
    kept = KeptTexts[str, str](most_bytes=10)
    kept.put("a", "first", 4)
    kept.put("b", "second", 4)
    assert kept.get("a") == "first"
    kept.put("c", "third", 4)
    assert [kept.get(key) for key in "abc"] == ["first", None, "third"]


def test_a_new_value_takes_the_place_of_the_old_one_and_of_its_bytes() -> None:
    kept = KeptTexts[str, str](most_bytes=10)
    kept.put("other", "small", 4)
    for size in (6, 2, 6):
        kept.put("key", "again", size)
    assert kept.get("other") == "small"


def test_what_is_larger_than_the_budget_is_not_kept() -> None:
    kept = KeptTexts[str, str](most_bytes=10)
    kept.put("key", "too large", 11)
    assert kept.get("key") is None
    kept.put("key", "small", 1)
    assert kept.get("key") == "small"
