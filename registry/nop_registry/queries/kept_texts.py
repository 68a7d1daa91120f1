"""What was last used, in one process, within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class KeptTexts(Generic[K, V]):
    """Values by key. When they are too large together, those not used for longest go."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value kept under the key."""
        found = self._held.get(key)
        if found is None:
            return None
        self._held.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value of so many bytes in place of the key's old one."""
        _, before = self._held.pop(key, (None, 0))
        self._held[key] = value, size
        self._bytes += size - before
        while self._bytes > self._most_bytes:
            _, (_, gone) = self._held.popitem(last=False)
            self._bytes -= gone

    def clear(self) -> None:
        """Keep nothing."""
        self._held.clear()
        self._bytes = 0
