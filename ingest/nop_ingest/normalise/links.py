"""Links: http and https only; nothing that a browser would run (TR-34)."""

from __future__ import annotations

import re

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.text import clean
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    Image,
    LocationRecord,
    TariffRecord,
)

_LINK = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
_BARE = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/[^\s<>\"'`\\]*)?", re.IGNORECASE)
_LONGEST = 2048
_MOST_PIXELS = 99_999  # OCPI: five digits


def settle_location(
    location: LocationRecord, context: Context, path: str, findings: list[Finding]
) -> LocationRecord:
    """Settle the companies' websites and the pictures of a location."""
    changes: dict[str, object] = {}
    for role in ("operator", "suboperator", "owner"):
        company: BusinessDetails | None = getattr(location, role)
        if company is None or (company.website is None and company.logo is None):
            continue
        given = company.website
        link = settle_link(given, f"{role}.website", findings) if given is not None else None
        logo = company.logo
        if logo is not None:
            logo = next(iter(settle_images((logo,), f"{role}.logo", findings)), None)
        if link is not given or logo != company.logo:
            changes[role] = msgspec.structs.replace(company, website=link, logo=logo)
    if location.images:
        changes["images"] = settle_images(location.images, "images", findings)
    return msgspec.structs.replace(location, **changes) if changes else location


def settle_evse(
    evse: EvseRecord, context: Context, path: str, findings: list[Finding]
) -> EvseRecord:
    """Settle the pictures of an EVSE."""
    if not evse.images:
        return evse
    images = settle_images(evse.images, f"{path}.images", findings)
    return msgspec.structs.replace(evse, images=images)


def settle_connector(
    connector: ConnectorRecord, context: Context, path: str, findings: list[Finding]
) -> ConnectorRecord:
    """Settle the link to the terms and conditions."""
    given = connector.terms_and_conditions
    if given is None:
        return connector
    link = settle_link(given, f"{path}.terms_and_conditions", findings)
    if link is given:
        return connector
    return msgspec.structs.replace(connector, terms_and_conditions=link)


def settle_tariff(
    tariff: TariffRecord, context: Context, path: str, findings: list[Finding]
) -> TariffRecord:
    """Settle the link to the tariff's page."""
    given = tariff.tariff_alt_url
    if given is None:
        return tariff
    link = settle_link(given, "tariff_alt_url", findings)
    return tariff if link is given else msgspec.structs.replace(tariff, tariff_alt_url=link)


def settle_link(given: str, path: str, findings: list[Finding]) -> str | None:
    """The link if it may be shown as one, else None."""
    if given.isprintable() and _LINK.fullmatch(given) and len(given) <= _LONGEST:
        return given
    link = clean(given)
    if link is None:
        return None
    if _BARE.fullmatch(link):
        link = f"https://{link}"
    if _LINK.fullmatch(link) and len(link) <= _LONGEST:
        return link
    findings.append(
        Notice(
            "link-unusable", Severity.INFO, path,
            "left out: a link begins with https:// and has no blanks", given[:200],
        )
    )  # fmt: skip
    return None


def settle_images(
    images: tuple[Image, ...], path: str, findings: list[Finding]
) -> tuple[Image, ...]:
    """Pictures with links that may be shown; a small version that may not is left out."""
    settled = []
    for number, image in enumerate(images):
        link = settle_link(image.url, f"{path}[{number}].url", findings)
        if link is None:
            continue
        small = image.thumbnail
        if small is not None:
            small = settle_link(small, f"{path}[{number}].thumbnail", findings)
        settled.append(
            Image(
                url=link,
                category=clean(image.category) if image.category else None,
                type=clean(image.type) if image.type else None,
                thumbnail=small,
                width=_pixels(image.width),
                height=_pixels(image.height),
            )
        )
    return tuple(settled)


def _pixels(value: int | None) -> int | None:
    return value if value is not None and 0 < value <= _MOST_PIXELS else None
