"""A file as it was received: its name, its first bytes and, if it is a table, its rows."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from nop_ingest.formats.tables import Table, open_csv, open_xlsx

_HEAD_BYTES = 65_536
_CSV_NAMES = (".csv", ".txt", ".tsv")


class ReceivedFile:
    """A file to recognise and parse. `filename` is the sender's, never used as a path."""

    def __init__(self, path: Path, filename: str) -> None:
        self.path = path
        self.filename = filename

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB."""
        with self.path.open("rb") as file:
            return file.read(_HEAD_BYTES)

    @property
    def is_zip(self) -> bool:
        """Whether it is a zip archive (an XLSX workbook is one)."""
        return self.head.startswith(b"PK")

    @cached_property
    def table(self) -> Table | None:
        """Header and rows of a CSV or XLSX file (the rows can be read once); None for other files.

        Raises InvalidInput when it looks like a table but cannot be read.
        """
        if self.is_zip:
            return open_xlsx(self.path)
        return open_csv(self.path) if self.filename.lower().endswith(_CSV_NAMES) else None
