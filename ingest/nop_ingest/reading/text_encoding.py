"""How the letters of a text file are coded, and texts that were once read in the wrong coding."""

from __future__ import annotations

import codecs
import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TextIO

from nop_ingest.report import Notice
from nop_registry.enums import Severity

_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 20  # of a file that is not UTF-8
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TITLES = {"cp1252": "Windows-1252", "cp850": "MS-DOS 850", "mac_roman": "Macintosh Roman"}
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[A-Za-z]?[\x80-\xff]+")
_ASCII = bytes(range(128))
_USUAL = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŒŠŽ°²³–’€§«»·")  # noqa: RUF001 - the signs that are looked for
_FALLBACK = "nop-single-byte"


class TextEncoding(NamedTuple):
    """How to open a text file."""

    name: str
    errors: str = "replace"
    notices: tuple[Notice, ...] = ()

    def open(self, path: Path) -> TextIO:
        """The decoded text, line ends as they are."""
        return path.open(encoding=self.name, errors=self.errors, newline="")


def find_encoding(path: Path) -> TextEncoding:
    """UTF-8 and UTF-16 with or without BOM; else the 8-bit coding that makes words of its letters.

    Lines in UTF-8 with a few 8-bit lines among them (files joined by hand) are read as both.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    for bom, name in _BOMS:
        if start.startswith(bom):
            return TextEncoding(name)
    if wide := _wide(start):
        return TextEncoding(wide)
    if _is_utf_8(path):
        return TextEncoding("utf-8-sig")
    return _single_byte(path)


def _wide(start: bytes) -> str | None:
    """UTF-16 without a BOM: every second byte of Western text is NUL."""
    start = start[: len(start) // 2 * 2]
    if len(start) < 8 or b"\0" not in start:
        return None
    half = len(start) // 2
    low, high = start[1::2].count(0), start[0::2].count(0)
    if low > half * 0.6 and high < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if high > half * 0.6 and low < half * 0.1 else None


def _is_utf_8(path: Path) -> bool:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                decode(chunk)
        decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _single_byte(path: Path) -> TextEncoding:
    sample = _high_bytes(path)
    whole = sum(len(found) for found in _MULTIBYTE.findall(sample))
    if whole > len(sample.translate(None, _ASCII)) / 2:
        message = "Most of it is UTF-8, but some lines are not; those were read as Windows-1252."
        return TextEncoding("utf-8-sig", _FALLBACK, (_not_utf_8("file-encodings-mixed", message),))
    best = max(_TITLES, key=lambda name: _score(sample, name))  # the first of equals
    message = f"The file is not UTF-8; it was read as {_TITLES[best]}."
    return TextEncoding(best, "replace", (_not_utf_8("file-not-utf8", message),))


def _high_bytes(path: Path) -> bytes:
    """What is not ASCII, each with the letter before it, of the whole file, cut to a sample."""
    found = bytearray()
    with path.open("rb") as file:
        while len(found) < _SAMPLE_BYTES and (chunk := file.read(_CHUNK_BYTES)):
            found += b" ".join(_HIGH.findall(chunk)) + b" "
    return bytes(found)


def _score(sample: bytes, encoding: str) -> int:
    """How many letters and signs are usual ones; a capital within a word is not."""
    text = sample.decode(encoding, "replace")
    usual = sum(char in _USUAL for char in text)
    return usual - 2 * sum(
        before.islower() and char.isupper() for before, char in pairwise(text) if char in _USUAL
    )


def _not_utf_8(code: str, message: str) -> Notice:
    advice = "Look at letters with accents, and save as 'CSV UTF-8' next time."
    return Notice(code, Severity.WARNING, "", f"{message} {advice}")


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_FALLBACK, _as_windows_1252)
