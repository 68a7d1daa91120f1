"""The registry's vocabulary as GraphQL enums. Types that use a member import it from here."""

from __future__ import annotations

import strawberry

from nop_registry.enums import ConnectorFormat, PowerType, Status
from nop_registry.pricing import Basis, TaxStatus
from nop_registry.queries.location_search import Order
from nop_registry.queries.offer import Current

strawberry.enum(Status, description="OCPI Status. UNKNOWN also stands for silence and for no data.")
strawberry.enum(ConnectorFormat, description="Socket or attached cable.")
strawberry.enum(PowerType, description="How current arrives.")
strawberry.enum(Current, description="Alternating or direct current.")
strawberry.enum(Order, name="LocationOrder", description="DISTANCE needs `near`.")
strawberry.enum(
    Basis, name="PriceBasis", description="For whom a price is: ROAMING ones need a contract."
)
strawberry.enum(TaxStatus, name="PriceTax", description="What is known about the tax in an amount.")

__all__ = ["Basis", "ConnectorFormat", "Current", "Order", "PowerType", "Status", "TaxStatus"]
