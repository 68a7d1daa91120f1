"""Raw OCPI objects taken apart and put together again: what nobody changed stays byte for byte.

A PATCH replaces top-level fields whole (RE-2), so a level is a dict of raw values. Vendor fields,
decimals and spelling survive; only the level that is addressed is taken apart.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from nop_ingest.normalise.text import as_text
from nop_ingest.normalise.timestamps import in_utc, parse
from nop_ingest.ocpi.wire.salvage import UNREADABLE, decode_loosely

Fields = dict[str, msgspec.Raw]
"""One level of an object: each field's JSON text by name."""
NO_ITEMS = msgspec.Raw(b"[]")

_BOM = b"\xef\xbb\xbf"
_fields = msgspec.json.Decoder(Fields)
_items = msgspec.json.Decoder(list[msgspec.Raw])
_value = msgspec.json.Decoder()
encode = msgspec.json.Encoder(decimal_format="number").encode


class Unreadable(ValueError):
    """Bytes that are no JSON object."""


def read_object(body: bytes) -> Fields:
    """A request's body. Raises Unreadable unless it is a JSON object in UTF-8."""
    text = body.removeprefix(_BOM)
    try:
        text.decode()
        return _fields.decode(text)
    except UNREADABLE as error:
        raise Unreadable(f"the body is not a JSON object in UTF-8: {error}") from None


def open_stored(raw: bytes | msgspec.Raw) -> Fields:
    """An object that was taken once, however oddly it was written."""
    try:
        return _fields.decode(raw)
    except UNREADABLE:
        value, _ = decode_loosely(raw)
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        return to_fields(value) if isinstance(value, dict) else {}


def to_fields(document: dict[str, Any]) -> Fields:
    """An object in Python's types, taken apart."""
    return {str(name): msgspec.Raw(encode(value)) for name, value in document.items()}


def value(fields: Fields) -> Any:
    """An object in Python's types."""
    return _value.decode(encode(fields))


def value_of(fields: Fields, name: str) -> Any:
    """A field in Python's types; None when it is absent, null or unreadable."""
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return _value.decode(raw)
    except UNREADABLE:
        return decode_loosely(raw)[0]


def text_of(fields: Fields, name: str) -> str | None:
    """A field that should be a short text."""
    return as_text(value_of(fields, name))


def moment_of(fields: Fields, name: str = "last_updated") -> datetime | None:
    """A field that should be a moment, in UTC; None when it is not certain what it means."""
    return in_utc(parse(value_of(fields, name)))


def set_value(fields: Fields, name: str, value: Any) -> None:
    """Give a field a value."""
    fields[name] = msgspec.Raw(encode(value))


def set_moment(fields: Fields, at: datetime) -> None:
    """Set `last_updated` in OCPI's spelling (TR-30); milliseconds only where they say something."""
    text = at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    set_value(fields, "last_updated", text.replace("+00:00", "Z"))


def is_same(one: str | None, other: str | None) -> bool:
    """Ids are compared without case (TR-32)."""
    return one is not None and other is not None and one.casefold() == other.casefold()


def replace_fields(held: Fields, patch: Fields) -> Fields:
    """`held` with the fields of `patch` in their place; a null takes a field away (RE-2)."""
    merged = held | patch
    return {name: raw for name, raw in merged.items() if bytes(raw) != b"null"}


def list_items(fields: Fields, name: str) -> list[msgspec.Raw]:
    """The items of a list, each as its JSON text; one object instead of a list is one item."""
    raw = fields.get(name)
    if raw is None or bytes(raw) == b"null":
        return []
    try:
        return _items.decode(raw)
    except UNREADABLE:
        value = decode_loosely(raw)[0]
        values = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
        return [msgspec.Raw(encode(item)) for item in values]


def find_item(items: list[msgspec.Raw], key: str, wanted: str) -> int | None:
    """Place of the item whose `key` (`uid` or `id`) is the one wanted."""
    for place, raw in enumerate(items):
        if is_same(text_of(open_stored(raw), key), wanted):
            return place
    return None


def put_item(
    fields: Fields, name: str, key: str, wanted: str, change: Callable[[Fields | None], Fields]
) -> bool:
    """Change one item of a list in place, or add it; True when it was added.

    `change` gets the item that is there, or None.
    """
    items = list_items(fields, name)
    place = find_item(items, key, wanted)
    if place is None:
        items.append(msgspec.Raw(encode(change(None))))
    else:
        items[place] = msgspec.Raw(encode(change(open_stored(items[place]))))
    fields[name] = msgspec.Raw(encode(items))
    return place is None
