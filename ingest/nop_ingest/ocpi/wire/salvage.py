"""Read an object that is not quite what OCPI says, item by item and field by field (PU-3).

A usual object is decoded in one go and never comes here. Here every struct is tried whole first,
then field by field; what cannot be read is left out with a finding, and its neighbours stay.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from nop_ingest.normalise.text import as_text
from nop_ingest.normalise.timestamps import parse
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import Severity

S = TypeVar("S", bound=msgspec.Struct)

UNREADABLE = (ValueError, ArithmeticError, RecursionError)
"""What reading JSON may raise: wrong text or types, numbers beyond measure, endless nesting."""

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_FLAGS = {"true": True, "1": True, "yes": True, "y": True, "false": False, "0": False,
          "no": False, "n": False}  # fmt: skip
_OTHER_SIGNS = re.compile(r"[^A-Z0-9]")
_exact = msgspec.json.Decoder(float_hook=Decimal)


def salvage(
    raw: bytes | memoryview | msgspec.Raw, shape: type[S], name: str, findings: list[Finding]
) -> S | None:
    """What can be read of an object called `name`; None and a Rejection if it is no object."""
    value, irregular = decode_loosely(raw)
    if irregular and value is not None:
        findings.append(
            Notice(
                "json-irregular", Severity.WARNING, "",
                "not proper JSON (a number out of range, half a character or bytes that are not "
                "UTF-8); read with losses: check how the feed is written",
            )
        )  # fmt: skip
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        code = "json-unreadable" if value is None else f"{name}-unreadable"
        findings.append(
            Rejection(code, "", f"this is not a JSON object with a {name}", _shown(value))
        )
        return None
    return _read_struct(value, shape, "", findings)


def decode_loosely(raw: bytes | memoryview | msgspec.Raw) -> tuple[object, bool]:
    """A JSON value with exact decimals, and whether it broke JSON's rules; None if hopeless."""
    try:
        return _exact.decode(raw), False
    except UNREADABLE:
        pass
    try:
        text = bytes(raw).decode("utf8", "replace")
        value = json.loads(
            text, parse_int=_loose_int, parse_float=_loose_number, parse_constant=lambda _: None
        )
        return value, True
    except UNREADABLE:
        return None, True


def _loose_int(text: str) -> int | Decimal:
    return int(text) if len(text) < 40 else _loose_number(text)


def _loose_number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:  # an exponent that nothing can hold
        return Decimal("NaN")


def as_number(value: object) -> float | None:
    """A finite number from a number or a text, with a point or a comma; None if it is none."""
    try:
        number = float(_numeral(value))
    except UNREADABLE:
        return None
    return number if math.isfinite(number) else None


def as_decimal(value: object) -> Decimal | None:
    """An exact number of at most twelve digits before the point; None if it is none."""
    try:
        number = Decimal(str(_numeral(value)))
    except UNREADABLE:
        return None
    if not number:
        return Decimal(0) if number.is_finite() else None
    return number if number.is_finite() and -12 <= number.adjusted() < 12 else None


def _numeral(value: object) -> str | int | float | Decimal:
    """A number, or a text that spells one with a point. Raises ValueError."""
    if isinstance(value, str) and (found := _NUMBER.fullmatch(value.strip())):
        return found[0].replace(",", ".")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    raise ValueError("not a number")


def as_flag(value: object) -> bool | None:
    """True or False from a boolean or a word for one; None if it is none."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(str(value).strip().lower())


class _Field(NamedTuple):
    name: str
    kind: Any
    """The type without None."""
    item: Any
    """Type of the items of a list, without None."""


@cache
def _fields(shape: type[msgspec.Struct]) -> tuple[_Field, ...]:
    hints = get_type_hints(shape)
    fields = []
    for field in msgspec.structs.fields(shape):
        kind = _without_none(hints[field.name])
        is_list = get_origin(kind) is list
        item = _without_none(get_args(kind)[0]) if is_list else None
        fields.append(_Field(field.name, list if is_list else kind, item))
    return tuple(fields)


def _without_none(hint: Any) -> Any:
    """The one type that a union stands for: text before number, fraction before whole."""
    kinds = [part for part in get_args(hint) if part is not type(None)]
    if not kinds or get_origin(hint) is list:
        return hint
    return next((kind for kind in (str, float) if kind in kinds), kinds[0])


def _read_struct(value: dict[str, Any], shape: type[S], path: str, findings: list[Finding]) -> S:
    try:
        return msgspec.convert(value, shape, strict=False)
    except UNREADABLE:
        pass
    given = {}
    for field in _fields(shape):
        found = value.get(field.name)
        if found is not None:
            place = f"{path}.{field.name}" if path else field.name
            given[field.name] = _read_field(found, field, place, findings)
    return shape(**given)


def _read_field(value: Any, field: _Field, path: str, findings: list[Finding]) -> Any:
    if field.kind is not list:
        return _read_value(value, field.kind, field.name, path, findings)
    items = value if isinstance(value, list) else [value]
    read = [
        None
        if item is None
        else _read_value(item, field.item, field.name, f"{path}[{n}]", findings)
        for n, item in enumerate(items)
    ]
    if isinstance(field.item, type) and issubclass(field.item, msgspec.Struct):
        # An item that cannot be read keeps its place, empty: what is required of it is refused.
        return [field.item() if item is None else item for item in read]
    return read


def _read_value(value: Any, kind: Any, name: str, path: str, findings: list[Finding]) -> Any:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if isinstance(value, list) and len(value) == 1:  # a list where OCPI has one object
            value = value[0]
        if isinstance(value, dict):
            return _read_struct(value, kind, path, findings)
        result: Any = None
    elif isinstance(kind, type) and issubclass(kind, Enum):
        return _read_word(value, kind, name, path, findings)
    else:
        result = _READERS[kind](value)
    if result is None and value not in ("", "#NA"):
        findings.append(
            Notice(
                "field-unusable", Severity.WARNING, path,
                "left out: the value is not of the kind that OCPI has here", _shown(value),
            )
        )  # fmt: skip
    return result


def _read_word(
    value: Any, kind: type[Enum], name: str, path: str, findings: list[Finding]
) -> Enum | None:
    """A member of one of OCPI's closed lists; another word becomes UNKNOWN or None (RE-9)."""
    letters = _OTHER_SIGNS.sub("", str(value).upper())
    for member in kind:
        if _OTHER_SIGNS.sub("", str(member.value)) == letters and isinstance(value, str):
            if member.value != value:
                findings.append(
                    Notice(
                        "enum-spelling",
                        Severity.INFO,
                        path,
                        f"read as {member.value}: use OCPI's own spelling",
                        value[:200],
                    )
                )
            return member
    findings.append(
        Notice(
            f"unknown-{name.replace('_', '-')}", Severity.WARNING, path,
            f"OCPI has no such {name}: use one of {', '.join(str(m.value) for m in kind)}",
            _shown(value),
        )
    )  # fmt: skip
    return kind.__members__.get("UNKNOWN")


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)[:200]


def _read_text(value: Any) -> str | None:
    return value if isinstance(value, str) else as_text(value)


def _read_moment(value: Any) -> datetime | None:
    return parse(float(value) if isinstance(value, Decimal) else value)


def _read_whole(value: Any) -> int | None:
    number = as_number(value)
    return None if number is None else round(number)


_READERS: dict[Any, Any] = {
    str: _read_text,
    int: _read_whole,
    float: as_number,
    bool: as_flag,
    Decimal: as_decimal,
    datetime: _read_moment,
    Any: lambda value: value,
}
