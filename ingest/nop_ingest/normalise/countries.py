"""Countries: OCPI wants alpha-3 in `country`; feeds send alpha-2 or "Polska" (DM-4)."""

from __future__ import annotations

import gettext
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from nop_ingest.context import Context
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity
from nop_registry.records import LocationRecord


@lru_cache(maxsize=4096)
def alpha_3(text: str) -> str | None:
    """ISO 3166 alpha-3 of a code or of a name in any language, None if it names no one country."""
    word = text.strip().casefold()
    return _codes().get(word) or (_names().get(word) if len(word) > 3 else None)


@lru_cache(maxsize=4096)
def alpha_2(text: str) -> str | None:
    """ISO 3166 alpha-2 of a code or a name, None if it names no one country."""
    code = alpha_3(text)
    return _alpha_2_codes().get(code) if code else None


def settle_location(
    location: LocationRecord, context: Context, path: str, findings: list[Finding]
) -> LocationRecord:
    """Bring `country` to alpha-3."""
    given = location.country
    if given is None:
        return location
    code = alpha_3(given)
    if code == given:
        return location
    if code is None:
        found = Notice(
            "country-unknown", Severity.WARNING, "country",
            "this names no country we know, so it is left out: use ISO 3166 alpha-3, such as IND",
            given[:200],
        )  # fmt: skip
    else:
        found = Notice(
            "country-spelling", Severity.INFO, "country",
            f"read as {code}: use ISO 3166 alpha-3", given[:200],
        )  # fmt: skip
    findings.append(found)
    return msgspec.structs.replace(location, country=code)


@cache
def _codes() -> dict[str, str]:
    import pycountry  # 40 ms to load: only a process that reads locations pays

    codes = {"xk": "XKX", "xkx": "XKX"}  # Kosovo: user-assigned codes in general use
    for country in pycountry.countries:
        codes[country.alpha_2.casefold()] = codes[country.alpha_3.casefold()] = country.alpha_3
    return codes


@cache
def _alpha_2_codes() -> dict[str, str]:
    return {three: two.upper() for two, three in _codes().items() if len(two) == 2}


@cache
def _names() -> dict[str, str]:
    """Every country's names in every language that pycountry has; ambiguous ones left out."""
    import pycountry  # reads 159 small files, about 0.3 s: only when a name occurs

    found: dict[str, set[str]] = {}
    for file in sorted(Path(pycountry.LOCALES_DIR).glob("*/LC_MESSAGES/iso3166-1.mo")):
        with file.open("rb") as handle:
            translate = gettext.GNUTranslations(handle).gettext
        for country in pycountry.countries:
            for attribute in ("name", "common_name", "official_name"):
                name = getattr(country, attribute, None)
                if name:
                    for spelling in (name, translate(name)):
                        found.setdefault(spelling.casefold(), set()).add(country.alpha_3)
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}
