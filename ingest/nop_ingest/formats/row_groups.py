"""Rows that belong together but do not stand together, kept in little memory."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

import msgspec

K = TypeVar("K", bound=Hashable)


class RowGroups(Generic[K]):
    """Rows by key, in the order in which the keys came. A row takes about what it takes on disk."""

    def __init__(self) -> None:
        self._rows: dict[K, list[tuple[int, bytes]]] = {}
        self._encode = msgspec.msgpack.Encoder().encode

    def add(self, key: K, number: int, texts: list[str]) -> None:
        """Put a row of that number into its group."""
        self._rows.setdefault(key, []).append((number, self._encode(texts)))

    def __iter__(self) -> Iterator[tuple[K, list[tuple[int, list[str]]]]]:
        """Each group once, with its rows; what was read is forgotten."""
        decode = msgspec.msgpack.Decoder(list[str]).decode
        keys = list(self._rows)
        for key in keys:
            yield key, [(number, decode(texts)) for number, texts in self._rows.pop(key)]
