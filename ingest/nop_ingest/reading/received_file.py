"""A file as it was received: unpacked if need be, and read as a table, as JSON or as text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO

from nop_ingest.reading.archive import list_entries, unpack_gzip, unpack_zip
from nop_ingest.reading.json_items import BrokenItem, JsonItem, read_items, read_whole
from nop_ingest.reading.tables import IsHeader, Table, TextTable, Workbook
from nop_ingest.reading.text_encoding import TextEncoding, find_encoding
from nop_registry.errors import InvalidInput

_HEAD_BYTES = 65_536
_MOST_BROKEN = 100_000
_ZIP, _GZIP = b"PK", b"\x1f\x8b"
REFUSED = (
    (b"\xd0\xcf\x11\xe0", "an old or protected Excel workbook: save it as .xlsx, without password"),
    (b"%PDF", "a PDF: send the table that it was made from"),
    (b"\x89PNG", "a picture: send the table itself"),
    (b"\xff\xd8\xff", "a picture: send the table itself"),
    (b"GIF8", "a picture: send the table itself"),
    (b"Rar!", "a RAR archive: pack it as zip or gzip"),
    (b"7z\xbc\xaf", "a 7-Zip archive: pack it as zip or gzip"),
    (b"BZh", "a bzip2 file: pack it as zip or gzip"),
    (b"\xfd7zXZ", "an xz file: pack it as zip or gzip"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file: pack it as zip or gzip"),
)
"""How files begin that are not read, and what they are."""
_TAR_AT, _TAR = 257, b"ustar"
_WORKBOOK = "xl/workbook.xml"
_OTHER_OFFICE = {
    "content.xml": "an OpenDocument file",
    "xl/workbook.bin": "a binary Excel workbook",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
}


class ReceivedFile:
    """A file to recognise and parse. `filename` is the sender's, never used as a path.

    A gzip file, or a zip archive of one file, stands for what is in it.
    """

    def __init__(self, path: Path, filename: str) -> None:
        self._received = path
        self._filename = filename
        self._spool: IO[bytes] | None = None
        self.broken_items: dict[int, BrokenItem] = {}
        """By number: what `json_items` met that is no JSON, between values that are."""

    @property
    def path(self) -> Path:
        """Where the content is, unpacked. Raises InvalidInput when it cannot be unpacked."""
        return self._content[0]

    @property
    def filename(self) -> str:
        """The sender's name of the content: of the file within an archive."""
        return self._content[1]

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB of the content."""
        return _head(self.path)

    @property
    def is_zip(self) -> bool:
        """Whether it is a zip archive: then it is an XLSX workbook."""
        return self.head.startswith(_ZIP)

    @cached_property
    def start(self) -> str:
        """What the content starts with, decoded, without leading blanks."""
        if self.is_zip:
            return ""
        codec = self.encoding.name
        return self.head.decode(codec, "replace").lstrip("\ufeff\x1e \t\r\n")

    @property
    def is_json(self) -> bool:
        """Whether it starts as JSON does."""
        return self.start[:1] in ("{", "[")

    @property
    def is_xml(self) -> bool:
        """Whether it starts as XML does. XML is read from `path`: it tells its own encoding."""
        return self.start[:1] == "<"

    @cached_property
    def encoding(self) -> TextEncoding:
        """How its letters are coded, if it is a text."""
        return find_encoding(self.path)

    def json_items(self) -> Iterator[JsonItem]:
        """The objects of a JSON file, anew with each call. Raises InvalidInput.

        Those that are no JSON are not among them: `broken_items` has what was met.
        """
        for item in read_items(self.path, self.encoding):
            if isinstance(item, JsonItem):
                yield item
                continue
            self.broken_items[item.number] = item
            if len(self.broken_items) > _MOST_BROKEN:
                raise InvalidInput(
                    f"more than {_MOST_BROKEN:,} values of the file are no JSON, the last at line "
                    f"{item.line}: {item.what}"
                )

    def json_whole(self) -> JsonItem:
        """The one value of a JSON file that is no list. Raises InvalidInput."""
        return read_whole(self.path, self.encoding)

    @cached_property
    def table(self) -> Table | None:
        """Header and rows of a CSV or XLSX file (the rows can be read once); None for other files.

        The header is the first row. Raises InvalidInput when it looks like a table but cannot be
        read.
        """
        return self._tables.find(None) if self._tables else None

    def find_table(self, is_header: IsHeader) -> Table | None:
        """The table below the first row that `is_header`: behind a preamble, on a further sheet,
        with another delimiter. Its rows can be read once, and anew with each call; None: there is
        none. Raises InvalidInput.
        """
        return self._tables.find(is_header) if self._tables else None

    @cached_property
    def _tables(self) -> TextTable | Workbook | None:
        if self.is_zip:
            return Workbook(self.path)
        if not self.head:
            raise InvalidInput("the file is empty")
        if self.is_json or self.is_xml:
            return None
        return TextTable(self.path, self.encoding)

    @cached_property
    def _content(self) -> tuple[Path, str]:
        head = _head(self._received)
        name = self._filename
        if head.startswith(_GZIP):
            spool = self._open_spool()
            unpack_gzip(self._received, spool)
            name = name[:-3] if name.lower().endswith(".gz") else name
        elif head.startswith(_ZIP):
            names = list_entries(self._received)
            if _WORKBOOK in names:
                return self._received, name
            name = _sole(names)
            spool = self._open_spool()
            unpack_zip(self._received, name, spool)
        else:
            _refuse_other(head)
            return self._received, name
        spool.flush()
        path = Path(spool.name)
        inside = _head(path)
        _refuse_other(inside)
        if inside.startswith(_GZIP) or (
            inside.startswith(_ZIP) and _WORKBOOK not in list_entries(path)
        ):
            raise InvalidInput("the file is packed twice: pack it once, as zip or gzip")
        return path, name.replace("\\", "/").rpartition("/")[2]

    def _open_spool(self) -> IO[bytes]:
        # Gone with this object; of a child that was killed, with its directory.
        self._spool = tempfile.NamedTemporaryFile(prefix="nop-unpacked-")  # noqa: SIM115 - closed with this object
        return self._spool


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _refuse_other(head: bytes) -> None:
    for magic, what in REFUSED:
        if head.startswith(magic):
            raise InvalidInput(f"the file is {what}")
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        raise InvalidInput("the file is a tar archive: send its files one by one")


def _sole(names: list[str]) -> str:
    for name, what in _OTHER_OFFICE.items():
        if name in names:
            raise InvalidInput(f"the file is {what}: save it as .xlsx or CSV")
    if len(names) != 1:
        what = f"holds {len(names)} files" if names else "is empty"
        raise InvalidInput(f"the archive {what}: send one file, or an archive of one file")
    return names[0]
