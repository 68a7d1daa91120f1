"""Read outlines from GeoJSON and TopoJSON files, plain or .gz, one area at a time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from nop_registry.errors import InvalidInput

MAX_BYTES = 512 * 1024 * 1024
"""Largest file, unpacked. Only its bytes and one outline are held in memory."""


class Outline(NamedTuple):
    """One feature of a file: its properties and its geometry as GeoJSON."""

    properties: dict[str, Any]
    geometry: bytes


class _Feature(msgspec.Struct):
    geometry: msgspec.Raw
    properties: dict[str, Any] | None = None


class _Collection(msgspec.Struct):
    features: list[_Feature]


class _Transform(msgspec.Struct):
    scale: tuple[float, float]
    translate: tuple[float, float]


class _Shape(msgspec.Struct):
    type: str | None = None
    arcs: msgspec.Raw = msgspec.Raw(b"null")
    properties: dict[str, Any] | None = None
    geometries: list[_Shape] = []


class _Topology(msgspec.Struct):
    objects: dict[str, _Shape]
    arcs: list[msgspec.Raw]
    transform: _Transform | None = None


class _Kind(msgspec.Struct):
    type: str


def read_outlines(file: Path, layer: str | None = None) -> Iterator[Outline]:
    """Every polygon feature of the file. `layer` names one object of a TopoJSON file with several.

    Raises InvalidInput with what is wrong with the file.
    """
    content = _read(file)
    try:
        kind = msgspec.json.decode(content, type=_Kind).type
        if kind == "FeatureCollection":
            for feature in msgspec.json.decode(content, type=_Collection).features:
                if bytes(feature.geometry) != b"null":
                    yield Outline(feature.properties or {}, bytes(feature.geometry))
        elif kind == "Topology":
            yield from _of_topology(msgspec.json.decode(content, type=_Topology), layer)
        else:
            raise InvalidInput(f"{file} holds a {kind}, not a FeatureCollection or a Topology")
    except (msgspec.DecodeError, UnicodeDecodeError, IndexError, TypeError) as error:
        raise InvalidInput(f"{file} is not readable GeoJSON or TopoJSON: {error}") from None


def _read(file: Path) -> bytes:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from None
    if len(content) > MAX_BYTES:
        raise InvalidInput(f"{file} is larger than {MAX_BYTES >> 20} MiB unpacked: simplify it")
    return content


def _of_topology(topology: _Topology, layer: str | None) -> Iterator[Outline]:
    names = sorted(topology.objects)
    if layer is None and len(names) == 1:
        layer = names[0]
    if layer not in topology.objects:
        raise InvalidInput(f"the file has the layers {', '.join(names)}: name one with --layer")
    arcs = _Arcs(topology)
    shape = topology.objects[layer]
    for part in shape.geometries or [shape]:
        if part.type in ("Polygon", "MultiPolygon"):
            indexes = msgspec.json.decode(part.arcs)
            rings = [indexes] if part.type == "Polygon" else indexes
            places = [[arcs.ring(ring) for ring in polygon] for polygon in rings]
            document = {"type": "MultiPolygon", "coordinates": places}
            yield Outline(part.properties or {}, msgspec.json.encode(document))


class _Arcs:
    """The lines of a TopoJSON file, unpacked when they are asked for."""

    def __init__(self, topology: _Topology) -> None:
        self._raw = topology.arcs
        self._transform = topology.transform
        self._line = lru_cache(maxsize=4096)(self._unpack)

    def ring(self, indexes: list[int]) -> list[tuple[float, float]]:
        """The arcs joined end to end; a negative number is an arc walked backwards."""
        points: list[tuple[float, float]] = []
        for index in indexes:
            line = self._line(index) if index >= 0 else self._line(~index)[::-1]
            points += line[1:] if points else line
        return points

    def _unpack(self, index: int) -> list[tuple[float, float]]:
        points = msgspec.json.decode(self._raw[index], type=list[list[float]])
        if self._transform is None:
            return [(point[0], point[1]) for point in points]
        (scale_x, scale_y), (left, bottom) = self._transform.scale, self._transform.translate
        x = y = 0.0
        line = []
        for dx, dy, *_ in points:
            x, y = x + dx, y + dy
            line.append((round(x * scale_x + left, 7), round(y * scale_y + bottom, 7)))
        return line
