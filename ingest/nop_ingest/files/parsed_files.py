"""Files that were parsed for their preview, kept for the commit that mostly follows it soon.

Kept in open files without a name, so they are gone with the process: a commit that another process
does, or that comes late, parses again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from nop_ingest.sandbox import ParsedFile, parsed_in_child

KEPT_BYTES = 256 << 20
"""On disk, of all that is kept."""
_Key = tuple[bytes, str]  # the file's SHA-256, and its name, which tells the format


class ParsedFiles:
    """The parsed files that one process keeps. For many threads."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._kept: dict[_Key, ParsedFile] = {}  # the oldest first

    @contextmanager
    def open(
        self, path: Path, filename: str, checksum: bytes, *, keep: bool
    ) -> Iterator[ParsedFile]:
        """The file parsed, now or before; with `keep` it can then be had once more.

        Raises InvalidInput as parsed_in_child does.
        """
        key = (checksum, filename)
        with self._lock:
            kept = self._kept.pop(key, None)
        parsed = kept or parsed_in_child(path, filename)
        try:
            yield parsed
        except BaseException:
            parsed.close()
            raise
        if keep:
            self._keep(key, parsed)
        else:
            parsed.close()

    def _keep(self, key: _Key, parsed: ParsedFile) -> None:
        with self._lock:
            others = self._kept.pop(key, None)
            if others is not None:
                others.close()
            self._kept[key] = parsed
            while sum(one.size for one in self._kept.values()) > self._most_bytes:
                self._kept.pop(next(iter(self._kept))).close()
