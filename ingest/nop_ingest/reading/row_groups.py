"""Rows that belong together but do not stand together, on disk, with their places in memory."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar
from weakref import finalize

import msgspec

K = TypeVar("K", bound=Hashable)


class RowGroups(Generic[K]):
    """Rows by key, in the order in which the keys came."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="nop-rows-")  # noqa: SIM115 - closed with this object
        finalize(self, self._file.close)
        self._places: dict[K, array[int]] = {}  # of each row: where it begins, and its length
        self._size = 0
        self._encode = msgspec.msgpack.Encoder().encode

    def add(self, key: K, number: int, texts: list[str]) -> None:
        """Put a row of that number into its group."""
        row = self._encode((number, texts))
        self._file.write(row)
        places = self._places.get(key)
        if places is None:
            places = self._places[key] = array("Q")
        places.extend((self._size, len(row)))
        self._size += len(row)

    def __iter__(self) -> Iterator[tuple[K, list[tuple[int, list[str]]]]]:
        """Each group with its rows."""
        decode = msgspec.msgpack.Decoder(tuple[int, list[str]]).decode
        self._file.flush()
        file = self._file.fileno()
        for key, places in self._places.items():
            rows = zip(places[::2], places[1::2], strict=True)
            yield key, [decode(os.pread(file, length, begin)) for begin, length in rows]
