"""In which language a page of the portal is written: `?lang=`, then the cookie, then the browser.

A text is `(English, Hindi)` in a table of `portal.words`; a module there is one part of the portal.
What findings and checks say in English themselves has its meaning in Hindi beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from string import Formatter
from typing import Any

from litestar import Request
from markupsafe import Markup, escape

from nop_dashboards.portal import words
from nop_registry.discovery import find_parts
from nop_registry.errors import NopError

LANGUAGES: Mapping[str, str] = {"en": "English", "hi": "हिन्दी"}
"""By ISO 639-1 code, the name that a language has in itself. The order is that of the tables."""

COOKIE = "nop_lang"


class Said(NopError):
    """A sentence of the tables for the person: `key` and its values."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(Texts("en")(key, **values))
        self.key = key
        self.values = values


class Texts:
    """The texts of one language. Called with a key it gives the text, with values filled in."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._column = list(LANGUAGES).index(code)

    def __call__(self, key: str, /, **values: Any) -> str:
        """Raises KeyError for a key that no table has."""
        text = table()[key][self._column]
        return text.format(**values) if values else text

    def of(self, prefix: str, member: object) -> str:
        """The text of a member of a vocabulary; one without a text stands as it is."""
        found = table().get(f"{prefix}.{member}")
        return found[self._column] if found else str(member)

    def count(self, key: str, number: int | None, **values: Any) -> str:
        """A text about a number of things: `key.one` for 1, `key.many` else."""
        form = "one" if number == 1 else "many"
        return self(f"{key}.{form}", number=self.number(number), **values)

    def cure(self, code: str, message: str) -> Markup:
        """What a finding says: its own sentence; in another language first what its code means."""
        family = "cure.*-null" if code.endswith("-null") else f"cure.{code.partition('-')[0]}-*"
        return self._said(message, f"cure.{code}", family)

    def check(self, name: str, title: str) -> Markup:
        """What a check of the test of a server looks at."""
        return escape(title if self.code == "en" else meanings().get(f"check.{name}", title))

    def mend(self, name: str, message: str) -> Markup:
        """What to do about a check: in another language than English, both as `cure` does."""
        return self._said(message, f"mend.{name}") if message else Markup("")

    def told(self, prefix: str, message: str) -> Markup:
        """A sentence that the program says in English, one of those that begin with `prefix`."""
        if self.code == "en":
            return escape(message)
        for pattern, key in _sentences(prefix):
            if found := pattern.fullmatch(message):
                return escape(self(key, **found.groupdict()))
        return Markup('<span lang="en">{}</span>').format(message)

    def _said(self, message: str, *keys: str) -> Markup:
        """The program's own sentence; in another language first what the first known key means."""
        if self.code == "en":
            return escape(message)
        said = Markup('<span lang="en">{}</span>').format(message)
        meaning = next((meanings()[key] for key in keys if key in meanings()), None)
        return Markup("{} <small>({})</small>").format(meaning, said) if meaning else said

    def number(self, value: float | None) -> str:
        """Digits in lakh groups: 12,34,567. None: not known."""
        if value is None:
            return self("word.unknown")
        whole = f"{abs(value):.0f}"
        head, tail = whole[:-3], whole[-3:]
        pairs = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
        return ("-" if value < 0 else "") + ",".join([*pairs, tail])

    def instant(self, at: datetime | None) -> str:
        """A UTC instant to the minute; None: never."""
        if at is None:
            return self("word.never")
        month = self("word.months").split()[at.month - 1]
        return f"{at.day} {month} {at:%Y %H:%M} UTC"

    def age(self, since: timedelta | None) -> str:
        """How long ago, in the largest unit that fits; None: never."""
        if since is None:
            return self("word.never")
        minutes = int(since.total_seconds() // 60)
        if minutes < 1:
            return self("age.now")
        if minutes < 60:
            return self("age.minutes", n=minutes)
        if minutes < 48 * 60:
            return self("age.hours", n=minutes // 60)
        return self("age.days", n=minutes // 1440)


@cache
def table() -> dict[str, tuple[str, str]]:
    """Every text by its key."""
    return _merged("TEXTS")


@cache
def meanings() -> dict[str, str]:
    """In Hindi what findings and checks mean; in English they say it themselves."""
    return _merged("HINDI")


def _merged(name: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in find_parts(words, name):
        twice = merged.keys() & part.keys()
        assert not twice, f"texts with the same key: {sorted(twice)}"  # noqa: S101 - our own tables
        merged |= part
    return merged


@cache
def _sentences(prefix: str) -> list[tuple[re.Pattern[str], str]]:
    """How to recognise each; those that say the most themselves are tried first."""
    found = []
    for key, (english, *_) in table().items():
        if key.startswith(f"{prefix}."):
            parts = [(re.escape(said), name) for said, name, *_ in Formatter().parse(english)]
            pattern = "".join(f"{said}(?P<{name}>.+)" if name else said for said, name in parts)
            found.append((sum(len(said) for said, _ in parts), re.compile(pattern, re.DOTALL), key))
    return [(pattern, key) for _, pattern, key in sorted(found, key=lambda one: -one[0])]


def choose(request: Request[Any, Any, Any]) -> str:
    """The language of the answer to this request."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wanted is not None and wanted in LANGUAGES:
            return str(wanted)
    return _preferred(request.headers.get("accept-language", ""))


def _preferred(header: str) -> str:
    """The first known language of an Accept-Language header, by weight.

    >>> _preferred("hi-IN,hi;q=0.9,en;q=0.8"), _preferred("fr, en;q=0.5"), _preferred("")
    ('hi', 'en', 'en')
    """
    weighed = []
    for place, part in enumerate(header[:1000].split(",")):
        name, _, weight = part.strip().partition(";q=")
        code = name.strip().lower().split("-")[0]
        try:
            weighed.append((-float(weight or 1), place, code))
        except ValueError:
            continue
    return next((code for _, _, code in sorted(weighed) if code in LANGUAGES), "en")
