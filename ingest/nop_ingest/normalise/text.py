"""Texts: trimmed, without control characters, mark-up or bidi tricks; "#NA" is no text.

OCPI texts are printable and carry no mark-up (TR-31, TR-35); real ones have line breaks, HTML and
blanks around them. A text over OCPI's length is kept and reported (TR-36).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from nop_ingest.context import Context
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity
from nop_registry.records import (
    BusinessDetails,
    DisplayText,
    EvseRecord,
    LocationRecord,
    Record,
    TariffRecord,
)

R = TypeVar("R", bound=Record)
Limits = Sequence[tuple[str, int]]

LONGEST = 4096  # nobody reads more; it also bounds what one publisher can make us store
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_KEPT_FORMATS = "\u200c\u200d"  # joiners: Indic and Persian words need them
_ODD_IN_WORDS = frozenset(" #<&")
_LANGUAGE = re.compile(r"[a-z]{2}")

_LOCATION: Limits = (
    ("id", 36), ("name", 255), ("address", 255), ("city", 45), ("postal_code", 10),
    ("district", 255), ("state", 45), ("country", 255), ("parking_type", 255), ("time_zone", 255),
    ("help_phone", 25),
)  # fmt: skip
_EVSE: Limits = (("uid", 36), ("evse_id", 48), ("physical_reference", 16), ("floor_level", 4))
_TARIFF: Limits = (("id", 36), ("type", 255))


def clean(value: str) -> str | None:
    """The text as it may be shown, or None if nothing is left or it is OCPI's "#NA" (TR-20)."""
    if not value.isprintable() or "<" in value or "&" in value or len(value) > LONGEST:
        value = _scrub(value)
    value = value.strip()
    return value if value and value != "#NA" else None


def as_text(value: object) -> str | None:
    """A JSON scalar as text: numbers appear where OCPI has strings (TR-33). None: not a text."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**40 else None
    if isinstance(value, float):
        value = Decimal(repr(value))
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    # Only a small one may be written out: 1e999999999 has a billion digits.
    small = -(10**15) < value < 10**15
    return str(int(value)) if small and value == int(value) else str(value)


def clean_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Cleaned members of a list of codes or ids, without empty ones and repetitions."""
    together = "".join(words)
    usual = together.isprintable() and not _ODD_IN_WORDS.intersection(together)
    if usual and "" not in words and len(set(words)) == len(words):
        return words
    cleaned = dict.fromkeys(clean(word) for word in words)
    return tuple(word for word in cleaned if word is not None)


def settle_location(
    location: LocationRecord, context: Context, path: str, findings: list[Finding]
) -> LocationRecord:
    """Clean a location's own texts."""
    location = _clean_fields(location, _LOCATION, path, findings)
    changes: dict[str, object] = {}
    for role in ("operator", "suboperator", "owner"):
        company: BusinessDetails | None = getattr(location, role)
        if company is not None and (cleaned := _clean_company(company)) is not company:
            changes[role] = cleaned
    if location.directions and (said := clean_display(location.directions)) != location.directions:
        changes["directions"] = said
    if location.facilities and (seen := clean_words(location.facilities)) != location.facilities:
        changes["facilities"] = seen
    return msgspec.structs.replace(location, **changes) if changes else location


def settle_evse(
    evse: EvseRecord, context: Context, path: str, findings: list[Finding]
) -> EvseRecord:
    """Clean an EVSE's own texts."""
    evse = _clean_fields(evse, _EVSE, path, findings)
    changes: dict[str, object] = {}
    for name in ("capabilities", "parking_restrictions"):
        words: tuple[str, ...] = getattr(evse, name)
        if words and (cleaned := clean_words(words)) != words:
            changes[name] = cleaned
    if evse.directions and (said := clean_display(evse.directions)) != evse.directions:
        changes["directions"] = said
    return msgspec.structs.replace(evse, **changes) if changes else evse


def settle_tariff(
    tariff: TariffRecord, context: Context, path: str, findings: list[Finding]
) -> TariffRecord:
    """Clean a tariff's own texts."""
    tariff = _clean_fields(tariff, _TARIFF, path, findings)
    said = clean_display(tariff.tariff_alt_text)
    if said != tariff.tariff_alt_text:
        tariff = msgspec.structs.replace(tariff, tariff_alt_text=said)
    return tariff


def _scrub(value: str) -> str:
    value = _TAG.sub(" ", html.unescape(value[:LONGEST]))
    return " ".join("".join(_visible(char) for char in value).split())


def _visible(char: str) -> str:
    if char.isprintable() or char in _KEPT_FORMATS:
        return char
    # Cc = control, Z? = odd blanks; the rest is bidi control, surrogate, private or unassigned.
    return " " if unicodedata.category(char) in {"Cc", "Zs", "Zl", "Zp"} else ""


def _clean_fields(record: R, limits: Limits, path: str, findings: list[Finding]) -> R:
    changes: dict[str, object] = {}
    long = None
    for name, limit in limits:
        value: str | None = getattr(record, name)
        if value is None:
            continue
        cleaned = clean(value)
        if cleaned is not value:
            # A required text that has nothing left stays empty: its own step refuses the object.
            changes[name] = cleaned if cleaned is not None or name not in _REQUIRED else ""
        if cleaned is not None and len(cleaned) > limit and long is None:
            long = Notice(
                "text-too-long",
                Severity.INFO,
                f"{path}.{name}" if path else name,
                f"OCPI allows {limit} characters here; the text is kept, other systems may cut it",
                cleaned[:200],
            )
    if long is not None:
        findings.append(long)
    return msgspec.structs.replace(record, **changes) if changes else record


_REQUIRED = frozenset({"id", "uid"})


def _clean_company(company: BusinessDetails) -> BusinessDetails | None:
    name = clean(company.name)
    if name is company.name:
        return company
    return None if name is None else msgspec.structs.replace(company, name=name)


def clean_display(texts: tuple[DisplayText, ...]) -> tuple[DisplayText, ...]:
    """Cleaned texts with an ISO 639-1 language each, without empty ones."""
    cleaned = []
    for item in texts:
        text = clean(item.text)
        if text is not None:
            language = item.language
            if not _LANGUAGE.fullmatch(language):
                language = _language(language)
            same = text is item.text and language is item.language
            cleaned.append(item if same else DisplayText(language=language, text=text))
    return tuple(cleaned)


def _language(text: str) -> str:
    """ISO 639-1 of "en-GB", "EN" or "ENG" (TR-35); "und" (undetermined) if it is none."""
    import pycountry  # slow to load, seldom needed

    code = re.split("[-_]", text.strip().lower(), maxsplit=1)[0]
    if len(code) == 2 and _LANGUAGE.fullmatch(code):
        return code
    found = pycountry.languages.get(alpha_3=code) if len(code) == 3 else None
    return str(getattr(found, "alpha_2", "und"))
