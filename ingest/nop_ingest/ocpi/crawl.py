"""Fetch the next pages while the caller works on this one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

from nop_ingest.ocpi.errors import Cancelled
from nop_ingest.ocpi.paging import Page, Walk

_AHEAD = 2  # pages fetched and not yet taken: bounds memory, hides the network


class Crawl:
    """A list of a peer, page by page, fetched by one background thread.

    Iterate once; then `complete` says whether the list was walked to a proper end, else `reason`
    why not. Errors of the thread are raised to the iterating caller. Leaving the loop early, or
    `close()`, ends the request under way and joins the thread.
    """

    def __init__(
        self, walk: Walk, stop: threading.Event, cancel: Callable[[threading.Event], None]
    ) -> None:
        self._walk = walk
        self._stop = stop
        self._cancel = cancel
        self._error: BaseException | None = None
        self._taken_all = False
        self._room = threading.Semaphore(_AHEAD)
        self._pages: SimpleQueue[Page | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ocpi-crawl", daemon=True)

    @property
    def complete(self) -> bool:
        """Every page arrived and the end was a proper one. Only true once all pages are taken."""
        return self._taken_all and self._walk.complete and self._error is None

    @property
    def reason(self) -> str | None:
        """Why the crawl is not complete; None when it is."""
        if self.complete:
            return None
        if self._error is not None:
            return str(self._error)
        return self._walk.reason or "not all pages were taken"

    def __iter__(self) -> Iterator[Page]:
        if self._thread.ident:
            raise RuntimeError("a crawl is iterated once; ask the peer for a new one")
        self._thread.start()
        try:
            while (page := self._pages.get()) is not None:
                self._room.release()
                yield page
            if self._error is not None:
                raise self._error
            self._taken_all = True
        finally:
            self.close()

    def close(self) -> None:
        """End the fetching. Safe to call at any time and more than once."""
        self._stop.set()
        self._room.release()
        self._cancel(self._stop)
        if self._thread.ident:
            self._thread.join()

    def _run(self) -> None:
        try:
            pages = iter(self._walk)
            while True:
                self._room.acquire()
                if self._stop.is_set() or (page := next(pages, None)) is None:
                    return
                self._pages.put(page)
        except Cancelled:
            return
        except BaseException as error:  # raised again where the caller iterates
            self._error = error
        finally:
            self._pages.put(None)
