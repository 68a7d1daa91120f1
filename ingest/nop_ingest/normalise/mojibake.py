"""Texts that were once read in the wrong coding: "MÃ¤rket" is "Märket", and says so.

Mended where it is certain what was meant; else the publisher is told. Ids are never touched.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from nop_ingest.context import Context
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity
from nop_registry.records import BusinessDetails, DisplayText, LocationRecord, TariffRecord

_FIELDS = ("name", "address", "city", "district", "state")
_COMPANIES = ("operator", "suboperator", "owner")
# A letter that was read in the wrong coding is two signs beyond ASCII or more, side by side.
_SUSPICIOUS = re.compile(r"[^\x00-\x7f]{2}|\ufffd|\?{2}")
# Excel's plain CSV writes a question mark for each letter that Windows' own coding lacks: so whole
# names in Hindi are lost.
_LOST = re.compile(r"\ufffd|\?{2}")


def settle_location(
    location: LocationRecord, context: Context, path: str, findings: list[Finding]
) -> LocationRecord:
    """Mend a location's names and address."""
    changes: dict[str, object] = {}
    for name in _FIELDS:
        text: str | None = getattr(location, name)
        if text is not None and (mended := _mend(text, name, findings)) is not text:
            changes[name] = mended
    for name in _COMPANIES:
        company: BusinessDetails | None = getattr(location, name)
        if company is None:
            continue
        if (mended := _mend(company.name, f"{name}.name", findings)) is not company.name:
            changes[name] = msgspec.structs.replace(company, name=mended)
    if location.directions:
        said = _mend_all(location.directions, "directions", findings)
        if said != location.directions:
            changes["directions"] = said
    return msgspec.structs.replace(location, **changes) if changes else location


def settle_tariff(
    tariff: TariffRecord, context: Context, path: str, findings: list[Finding]
) -> TariffRecord:
    """Mend a tariff's description."""
    said = _mend_all(tariff.tariff_alt_text, "tariff_alt_text", findings)
    if said == tariff.tariff_alt_text:
        return tariff
    return msgspec.structs.replace(tariff, tariff_alt_text=said)


def _mend_all(
    texts: tuple[DisplayText, ...], path: str, findings: list[Finding]
) -> tuple[DisplayText, ...]:
    return tuple(
        DisplayText(
            language=said.language, text=_mend(said.text, f"{path}[{number}].text", findings)
        )
        for number, said in enumerate(texts)
    )


def _mend(text: str, path: str, findings: list[Finding]) -> str:
    if not _SUSPICIOUS.search(text):
        return text
    meant = find_meaning(text)
    if meant is None:
        return text
    if meant == text:
        message = "some letters were lost on the way: type them anew and save as 'CSV UTF-8'"
        findings.append(Notice("text-garbled", Severity.WARNING, path, message, text[:200]))
    else:
        message = f"read as {meant[:200]!r}: correct the text and save as UTF-8"
        findings.append(Notice("text-mended", Severity.WARNING, path, message, text[:200]))
    return meant


@lru_cache(maxsize=8192)
def find_meaning(text: str) -> str | None:
    """What a garbled text was before; the text itself if nobody can tell; None: it is not garbled.

    >>> find_meaning("MÃ¤rket"), find_meaning("Märket")
    ('Märket', None)
    """
    if _LOST.search(text):
        return text

    import ftfy  # slow to load, seldom needed
    from ftfy.badness import is_bad

    if not is_bad(text):
        return None
    meant = str(ftfy.fix_encoding(text))
    return text if is_bad(meant) or "\ufffd" in meant else meant
