"""Sources: the feeds that the registry is filled from."""

from __future__ import annotations

from datetime import datetime

import strawberry

from nop_graphql.loaders import RowDict


@strawberry.type(description="A publisher's feed.")
class Source:
    name: str
    state: str = strawberry.field(description="active, held, auth_failed or disabled.")
    simulated: bool = strawberry.field(description="Not real chargers: made for demonstration.")
    is_stale: bool = strawberry.field(
        description="Silent for so long that its statuses are published as UNKNOWN."
    )
    last_success_at: datetime | None
    seen_at: datetime | None = strawberry.field(
        description="Newest complete pull: it confirms everything that it did not change."
    )

    @classmethod
    def of(cls, row: RowDict) -> Source:
        return cls(
            name=row["name"],
            state=row["state"],
            simulated=row["simulated"],
            is_stale=row["is_stale"],
            last_success_at=row["last_success_at"],
            seen_at=row["seen_at"],
        )
