"""Objects out of a JSON file of any size, one by one: a list, lists within an object, or lines.

A value that is no JSON costs itself where it is plain where it ends: a line, or an element of a
list whose brackets match. Elsewhere the file cannot be read on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import msgspec

from nop_ingest.reading.json_damage import NOWHERE, element_end, line_end
from nop_ingest.reading.text_encoding import TextEncoding
from nop_registry.errors import InvalidInput

MAX_ITEM_CHARACTERS = 64 << 20
"""Of one object. Of an object of lists only the items of the lists count."""
_CHUNK_CHARACTERS = 1 << 20
_NUMBER_ENDS = 4
_WORD_ENDS = 16  # a word such as -Infinity, or the code of a letter, may go on with the next chunk
_LINE_CHARACTERS = 4 << 20
_BETWEEN_LINES = "\ufeff\x1e \t\r\n"
_BLANKS = re.compile(r"[\s\ufeff\x1e]*")  # 1E: JSON text sequences
_SHOWN = 200  # characters of a broken value
_OPEN_TEXT = "Unterminated string"  # how Python's decoder says that a text has no end
_decode = json.JSONDecoder(parse_int=float).raw_decode  # int() refuses 4,300 digits


class JsonItem(NamedTuple):
    """A value of the file."""

    list_name: str
    """The member of the file's object whose list it stands in; "" in a list or in lines."""
    number: int
    """1 = the first value that stands in a list."""
    text: str
    """As it stands in the file."""
    listed: bool = True
    """False: it is a member of the file's object that is no list, named `list_name`."""

    def raw(self) -> msgspec.Raw:
        """Its JSON on one line, otherwise unchanged."""
        return msgspec.Raw(one_line(self.text))


class BrokenItem(NamedTuple):
    """A value that is no JSON, between others that can be read."""

    number: int
    """As if it could be read."""
    line: int
    """Of the file, where the reader stumbled."""
    what: str
    text: str
    """How it begins."""


class _Broken(InvalidInput):
    """The text is no JSON here."""

    def __init__(self, line: int, what: str, *, is_cut: bool = False) -> None:
        super().__init__(f"the JSON file cannot be read at line {line}: {what}")
        self.line, self.what, self.is_cut = line, what, is_cut

    def item(self, number: int, text: str, line: int | None = None) -> BrokenItem:
        return BrokenItem(number, line or self.line, self.what, text[:_SHOWN])


def one_line(text: str) -> bytes:
    """JSON without the blanks that stand between its parts; numbers stay as they are written.

    NaN and the like, which are no JSON, become null.
    """
    coded = text.encode("utf-8", "replace")
    try:
        return msgspec.json.format(coded, indent=-1)
    except ValueError:
        return _BLANK_OR_NAN.sub(_kept, text).encode("utf-8", "replace")


_BLANK_OR_NAN = re.compile(r'("(?:[^"\\]|\\.)*")|\s+|-?Infinity|NaN', re.DOTALL)


_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)"
)
_HALF_LETTER_LENGTH = 6


def _whole_letters(text: str) -> str:
    """Half a character (a lone surrogate), which nothing can store, becomes U+FFFD."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(
        lambda m: "\\ufffd" if len(m[0]) == _HALF_LETTER_LENGTH and m[0][1] == "u" else m[0], text
    )


def _kept(found: re.Match[str]) -> str:
    return found[1] or ("" if found[0].isspace() else "null")


def read_items(path: Path, encoding: TextEncoding) -> Iterator[JsonItem | BrokenItem]:
    """All values, in the order of the file. Raises InvalidInput where it cannot be read on.

    A file of several values after each other, line by line or not, is a list of them.
    """
    with encoding.open(path) as file:
        reader = _Reader(file)
        if reader.peek() == "[":
            yield from reader.elements("", 0)
            reader.expect_end()
        elif _is_lines(path, encoding):
            number = 0
            while reader.peek():
                number += 1
                yield reader.line(number)
        elif reader.peek() == "{":
            yield from _members(reader)
            reader.expect_end()
        else:
            raise reader.wrong("neither an object nor a list")


def _members(reader: _Reader) -> Iterator[JsonItem | BrokenItem]:
    number = 0
    for name in reader.names():
        if reader.peek() == "[":
            for item in reader.elements(name, number):
                number = item.number
                yield item
        else:
            yield JsonItem(name, number + 1, reader.value(), listed=False)


def _is_lines(path: Path, encoding: TextEncoding) -> bool:
    """Whether the first line is an object by itself and another one follows.

    Is the first one broken, the next two have to be.
    """
    with encoding.open(path) as file:
        lines = _lines(file)
        if _is_object(next(lines, "")):
            return _Reader(file).peek() == "{"
        return all(_is_object(next(lines, "")) for _ in range(2))


def _lines(file: TextIO) -> Iterator[str]:
    """Those in which something stands."""
    while line := file.readline(_LINE_CHARACTERS):
        if said := line.strip(_BETWEEN_LINES):
            yield said


def _is_object(line: str) -> bool:
    try:
        return line.startswith("{") and _decode(line, 0)[1] == len(line)
    except (ValueError, RecursionError):
        return False


def read_whole(path: Path, encoding: TextEncoding) -> JsonItem:
    """The file's one value. Raises InvalidInput when there are more, or it is too large."""
    with encoding.open(path) as file:
        reader = _Reader(file)
        text = reader.value()
        reader.expect_end()
    return JsonItem("", 1, text)


def _message(error: ValueError) -> str:
    return str(getattr(error, "msg", error))


class _Reader:
    """A window over the text that moves on."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._lines = 1  # line of the window's first character
        self._ended = False

    def peek(self) -> str:
        """The next character that is not blank; "" at the end."""
        while True:
            found = _BLANKS.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow():
                return ""

    def names(self) -> Iterator[str]:
        """The names of an object's members; between two, the caller reads the value."""
        self._take("{")
        while self.peek() != "}":
            name = json.loads(self.value()) if self.peek() == '"' else None
            if not isinstance(name, str):
                raise self.wrong("a name in quotation marks is missing")
            self._take(":")
            yield name
            self._comma("}")
        self._take("}")

    def elements(self, name: str, before: int) -> Iterator[JsonItem | BrokenItem]:
        """The values of the list `name`, numbered from the one after `before`."""
        self._take("[")
        number = before
        while self.peek() != "]":
            number += 1
            try:
                item: JsonItem | BrokenItem = JsonItem(name, number, self.value())
            except _Broken as why:
                item = why.item(number, self._skip(element_end, why))
            yield item
            self._comma("]")
        self._take("]")

    def line(self, number: int) -> JsonItem | BrokenItem:
        """The value that begins here, in a file of values line by line."""
        line = self._line_at(self._at)
        try:
            return JsonItem("", number, self.value())
        except _Broken as why:  # it may have stumbled in the lines below
            return why.item(number, self._skip(line_end, why), line)

    def _skip(self, find_end: Callable[[str, int, bool], int], why: _Broken) -> str:
        """Go on behind a value that is no JSON; returns it. Raises `why` where it ends nowhere."""
        while True:
            end = find_end(self._text, self._at, self._ended and not why.is_cut)
            if end >= self._at:
                text = self._text[self._at : end]
                self._at = end
                return text
            large = len(self._text) - self._at > MAX_ITEM_CHARACTERS
            if end == NOWHERE or self._ended or large:
                raise why
            self._grow()

    def value(self) -> str:
        """The next value, as it stands there."""
        if not self.peek():
            raise self.wrong("it ends in the middle: it was cut off")
        while True:
            try:
                end = _decode(self._text, self._at)[1]
            except RecursionError:
                raise self.wrong("its lists and objects are nested too deeply") from None
            except ValueError as error:
                if self._is_certain(error):
                    raise self._broken(error) from None
            else:
                # A number at the end of the window may go on, as 2 does in 2.5 and in 2e+5.
                if end + _NUMBER_ENDS < len(self._text) or self._ended:
                    text = self._text[self._at : end]
                    self._at = end
                    return _whole_letters(text)
            self._grow()

    def expect_end(self) -> None:
        """Raises InvalidInput unless nothing follows."""
        if self.peek():
            raise self.wrong("something follows after the end of its list or object")

    def wrong(self, what: str, at: int | None = None, *, is_cut: bool = False) -> _Broken:
        """An error that tells the line."""
        return _Broken(self._line_at(self._at if at is None else at), what, is_cut=is_cut)

    def _line_at(self, at: int) -> int:
        return self._lines + self._text.count("\n", 0, at)

    def _is_certain(self, error: ValueError) -> bool:
        """Whether it is no JSON whatever follows; or nothing follows, or too much."""
        at = getattr(error, "pos", self._at)
        open_text = _message(error).startswith(_OPEN_TEXT)
        return (
            self._ended
            or len(self._text) - self._at > MAX_ITEM_CHARACTERS
            or (not open_text and at + _WORD_ENDS < len(self._text))
        )

    def _broken(self, error: ValueError) -> _Broken:
        at, said = getattr(error, "pos", self._at), _message(error)
        open_text = said.startswith(_OPEN_TEXT)
        if self._ended and (open_text or at >= len(self._text.rstrip())):
            return self.wrong(
                "it ends in the middle of this value: it was cut off", self._at, is_cut=True
            )
        if not self._ended and (open_text or at + _WORD_ENDS >= len(self._text)):
            return self.wrong(f"one value has more than {MAX_ITEM_CHARACTERS >> 20} MiB")
        return self.wrong(said, at)

    def _comma(self, closing: str) -> None:
        if self.peek() == ",":
            self._take(",")
        elif self.peek() != closing:
            raise self.wrong("a comma is missing" if self.peek() else "it was cut off")

    def _take(self, char: str) -> None:
        if self.peek() != char:
            raise self.wrong(f"{char!r} is missing" if self.peek() else "it was cut off")
        self._at += 1

    def _grow(self) -> bool:
        """Read on: a chunk, or as much again as there is, so that long values cost no more."""
        if self._at:
            self._lines += self._text.count("\n", 0, self._at)
            self._text, self._at = self._text[self._at :], 0
        more = self._file.read(max(_CHUNK_CHARACTERS, len(self._text)))
        self._text += more
        self._ended = not more
        return bool(more)
