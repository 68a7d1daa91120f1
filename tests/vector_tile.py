"""Reads Mapbox Vector Tiles 2.1 (points only): what the tests see is what a map sees."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple


class Feature(NamedTuple):
    """A point of a layer; `x` and `y` in tile units from the upper left."""

    id: int | None
    x: int
    y: int
    properties: dict[str, Any]


def read_points(tile: bytes, layer: str) -> list[Feature]:
    """All features of the layer; empty when the tile has no such layer."""
    for number, body in _fields(tile):
        if number == 3:
            name, features = _layer(body)
            if name == layer:
                return features
    return []


def _layer(data: bytes) -> tuple[str, list[Feature]]:
    name, keys, values, features = "", [], [], []
    for number, body in _fields(data):
        if number == 1:
            name = body.decode()
        elif number == 2:
            features.append(body)
        elif number == 3:
            keys.append(body.decode())
        elif number == 4:
            values.append(_value(body))
    return name, [_feature(body, keys, values) for body in features]


def _feature(data: bytes, keys: list[str], values: list[Any]) -> Feature:
    id_, tags, geometry = None, [], []
    for number, body in _fields(data):
        if number == 1:
            id_ = body
        elif number == 2:
            tags = _packed(body)
        elif number == 4:
            geometry = _packed(body)
    pairs = zip(tags[::2], tags[1::2], strict=True)
    assert geometry[0] == 9, "one MoveTo of one point"
    x, y = ((step >> 1) ^ -(step & 1) for step in geometry[1:3])
    return Feature(id_, x, y, {keys[key]: values[value] for key, value in pairs})


def _value(data: bytes) -> Any:
    number, body = next(_fields(data))
    if number == 1:
        return body.decode()
    if number == 3:
        return struct.unpack("<d", body)[0]
    if number == 6:
        return (body >> 1) ^ -(body & 1)
    return bool(body) if number == 7 else body


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        else:
            size, at = (8, at) if key & 7 == 1 else _varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size


def _packed(data: bytes) -> list[int]:
    numbers, at = [], 0
    while at < len(data):
        number, at = _varint(data, at)
        numbers.append(number)
    return numbers


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
