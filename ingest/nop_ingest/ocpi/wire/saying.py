"""How values and small objects are written, and what becomes of what does not fit.

No null and no empty list is written (TR-19). Prose that is too long is cut at a word's end; a code,
an id, a number or a link is left out instead, because a part of it would be another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from nop_ingest.normalise.timestamps import in_utc
from nop_ingest.ocpi.wire.vocabulary import ENERGY_SOURCES, Vocabulary, Words
from nop_registry.records import BusinessDetails, DisplayText, EnergyMix, Image

NOT_AVAILABLE = "#NA"
"""A required text that is not known (TR-20)."""
_LANGUAGE = re.compile(r"[a-z]{2}")
_LONGEST_LINK = 255
_LONGEST_TEXT = 512
_PRECISION = Decimal("0.0001")
_IMAGE_TYPES = {"jpg": "jpeg", "pjpeg": "jpeg", "svg+xml": "svg"}


class Unsayable(Exception):
    """The object cannot be said in this version, or only with a falsehood; the text says why."""


class Dropped:
    """Collects what a version could not say: a sentence each, without ids."""

    def __init__(self, number: str) -> None:
        self._number = number
        self._sentences: list[str] = []

    def add(self, what: str, why: str = "") -> None:
        """`why`: default, the version has no such thing."""
        why = why or f"OCPI {self._number} has no such thing"
        self._sentences.append(f"{what} left out: {why}")

    def note(self, sentence: str) -> None:
        """Something that was changed and not left out."""
        self._sentences.append(sentence)

    def sentences(self) -> tuple[str, ...]:
        return tuple(self._sentences)


def filled(document: dict[str, Any]) -> dict[str, Any]:
    """Without what is not there."""
    return {n: v for n, v in document.items() if v is not None and v != [] and v != {}}


def cut(text: str | None, limit: int) -> str | None:
    """The text, or as many of its whole words as fit."""
    if text is None or len(text) <= limit:
        return text
    head = text[: limit + 1]
    end = max((n for n, sign in enumerate(head) if sign.isspace()), default=0)
    return head[:end].strip() or text[:limit].strip()


def fitting(text: str | None, limit: int, what: str, dropped: Dropped) -> str | None:
    """The code or number if it is short enough."""
    if text is not None and len(text) > limit:
        dropped.add(what, f"it is longer than {limit} characters")
        return None
    return text


def link(url: str | None, what: str, dropped: Dropped) -> str | None:
    """The link if it is one that OCPI can hold."""
    if url is not None and not url.lower().startswith(("http://", "https://")):
        dropped.add(what, "it is no http link")
        return None
    return fitting(url, _LONGEST_LINK, what, dropped)


def moment(value: datetime, vocabulary: Vocabulary) -> str:
    """UTC with Z; thousandths at most, and none before 2.2 (TR-30)."""
    at = in_utc(value) or value
    fine = at.microsecond >= 1000 and not vocabulary.whole_seconds
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds" if fine else "seconds") + "Z"


def number(value: Decimal) -> int | float:
    """A JSON number of at most four decimals (TR-33)."""
    rounded = value.quantize(_PRECISION, ROUND_HALF_UP)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


def place(lat: float, lon: float) -> dict[str, str]:
    """Coordinates as strings with six decimals, which every version allows (DM-3)."""
    lat, lon = round(lat, 6) + 0.0, round(lon, 6) + 0.0  # no "-0.000000"
    return {"latitude": f"{lat:.6f}", "longitude": f"{lon:.6f}"}


def known_words(words: Iterable[str], known: Words, what: str, dropped: Dropped) -> list[str]:
    """The members of a list that the version has; all of them where it left the list open."""
    if known is None:
        return list(words)
    kept = []
    for word in words:
        if word in known:
            kept.append(word)
        else:
            dropped.add(f"{what} {word[:40]}")
    return kept


def display_text(said: DisplayText, what: str, dropped: Dropped) -> dict[str, Any] | None:
    """A text, if its language is known: OCPI has no word for an unknown one."""
    if not _LANGUAGE.fullmatch(said.language):
        dropped.add(what, "its language is not known")
        return None
    return {"language": said.language, "text": cut(said.text, _LONGEST_TEXT)}


def display_texts(texts: Iterable[DisplayText], what: str, dropped: Dropped) -> list[Any]:
    """Texts in several languages."""
    return [text for said in texts if (text := display_text(said, what, dropped)) is not None]


def image(picture: Image, vocabulary: Vocabulary, dropped: Dropped) -> dict[str, Any] | None:
    """A picture; of a category that the version does not know: OTHER."""
    url = link(picture.url, "picture", dropped)
    kind = _image_type(picture)
    if url is None:
        return None
    if kind is None:
        dropped.add("picture", "its type (jpeg, png, gif, svg) is not known")
        return None
    category, known = picture.category or "OTHER", vocabulary.image_categories
    return filled(
        {
            "url": url,
            "thumbnail": link(picture.thumbnail, "thumbnail", dropped),
            "category": category if known is None or category in known else "OTHER",
            "type": kind,
            "width": picture.width,
            "height": picture.height,
        }
    )


def images(pictures: Iterable[Image], vocabulary: Vocabulary, dropped: Dropped) -> list[Any]:
    """Pictures, without those that cannot be described."""
    return [
        said for picture in pictures if (said := image(picture, vocabulary, dropped)) is not None
    ]


def company(
    who: BusinessDetails | None, vocabulary: Vocabulary, dropped: Dropped
) -> dict[str, Any] | None:
    """A company."""
    if who is None:
        return None
    logo = image(who.logo, vocabulary, dropped) if who.logo is not None else None
    website = link(who.website, "website", dropped)
    return filled({"name": cut(who.name, 100), "website": website, "logo": logo})


def energy_mix(
    mix: EnergyMix | None, vocabulary: Vocabulary, dropped: Dropped
) -> dict[str, Any] | None:
    """The energy mix."""
    if mix is None:
        return None
    sources, impacts = [], []
    for share in mix.energy_sources:
        if share.source in ENERGY_SOURCES:
            sources.append({"source": share.source, "percentage": number(share.percentage)})
        else:
            dropped.add(f"energy source {share.source[:40]}")
    for impact in mix.environ_impact:
        if vocabulary.impacts is None or impact.category in vocabulary.impacts:
            name = vocabulary.impact_category
            impacts.append({name: impact.category, "amount": number(impact.amount)})
        else:
            dropped.add(f"environmental impact {impact.category[:40]}")
    return filled(
        {
            "is_green_energy": mix.is_green_energy,
            "energy_sources": sources,
            "environ_impact": impacts,
            "supplier_name": cut(mix.supplier_name, 64),
            "energy_product_name": cut(mix.energy_product_name, 64),
        }
    )


def _image_type(picture: Image) -> str | None:
    """Four letters: as given, also as "image/jpeg" or "jpg", else by the link's ending."""
    given = (picture.type or "").rpartition("/")[2].strip().lower()
    if not given:
        try:
            given = PurePosixPath(urlsplit(picture.url).path).suffix[1:].lower()
        except ValueError:
            return None
        if given not in ("jpg", "jpeg", "png", "gif", "svg"):
            return None
    kind = _IMAGE_TYPES.get(given, given)
    return kind if kind.isalnum() and len(kind) <= 4 else None
