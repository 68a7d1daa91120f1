"""Prices from tariffs: which tariff, which components now, what a session costs, in what words.

Pure functions on records. Rules: OCPI tariffs read as in the project's notes (first matching
element per dimension; unknown is None, never 0 and never free).
"""

from nop_registry.pricing.headline import headline
from nop_registry.pricing.price import Basis, PriceNow, SessionLimit, TaxStatus, UnitPrice
from nop_registry.pricing.session import Phase, SessionCost, SessionProfile, session_cost
from nop_registry.pricing.text import money_text, price_text

__all__ = [
    "Basis",
    "Phase",
    "PriceNow",
    "SessionCost",
    "SessionLimit",
    "SessionProfile",
    "TaxStatus",
    "UnitPrice",
    "headline",
    "money_text",
    "price_text",
    "session_cost",
]
