"""The next part of a file is made ready while the database stores the one before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

T = TypeVar("T")
_END = object()


class Ahead(AbstractContextManager["Ahead[T]"], Generic[T]):
    """Goes through `parts`; between `prepare` and `wait` the next one is made in a thread.

    Outside these two nothing runs beside the caller.
    """

    def __init__(self, parts: Iterator[T]) -> None:
        self._parts = parts
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._next: Future[T | object] | None = None

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown()

    def __iter__(self) -> Iterator[T]:
        while True:
            self.prepare()
            assert self._next is not None  # noqa: S101 - prepared
            part, self._next = self._next.result(), None
            if part is _END:
                return
            yield part  # type: ignore[misc]

    def prepare(self) -> None:
        """Begin with the next part, unless that is done already."""
        if self._next is None:
            self._next = self._thread.submit(next, self._parts, _END)

    def wait(self) -> None:
        """Until the part is ready that was begun with. What goes wrong in it is raised when it is
        its turn."""
        if self._next is not None:
            self._next.exception()
