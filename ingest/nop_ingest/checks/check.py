"""What a check is. One check is one function with `@check`; the modules beside this one hold them.

A check sees a whole record and returns its first flaw, so that a code appears at most once per
EVSE, location or tariff however many connectors share the flaw.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from nop_ingest.context import Context
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity
from nop_registry.records import Record

R = TypeVar("R", bound=Record)


class Flaw(NamedTuple):
    """One thing to mend in a record."""

    path: str
    """Field within the record, "" for the record as a whole."""
    message: str
    """What is wrong and how to mend it, for a data officer."""
    value: str | None = None


class Check(msgspec.Struct, Generic[R], frozen=True):
    """A quality rule of one kind of object."""

    code: str
    """Stable, kebab-case: it is counted over years."""
    severity: Severity
    find: Callable[[R, Context], Flaw | None]


def check(
    code: str, severity: Severity
) -> Callable[[Callable[[R, Context], Flaw | None]], Check[R]]:
    """Make a function that finds a flaw a check; its docstring says the rule."""

    def declare(find: Callable[[R, Context], Flaw | None]) -> Check[R]:
        return Check(code, severity, find)

    return declare


def checks_in(module: ModuleType) -> tuple[Check[Any], ...]:
    """The checks that a module defines, in its order."""
    return tuple(part for part in vars(module).values() if isinstance(part, Check))


def apply_checks(
    checks: tuple[Check[R], ...], record: R, context: Context, path: str, findings: list[Finding]
) -> None:
    """Add a notice for each flaw found; `path` is where the record stands, "" at the top."""
    said: set[str] | None = None
    for rule in checks:
        flaw = rule.find(record, context)
        if flaw is None:
            continue
        place = f"{path}.{flaw.path}" if path and flaw.path else path or flaw.path
        if rule.code.endswith("-missing"):
            said = {finding.path for finding in findings} if said is None else said
            if place in said:
                continue  # it was there and left out, which has been said
        findings.append(Notice(rule.code, rule.severity, place, flaw.message, flaw.value))
        if said is not None:
            said.add(place)
