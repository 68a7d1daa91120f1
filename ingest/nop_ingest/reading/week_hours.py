"""Opening hours out of one text: `24/7`, `Mo-Fr 08:00-12:00, Sa 9am-1pm`, `Ma 08:30-20:00; Lu ...`.

All of a text is understood or nothing: half of the hours would be wrong hours.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from nop_registry.records import Hours, RegularHours

_NAMES = {
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "de": ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
}
_ALWAYS = re.compile(
    r"(?:open |ouvert )?(?:24 ?/ ?7|247|24 ?h ?/ ?24(?:,? ?7 ?j ?/ ?7)?|24 hours?"
    r"(?: daily| a day)?(?:[ ,;]+7 days a week)?)\.?"
)
_CLOCK = r"(\d{1,2})(?:(?:[:h](\d{2})?)|(?=\s*[ap]\.?m))\s*(?:([ap])\.?m\.?)?"
_PERIOD = re.compile(rf"(?<!\d){_CLOCK}\s*(?:-|to|bis|a)\s*{_CLOCK}(?!\d)")
_BETWEEN_DAYS = re.compile(r"[,;/&+]|\band\b|\bet\b|\bund\b")
_NOISE = " ,;:.|/()\n"
_DAILY = {"daily", "every day", "tous les jours", "taglich", "7/7", "7j/7"}
_LONGEST = 2_000


@lru_cache(maxsize=4096)
def read_hours(text: str, languages: tuple[str, ...]) -> Hours | None:
    """The hours that a text says, with day names of these languages; None if they are not certain.

    Periods that name no day hold for the days named before, or for all.

    >>> hours = read_hours("Mo-Fr 08:00-12:00", ("en",))
    >>> [period.weekday for period in hours.regular_hours] if hours else None
    [1, 2, 3, 4, 5]
    """
    if len(text) > _LONGEST:
        return None
    plain = _fold(text).strip()
    if _ALWAYS.fullmatch(plain):
        return Hours(twentyfourseven=True)
    periods: dict[RegularHours, None] = {}
    days: tuple[int, ...] | None = None
    at = 0
    for found in _PERIOD.finditer(plain):
        named = plain[at : found.start()].strip(_NOISE)
        if named:
            days = _days(named, languages)
            if days is None:
                return None
        begin, end = _clock(*found.groups()[:3]), _clock(*found.groups()[3:])
        if begin is None or end is None:
            return None
        for day in days or range(1, 8):
            periods[RegularHours(weekday=day, period_begin=begin, period_end=end)] = None
        at = found.end()
    rest = plain[at:].strip(_NOISE)
    if not periods or (rest and rest not in _DAILY):
        return None
    ordered = sorted(periods, key=lambda p: (p.weekday, p.period_begin))
    return Hours(twentyfourseven=False, regular_hours=tuple(ordered))


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub("[\u2010-\u2015\u2212]", "-", plain).split())


def _days(text: str, languages: tuple[str, ...]) -> tuple[int, ...] | None:
    if text in _DAILY:
        return tuple(range(1, 8))
    found: list[int] = []
    for part in _BETWEEN_DAYS.split(text):
        words = [word.strip(_NOISE) for word in re.split(r"-|\bto\b|\bbis\b|\bau\b", part)]
        numbers = [_day(word, languages) for word in words]
        if len(numbers) > 2 or None in numbers:
            return None
        first, last = numbers[0] or 0, numbers[-1] or 0
        found += [(first - 1 + n) % 7 + 1 for n in range((last - first) % 7 + 1)]
    return tuple(dict.fromkeys(found))


def _day(word: str, languages: tuple[str, ...]) -> int | None:
    if word.isdecimal():
        return int(word) if len(word) == 1 and 1 <= int(word) <= 7 else None
    if len(word) < 2:
        return None
    for language in languages:
        for number, name in enumerate(_NAMES[language], start=1):
            if name.startswith(word) or word == f"{name}s":
                return number
    return None


def _clock(hour: str, minute: str | None, half: str | None) -> str | None:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "p" else 0)
    if minutes > 59 or hours > 24 or (hours == 24 and minutes):
        return None
    return f"{hours:02}:{minutes:02}"
