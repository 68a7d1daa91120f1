"""Elements out of an XML file of any size, one by one, without what XML can be misused for.

Document type declarations and entities are refused, nothing is fetched, and what is not asked for
is not kept. Namespaces are not looked at: versions and countries differ in them, not in names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser, ParseError  # type: ignore[import-untyped]

from nop_registry.errors import InvalidInput

MAX_DEPTH = 60
MAX_NODES = 500_000
"""In one element that was asked for."""
MAX_CHARACTERS = 8 << 20
"""Of text in one element that was asked for."""
_MAX_NAMES = 1000
_CHUNK_BYTES = 1 << 16


class Node:
    """An element: its name without namespace, attributes, children, and text if it has no child."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.attributes = {_local(key): value for key, value in attributes.items()}
        self.children: list[Node] = []
        self.text = ""

    def find(self, *path: str) -> Node | None:
        """The first descendant along a path of names."""
        node: Node | None = self
        for name in path:
            node = next((c for c in node.children if c.name == name), None) if node else None
        return node

    def all(self, *path: str) -> Iterator[Node]:
        """Every descendant along a path of names."""
        for child in self.children:
            if child.name == path[0]:
                if len(path) == 1:
                    yield child
                else:
                    yield from child.all(*path[1:])

    def within(self, name: str) -> Iterator[Node]:
        """Every descendant of that name, at any depth."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.within(name)

    def value(self, *path: str) -> str | None:
        """The text at the end of a path; None if there is none."""
        node = self.find(*path)
        return (node.text.strip() or None) if node else None

    def builtins(self) -> Any:
        """The element as it would stand in JSON: the same text gives the same bytes."""
        if not self.children and not self.attributes:
            return self.text.strip()
        made: dict[str, Any] = {f"@{name}": text for name, text in self.attributes.items()}
        for child in self.children:
            made.setdefault(child.name, []).append(child.builtins())
        if text := self.text.strip():
            made["#text"] = text
        return made


def _local(name: str) -> str:
    return name.rpartition("}")[2]


class ElementReader:
    """Reads a file's elements of the wanted names, those in one another as parts of the outer one.

    Elements of the announced names come at their start, without what is in them.
    """

    def __init__(self, path: Path, wanted: frozenset[str], announced: frozenset[str]) -> None:
        self._path = path
        self._collector = _Collector(wanted, announced)

    @property
    def names(self) -> frozenset[str]:
        """The names of all elements so far."""
        return frozenset(self._collector.names)

    def __iter__(self) -> Iterator[Node]:
        """The elements in the file's order, once. Raises InvalidInput."""
        parser = DefusedXMLParser(target=self._collector, forbid_dtd=True)
        try:
            with self._path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    parser.feed(chunk)
                    yield from self._collector.take()
                parser.close()
        except InvalidInput:
            raise
        except DefusedXmlException:
            raise InvalidInput(
                "the XML file has a document type declaration or entities, which no such file "
                "needs: take them out"
            ) from None
        except ParseError as error:
            raise InvalidInput(f"the XML file is damaged or cut off: {error}") from None
        except (LookupError, ValueError) as error:  # an encoding that is unknown or not kept to
            raise InvalidInput(f"the XML file cannot be read: {error}; save as UTF-8") from None
        yield from self._collector.take()


class _Collector:
    """What the parser calls: keeps wanted elements with all that is in them, and nothing else."""

    def __init__(self, wanted: frozenset[str], announced: frozenset[str]) -> None:
        self.names: set[str] = set()
        self._wanted = wanted
        self._announced = announced
        self._depth = 0
        self._nodes = 0
        self._characters = 0
        self._open: list[Node] = []
        self._texts: list[list[str]] = []  # of the open elements, in pieces
        self._done: list[Node] = []

    def take(self) -> Iterator[Node]:
        """The elements that came since the last call."""
        done, self._done = self._done, []
        return iter(done)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise InvalidInput(f"the XML file has more than {MAX_DEPTH} elements in one another")
        name = tag.rpartition("}")[2]
        if len(self.names) < _MAX_NAMES:
            self.names.add(name)
        if not self._open and name not in self._wanted:
            if name in self._announced:
                self._done.append(Node(name, attributes))
            return
        if not self._open:
            self._nodes = self._characters = 0
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise InvalidInput(f"one {self._open[0].name} has more than {MAX_NODES} elements")
        node = Node(name, attributes)
        if self._open:
            self._open[-1].children.append(node)
        self._open.append(node)
        self._texts.append([])

    def data(self, text: str) -> None:
        """Text of the innermost element."""
        if self._open:
            self._characters += len(text)
            if self._characters > MAX_CHARACTERS:
                name = self._open[0].name
                raise InvalidInput(f"one {name} has more than {MAX_CHARACTERS >> 20} MiB of text")
            self._texts[-1].append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        if self._open:
            node = self._open.pop()
            node.text = "".join(self._texts.pop())
            if not self._open:
                self._done.append(node)

    def close(self) -> None:
        """The parser's last call."""
