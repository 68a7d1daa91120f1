"""Answers that are kept for a while, because counting a whole nation takes longer than a page may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple

_LONGEST_S = 300.0
_SHARE = 0.1  # of the time at most one tenth is spent on counting the same thing


class _Answer(NamedTuple):
    value: Any
    until: float


class KeptAnswers:
    """Answers of one process. Each is kept ten times as long as it took to find (5 minutes at most):
    a small register is counted on every request, a national one about once a minute.

    Readers who come together wait for one count. A failed count is not kept.
    """

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._answers: dict[Hashable, _Answer] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, find: Callable[[], Awaitable[Any]]) -> Any:
        """The kept answer for the key, or what `find` gives now."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            answer = self._answers.get(key)
            if answer and time.monotonic() < answer.until:
                return answer.value
            started = time.monotonic()
            value = await find()
            took = time.monotonic() - started
            self._answers.pop(key, None)
            until = started + took + min(took / _SHARE, _LONGEST_S)
            self._answers[key] = _Answer(value, until)
            while len(self._answers) > self._size:
                oldest = next(iter(self._answers))
                del self._answers[oldest]
                self._locks.pop(oldest, None)
            return value
