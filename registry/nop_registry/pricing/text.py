"""A price in words for people, in the order of AFIR: kWh, minute, session, the rest."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from nop_registry.pricing.price import Basis, PriceNow, SessionLimit, TaxStatus, UnitPrice

_SYMBOLS = {"INR": "₹", "EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3, "OMR": 3}
_MOST_DIGITS = 4  # of a price per kWh or minute
_TAX_NAMES = {"IN": "GST", "AU": "GST", "NZ": "GST", "SG": "GST", "CA": "GST"}

_ENGLISH = {
    "unknown": "price unknown",
    "free": "free",
    "per_kwh": "/kWh",
    "per_minute": "/min",
    "per_minute_parked": "/min parked",
    "per_session": "/session",
    "after": "after {minutes} min",
    "incl": "incl. {tax}",
    "no_tax": "no {tax} applies",
    "tax_unknown": "tax unknown",
    "tax_excluded": "excl. {tax}",
    "other": "other charges",
    "at_least": "at least {amount}",
    "at_most": "at most {amount}",
    "until": "until {clock}",
    "depends": "depends on {kinds}",
    "contract": "with a contract",
}
_HINDI = {
    "unknown": "दाम अज्ञात",
    "free": "निःशुल्क",
    "per_kwh": "/kWh",
    "per_minute": "/मिनट",
    "per_minute_parked": "/मिनट खड़े रहने पर",
    "per_session": "/सत्र",
    "after": "{minutes} मिनट के बाद",
    "incl": "{tax} सहित",
    "no_tax": "{tax} लागू नहीं",
    "tax_unknown": "कर अज्ञात",
    "tax_excluded": "{tax} अलग",
    "other": "अन्य शुल्क",
    "at_least": "कम से कम {amount}",
    "at_most": "अधिक से अधिक {amount}",
    "until": "{clock} तक",
    "depends": "निर्भर: {kinds}",
    "contract": "अनुबंध के साथ",
}
_WORDS = {"en": _ENGLISH, "hi": _HINDI}


def price_text(price: PriceNow, *, language: str = "en") -> str:
    """One line, such as `₹ 17.00 /kWh incl. GST + ₹ 2.00 /min parked after 60 min`.

    A language without words of its own gets English. "Free" only where the tariff says 0 for all.
    """
    words = _WORDS.get(language, _ENGLISH)
    if not price.is_known:
        return words["unknown"]
    if price.is_free:
        return ", ".join([words["free"], *_contract(price, words)])
    line = " + ".join(_components(price, words))
    return ", ".join([line, *_conditions(price, words)])


def _components(price: PriceNow, words: dict[str, str]) -> list[str]:
    named = [
        ("per_kwh", price.per_kwh),
        ("per_minute", price.per_minute_charging),
        ("per_minute_parked", price.per_minute_parked),
        ("per_session", price.per_session),
    ]
    stated = [(name, unit) for name, unit in named if unit is not None]
    charged = [(name, unit) for name, unit in stated if unit.shown]
    parts: list[str] = []
    said = ""
    for name, unit in charged or stated[:1]:
        text = f"{money_text(unit.shown, price.currency)} {words[name]}"
        if unit.after_minutes:
            text += " " + words["after"].format(minutes=unit.after_minutes)
        tax = _tax(unit, price, words)
        if tax != said and unit.shown:
            text += f" {tax}" if unit.tax is not TaxStatus.UNKNOWN else f" ({tax})"
        parts.append(text)
        said = tax
    if "unknown-dimension" in price.flags:
        parts.append(words["other"])
    return parts


def _tax(unit: UnitPrice, price: PriceNow, words: dict[str, str]) -> str:
    tax = _tax_name(price)
    if unit.tax is TaxStatus.NOT_APPLICABLE:
        return words["no_tax"].format(tax=tax)
    if unit.tax is TaxStatus.UNKNOWN:
        excluded = "incl-unknown" in price.flags  # the tariff says that tax comes on top
        return words["tax_excluded" if excluded else "tax_unknown"].format(tax=tax)
    return words["incl"].format(tax=tax)


def _tax_name(price: PriceNow) -> str:
    return _TAX_NAMES.get(price.country_code or "", "VAT")


def _conditions(price: PriceNow, words: dict[str, str]) -> list[str]:
    said: set[str] = set()
    found = []
    for key, limit in (("at_least", price.min_price), ("at_most", price.max_price)):
        if limit is not None and limit.excl_tax:
            found.append(words[key].format(amount=_limit_text(limit, price, words)))
    clock = _clock(price)
    if clock:
        found.append(words["until"].format(clock=clock))
        said |= {"time", "day", "date"}
    if any(u and u.after_minutes for u in (price.per_minute_charging, price.per_minute_parked)):
        said.add("duration")
    kinds = [kind for kind in price.depends_on if kind not in said]
    if kinds:
        found.append(words["depends"].format(kinds=", ".join(kinds)))
    return [*found, *_contract(price, words)]


def _contract(price: PriceNow, words: dict[str, str]) -> list[str]:
    return [words["contract"]] if price.basis is Basis.ROAMING else []


def _limit_text(limit: SessionLimit, price: PriceNow, words: dict[str, str]) -> str:
    if limit.incl_tax is not None:
        return money_text(limit.incl_tax, price.currency)
    tax = words["tax_excluded"].format(tax=_tax_name(price))
    return f"{money_text(limit.excl_tax, price.currency)} {tax}"


def _clock(price: PriceNow) -> str | None:
    """The local time of the next change, when it is within a day."""
    if price.next_change_at is None or price.time_zone is None:
        return None
    if price.next_change_at - price.at > timedelta(days=1):
        return None
    return f"{price.next_change_at.astimezone(ZoneInfo(price.time_zone)):%H:%M}"


def money_text(amount: Decimal | None, currency: str | None) -> str:
    """An amount of money: minor units at least, four decimals at most, half up.

    >>> money_text(Decimal("0.5445"), "EUR"), money_text(Decimal("17"), "INR")
    ('€ 0.5445', '₹ 17.00')
    """
    fewest = _MINOR_DIGITS.get(currency or "", 2)
    rounded = (amount or Decimal(0)).quantize(Decimal(1).scaleb(-_MOST_DIGITS), ROUND_HALF_UP)
    whole, _, decimals = f"{rounded:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(fewest, "0")
    number = f"{whole}.{decimals}" if decimals else whole
    return f"{_SYMBOLS.get(currency or '', currency or '')} {number}"
