"""Records out of JSON objects that have their fields: what cannot be read costs only itself."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from nop_ingest.reading.refused import Refused
from nop_ingest.reading.upload_format import RefusedRow
from nop_ingest.report import Notice
from nop_registry.enums import Severity
from nop_registry.records import Record

R = TypeVar("R", bound=Record)
_LEFT_OUT = ", so it was left out"
_MOST_MENDED = 200  # of one object
_ERROR = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_EXPECTED = re.compile(r"Expected `(.*)`, got `(.*)`")
_KINDS = {
    "int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false",
    "array": "a list", "object": "an object in braces", "null": "nothing", "decimal": "a number",
    "datetime": "a date and time",
}  # fmt: skip
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_exact = msgspec.json.Decoder(float_hook=Decimal)


class Unusable(Refused):
    """Nothing of an object can be taken."""

    def refusal(self, row: int, value: Any, kind: str) -> RefusedRow:
        """The row that says so, with the owner and the id of the object where they are there."""
        names = ("country_code", "party_id", "id")
        key = tuple(str(value.get(n) or "") for n in names) if isinstance(value, dict) else ()
        who = (key[0], key[1], key[2]) if key and all(key) else None
        rejection = self.rejection(row)
        if kind == "tariff":
            return RefusedRow(rejection, tariff=who)
        return RefusedRow(rejection, location=who)


def read_value(text: str) -> Any:
    """JSON in Python's types, decimals exact. Raises Unusable."""
    try:
        return _exact.decode(text)
    except (ValueError, RecursionError) as error:
        raise Unusable("json-unreadable", "", f"This is not proper JSON: {error}.") from None


def read_record(kind: type[R], value: Any, row: int, notices: list[Notice]) -> R:
    """The record; parts that cannot be read are left out, with a notice each. Raises Unusable."""
    if not isinstance(value, dict):
        raise Unusable("json-unreadable", "", "This is not an object in braces.", str(value)[:200])
    unread: dict[str, Notice] = {}
    for _ in range(_MOST_MENDED):
        try:
            return msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError as error:
            found = _ERROR.fullmatch(str(error))
            what, path = (found["what"], found["path"] or "") if found else (str(error), "")
            steps = [name or int(index) for name, index in _STEP.findall(path)]
            if not steps:
                missing = _MISSING.fullmatch(what)
                name = missing[1] if missing else ""
                if (found_there := unread.get(name)) and found_there.value is not None:
                    message = found_there.message.replace(_LEFT_OUT, "")
                    raise Unusable("field-unusable", name, message, found_there.value) from None
                raise Unusable("field-missing", name, f"{_said(what)}: add it.") from None
            # A part of a list is an object of its own: an EVSE, a price.
            severity = Severity.ERROR if isinstance(steps[-1], int) else Severity.WARNING
            message = f"{_said(what)}{_LEFT_OUT}: enter what the field guide says."
            removed = _shown(_remove(value, steps))
            unread[path[1:]] = Notice("field-unusable", severity, path[1:], message, removed, row)
            notices.append(unread[path[1:]])
    raise Unusable("field-unusable", "", "Too much of this object cannot be read.")


def _said(what: str) -> str:
    """msgspec's sentence in words that are not a programmer's."""
    if missing := _MISSING.fullmatch(what):
        return f"The field {missing[1]!r} is missing here"
    if expected := _EXPECTED.fullmatch(what):
        kinds = [_KINDS.get(kind, kind) for kind in expected[1].split(" | ") if kind != "null"]
        return f"Not {_KINDS.get(expected[2], expected[2])} but {' or '.join(kinds)} belongs here"
    if what.startswith("Invalid enum value"):
        return f"{what.removeprefix('Invalid enum value ')} is no word for this field"
    return what.rstrip(".")


def _remove(value: Any, steps: list[str | int]) -> Any:
    for step in steps[:-1]:
        value = value[step]
    return value.pop(steps[-1])


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)[:200]
