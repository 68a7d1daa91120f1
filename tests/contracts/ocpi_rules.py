"""Which test shows which rule of OCPI: makes and checks ingest/OCPI_RULES.md.

`python tests/contracts/ocpi_rules.py --write`. A test shows a rule when its name or its docstring
names it: `test_re_3_…`, or "RE-3", "TR-1, TR-2" and "TR-1 to TR-8" in words.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "ingest" / "OCPI_RULES.md"
_LIST = Path(__file__).with_name("ocpi_rules.toml")
_FAMILIES = "RO|TR|VE|CR|PU|RE|SE|RT|DM|HO|TA"
_NAMED = re.compile(rf"\b(?:({_FAMILIES})-(\d+)|(P)([1-9]\d?))\b")
_RANGE = re.compile(rf"\b({_FAMILIES})-(\d+) ?(?:to|–) ?(?:\1-)?(\d+)\b")
_IN_NAME = re.compile(rf"_({_FAMILIES.lower()})_?(\d+)(?=_|$)")
_MOST_SHOWN = 3
_TITLES = {
    "RO": "Our role", "TR": "Transport", "VE": "Versions", "CR": "Credentials", "PU": "Pulling",
    "RE": "Receiving pushes", "SE": "Sending", "RT": "Routing and hubs", "DM": "Data model",
    "HO": "Hours", "TA": "Tariffs", "P": "Deviations of real servers",
}  # fmt: skip


class Rules(NamedTuple):
    """The committed list: phrases by id, and why some need no test."""

    phrases: Mapping[str, str]
    not_for_our_role: Mapping[str, str]
    left: Mapping[str, str]


def read_rules() -> Rules:
    """The list in ocpi_rules.toml."""
    found = tomllib.loads(_LIST.read_text())
    return Rules(found["rules"], found.get("not_for_our_role", {}), found.get("left", {}))


def find_tests(root: Path = TESTS) -> dict[str, list[str]]:
    """Tests by the rules that they name, as `file::test`; those that name few come first."""
    found: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for path in sorted(root.rglob("test_*.py")):
        for function in _functions(ast.parse(path.read_text())):
            test = f"{path.relative_to(root).as_posix()}::{function.name}"
            named = named_rules(function.name, ast.get_docstring(function) or "")
            counts[test] = len(named)
            for rule in named:
                found.setdefault(rule, []).append(test)
    return {rule: sorted(tests, key=lambda t: (counts[t], t)) for rule, tests in found.items()}


def named_rules(name: str, docstring: str) -> set[str]:
    """Ids in a test's name or docstring.

    >>> sorted(named_rules("test_re_3_needs_a_time", "P14; TR-1 to TR-3."))
    ['P14', 'RE-3', 'TR-1', 'TR-2', 'TR-3']
    """
    found = {f"{family.upper()}-{number}" for family, number in _IN_NAME.findall(name)}
    for family, number, deviation, other in _NAMED.findall(docstring):
        found.add(f"P{other}" if deviation else f"{family}-{number}")
    for family, first, last in _RANGE.findall(docstring):
        found |= {f"{family}-{number}" for number in range(int(first), int(last) + 1)}
    return found


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and node.name.startswith("test_"):
            yield node


def untested(rules: Rules, tests: Mapping[str, list[str]]) -> list[str]:
    """Rules that apply to us and that no test names."""
    excused = {*rules.not_for_our_role, *rules.left}
    return [rule for rule in rules.phrases if rule not in tests and rule not in excused]


def as_table(rules: Rules, tests: Mapping[str, list[str]]) -> str:
    """The Markdown of ingest/OCPI_RULES.md."""
    applying = len(rules.phrases) - len(rules.not_for_our_role)
    shown = sum(rule in tests for rule in rules.phrases if rule not in rules.not_for_our_role)
    lines = [
        "# Rules of OCPI and the tests that show them",
        "",
        "Made by `python tests/contracts/ocpi_rules.py --write`; a test fails when it is out of"
        " date.",
        f"{shown} of {applying} rules that apply to us are tested. Paths are below `tests/`.",
    ]
    family = ""
    for rule, phrase in rules.phrases.items():
        if (begins := re.match("[A-Z]+", rule)) and begins[0] != family:
            family = begins[0]
            lines += ["", f"## {_TITLES[family]}", "", "| Rule | What | Tests | Status |",
                      "|---|---|---|---|"]  # fmt: skip
        lines.append(
            f"| {rule} | {phrase} | {_cell(tests.get(rule, []))} | {_status(rules, tests, rule)} |"
        )
    return "\n".join(lines) + "\n"


def _cell(tests: list[str]) -> str:
    shown = [f"`{test}`" for test in tests[:_MOST_SHOWN]]
    if len(tests) > _MOST_SHOWN:
        shown.append(f"and {len(tests) - _MOST_SHOWN} more")
    return "<br>".join(shown)


def _status(rules: Rules, tests: Mapping[str, list[str]], rule: str) -> str:
    if rule in tests:
        return "tested"
    if rule in rules.not_for_our_role:
        return f"not for our role: {rules.not_for_our_role[rule]}"
    return f"left: {rules.left.get(rule, 'no test yet')}"


def main(arguments: list[str]) -> int:
    """Write the table, or say which rules lack a test."""
    rules, tests = read_rules(), find_tests()
    if arguments == ["--write"]:
        TABLE.write_text(as_table(rules, tests))
    missing = untested(rules, tests)
    print(f"{len(missing)} rules without a test: {', '.join(missing) or 'none'}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
