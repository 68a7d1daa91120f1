"""Every rule of OCPI that applies to us has a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from contracts import ocpi_rules

CHECKLIST = Path(__file__).parents[3] / "shared" / "docs" / "ocpi.md"


def test_every_rule_that_applies_to_us_is_named_by_a_test() -> None:
    missing = ocpi_rules.untested(ocpi_rules.read_rules(), ocpi_rules.find_tests())
    assert missing == []


def test_no_test_names_a_rule_that_does_not_exist() -> None:
    rules, tests = ocpi_rules.read_rules(), ocpi_rules.find_tests()
    unknown = {rule: named for rule, named in tests.items() if rule not in rules.phrases}
    assert unknown == {}
    assert {*rules.not_for_our_role, *rules.left} <= set(rules.phrases)


def test_the_table_of_rules_is_up_to_date() -> None:
    table = ocpi_rules.as_table(ocpi_rules.read_rules(), ocpi_rules.find_tests())
    assert ocpi_rules.TABLE.read_text() == table, (
        "run: python tests/contracts/ocpi_rules.py --write"
    )


def test_a_range_of_rules_in_a_docstring_names_each_of_them() -> None:
    named = ocpi_rules.named_rules("test_cr_10_calls_back", "TR-2 to TR-4, P4; PU-1, not XP5.")
    assert named == {"CR-10", "TR-2", "TR-3", "TR-4", "P4", "PU-1"}


def test_the_list_of_rules_has_every_id_of_the_checklist() -> None:
    if not CHECKLIST.exists():
        pytest.skip("needs the shared folder beside the checkout")
    text = CHECKLIST.read_text()
    ids = set(re.findall(r"\b(?:RO|TR|VE|CR|PU|RE|SE|RT|DM|HO|TA)-\d+\b", text)) - {"CR-7"}
    ids |= set(re.findall(r"\bP(?:[1-9]|1\d|2[0-6])\b", text.partition("## 15.")[2]))
    assert set(ocpi_rules.read_rules().phrases) == ids
