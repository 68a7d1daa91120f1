"""Answers kept for a while: counting a whole nation takes longer than a page may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, NamedTuple

_TIMES = 10.0  # kept ten times as long as it took: at most one tenth of the time goes into counting
_LONGEST_S = 300.0
_SLOW_S = 1.0  # above this, readers get the old answer while the new one is counted


class _Answer(NamedTuple):
    value: Any
    found_at: float
    took_s: float


class KeptAnswers:
    """Answers of one process. A small register is counted on every request, a national one about
    once a minute; readers who come together wait for one count; a failed count is not kept.

    Every answer says its own `as_of`.
    """

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._answers: dict[Hashable, _Answer] = {}
        self._counting: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(self, key: Hashable, find: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """The kept answer for the key, or what `find` gives now."""
        answer = self._answers.get(key)
        age_s = time.monotonic() - answer.found_at if answer else 0.0
        if answer and age_s < min(answer.took_s * _TIMES, _LONGEST_S):
            return answer.value
        task = self._counting.get(key)
        if task is None:
            task = asyncio.create_task(self._count(key, find))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._counting[key] = task
        if answer and answer.took_s > _SLOW_S and age_s < _LONGEST_S:
            return answer.value
        return await asyncio.shield(task)

    async def _count(self, key: Hashable, find: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        started = time.monotonic()
        try:
            value = await find()
        finally:
            del self._counting[key]
        ended = time.monotonic()
        self._answers.pop(key, None)
        self._answers[key] = _Answer(value, ended, ended - started)
        if len(self._answers) > self._size:
            del self._answers[next(iter(self._answers))]
        return value
