"""What is read from objects without decoding them: ids, times, parts. Nothing here raises."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, Self

import msgspec

from nop_ingest.normalise.parties import country_code_of, party_id_of
from nop_ingest.normalise.text import as_text
from nop_ingest.ocpi.envelope import parse_clock
from nop_ingest.ocpi.probe.asking import Said
from nop_ingest.ocpi.versions.version import Key, peek

Document = dict[str, Any]
_EARLIEST, _LATEST = 1970, 9000  # years


class Moment(NamedTuple):
    """When an object was last updated, as it says."""

    key: Key
    at: datetime

    @classmethod
    def of(cls, key: Key, raw: msgspec.Raw) -> Self | None:
        """Of an object as it came; None: it does not say."""
        try:
            document = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        at = time_of(document) if isinstance(document, dict) else None
        return None if at is None else cls(key, at)


def key_of(document: Document) -> Key:
    """Who an object says it is, spelt as its record will be."""
    return Key(
        country_code_of(document.get("country_code")),
        party_id_of(document.get("party_id")),
        as_text(document.get("id")),
    )


def time_of(document: Document) -> datetime | None:
    """Its last_updated; None also for one that nobody can mean."""
    value = document.get("last_updated")
    at = parse_clock(value) if isinstance(value, str) else None
    return at if at is not None and _EARLIEST <= at.year < _LATEST else None


def moments(documents: Iterable[Document]) -> list[Moment]:
    """When each object was last updated, where it says so."""
    return [Moment(key_of(d), at) for d in documents if (at := time_of(d)) is not None]


def data_of(said: Said) -> Any:
    """`data` as it was sent, a list where it was one; None: there is none."""
    body = b"" if said.answer is None else said.answer.body
    try:
        envelope = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return envelope.get("data") if isinstance(envelope, dict) else None


def ids_of(page: Said) -> set[Key]:
    """Who the objects of a page are."""
    return {peek(item) for item in page.items}


def parts(document: Document, name: str) -> Iterator[Document]:
    """The objects in one of its lists."""
    listed = document.get(name)
    for part in listed if isinstance(listed, list) else []:
        if isinstance(part, dict):
            yield part
